//! Batches: many calls of the API in one request, all or none of them, or each for itself.

mod http;
pub mod model;
pub mod rules;
mod work;

use serde_json::{Value, json};

use crate::base::Area;
use crate::base::http::{OperationKind, Routes};
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "batch", routes, problems: PROBLEMS, phrases: PHRASES };

/// A batch may be larger than other bodies, in bytes.
const MAX_BODY: usize = 4 << 20;

const ABOUT: &str = "\
Carries out up to 200 operations of this API in one request, in their order. Each goes through the same rights and \
rules as a single request.

**Mode.** `atomic`: all operations succeed, or nothing is saved. The first operation that fails undoes everything; \
its problem is the answer, with its status, `failed_operation` (counted from 0) and `errors` that point into the \
batch (`/operations/3/body/lines/0/quantity`). `independent`: each operation succeeds or fails by itself; the answer \
is 200 with a result or a problem for each.

**References.** Give an operation a `ref`, and later operations can use its answer: write `{order.id}` or \
`{order.lines.0.id}` as a whole segment of `path`, as the whole content of a query parameter, as a whole string in \
`body`, or as `if_match` (`{order.version}`). The field must be a string, a number, a boolean or null, not an object \
or a list. A string that looks like a reference is read as one: if it names no earlier operation, the batch is \
refused with 422 before anything is done. Such a string itself cannot be sent in a batch. In an independent batch, \
an operation that refers to a failed one is not begun; its result has the status 424.

**Idempotency-Key.** In an atomic batch the key belongs to the whole batch. In an independent batch each operation \
that writes, `PATCH`, `PUT` and `DELETE` included, is done once under the key: the same batch sent again does what \
is missing and repeats the answers of what was done, marked `replayed`. **`dry_run=true`** checks everything and saves \
nothing; `dry_run` in the path of one operation does so for that operation only.

**Limits.** The batch has at most 4 MB, and its answers together at most 8 MB. Operations that were not begun after \
half of the request time limit (30 seconds by default) are not begun any more (503). Each operation counts as one \
request for the rate limit. Log-ins, files, streams, batches and other operations that take more than one step are \
refused with `not_in_batch`; `GET` is allowed.

Query parameters in `errors` are those of the operation's own path.";

fn routes(r: &mut Routes) {
    r.tag("batch", "Several operations in one request.");
    r.within_restrictions();
    r.flow::<_, model::BatchAnswer, _>(OperationKind::Action, "/batch", "runBatch", http::run)
        .person()
        .unversioned()
        .takes_up_to(MAX_BODY)
        .summary("Run a batch")
        .description(ABOUT)
        .example(example())
        .answer_example(answer_example())
        .fails_with(&[
            "forbidden",
            "precondition_required",
            "not_in_batch",
            "batch_answer_too_large",
            "batch_out_of_time",
        ]);
}

/// A new customer, a new product and the order of the one for the other, all or none.
fn example() -> Value {
    json!({"mode": "atomic", "operations": [
        {"ref": "customer", "method": "POST", "path": "/customers",
         "body": {"name": "成都锦江茶叶有限公司", "kind": "company"}},
        {"method": "POST", "path": "/customers/{customer.id}/activate"},
        {"ref": "product", "method": "POST", "path": "/products",
         "body": {"sku": "TEA-900", "name": "峨眉雪芽", "unit": "pcs", "tax_rate": "0.13"}},
        {"method": "POST", "path": "/products/{product.id}/activate"},
        {"ref": "order", "method": "POST", "path": "/orders",
         "body": {"customer_id": "{customer.id}",
                  "lines": [{"product_id": "{product.id}", "quantity": "5", "unit_price": "98.00"}]}},
        {"method": "PATCH", "path": "/orders/{order.id}", "if_match": "{order.version}",
         "body": {"customer_po": "PO-77"}},
        {"method": "GET", "path": "/orders/{order.id}?fields=number,gross"},
    ]})
}

fn answer_example() -> Value {
    json!({"mode": "independent", "succeeded": 1, "failed": 1, "results": [
        {"ref": "order", "status": 200, "location": null, "etag": null, "replayed": false,
         "body": {"number": "SO-2026-000123", "gross": "553.70"}, "problem": null},
        {"ref": null, "status": 404, "location": null, "etag": null, "replayed": false, "body": null,
         "problem": {"type": "/problems/not_found", "title": "Not found", "status": 404, "code": "not_found",
                     "detail": "There is no such record, or you may not see it.",
                     "instance": "/api/v1/orders/ord_00000000000070008000000000000001",
                     "request_id": "req_019a7c5e8f3a7d10b6c2a94e51726571"}},
    ]})
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "not_in_batch",
        422,
        ["Not in a batch", "不能批量执行"],
        ["{operation} cannot be part of a batch.", "{operation} 不能放在批量请求中。"],
        [
            "Send it as a request of its own. Log-ins, files, streams and batches cannot be in a batch.",
            "请单独发送。登录、文件、流和批量请求本身不能放在批量请求中。",
        ],
    ),
    problem_text(
        "failed_dependency",
        424,
        ["Earlier operation failed", "所引用的操作失败"],
        [
            "This operation refers to the operation {ref}, which failed. So this operation was not begun.",
            "此操作引用的操作 {ref} 未成功，因此未执行。",
        ],
        ["Correct the operation that failed and send both again.", "请修正失败的操作后一并重新发送。"],
    ),
    problem_text(
        "batch_answer_too_large",
        422,
        ["Answers too large", "响应过大"],
        [
            "Together the answers of this batch are larger than {max_bytes} bytes.",
            "此批量请求的响应合计超过 {max_bytes} 字节。",
        ],
        [
            "Ask for less: fewer operations, a smaller limit, or only some fields.",
            "请减少操作、缩小 limit，或只取部分字段（fields）。",
        ],
    ),
    problem_text(
        "batch_out_of_time",
        503,
        ["Out of time", "批量请求超时"],
        [
            "The batch took longer than {seconds} seconds; this operation was not begun.",
            "批量请求超过 {seconds} 秒，此操作未执行。",
        ],
        [
            "Send a smaller batch. An independent one with an Idempotency-Key can be sent again as it is: what was \
             done is not done twice.",
            "请减小批量。带 Idempotency-Key 的 independent 批量可原样重发：已完成的操作不会重复执行。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "unknown_ref",
        [
            "refers to {ref}, but no operation of this batch has that name",
            "引用了 {ref}，但此批量中没有该名称的操作",
        ],
    ),
    ("later_ref", ["refers to {ref}, which is not an earlier operation", "引用了 {ref}，但该操作不在其之前"]),
    (
        "invalid_reference",
        [
            "is not a reference: write the name of an operation, a dot and a field of its answer, in braces",
            "不是引用：应为花括号内的操作名、点号和其响应字段",
        ],
    ),
    ("failed_ref", ["refers to {ref}, which failed", "引用了 {ref}，但该操作未成功"]),
    ("no_such_answer", ["the answer of {ref} has no {field}", "{ref} 的响应中没有 {field}"]),
    (
        "not_a_plain_value",
        [
            "{field} in the answer of {ref} cannot be used here, because it is an object, an array or null",
            "{ref} 的响应中的 {field} 不能用在此处",
        ],
    ),
    ("too_many_references", ["has more than {max} references", "引用不能超过 {max} 个"]),
];
