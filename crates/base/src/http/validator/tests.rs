//! What is checked, in examples.

use super::check::MAX_DEPTH;
use super::*;
use serde_json::json;

fn components() -> Map<String, Value> {
    let document = json!({
        "Order": {
            "type": "object",
            "description": "An order of a customer",
            "required": ["customer", "currency", "lines"],
            "properties": {
                "customer": {"type": "string", "minLength": 1, "maxLength": 40},
                "currency": {"$ref": "#/components/schemas/Currency", "description": "Of all prices"},
                "due": {"type": ["string", "null"], "format": "date"},
                "note": {"type": ["string", "null"], "maxLength": 5},
                "discount": {"$ref": "#/components/schemas/Percent"},
                "priority": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9},
                "rush": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                "ship_to": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Address"}]},
                "payment": {"$ref": "#/components/schemas/Payment"},
                "custom": {
                    "type": "object",
                    "additionalProperties": {"type": "string", "maxLength": 10},
                    "propertyNames": {"type": "string"}
                },
                "lines": {
                    "type": "array", "minItems": 1, "maxItems": 5,
                    "items": {"$ref": "#/components/schemas/Line"}
                }
            }
        },
        "Line": {
            "type": "object",
            "required": ["product", "quantity"],
            "properties": {
                "product": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
                "quantity": {
                    "type": "string", "format": "decimal", "x-decimal-places": 3,
                    "x-decimal-exclusive-min": "0", "x-decimal-max": "99999.5"
                },
                "price": {"type": ["string", "null"], "format": "decimal", "x-decimal-min": "-10"}
            }
        },
        "Percent": {"type": "string", "format": "decimal"},
        "Currency": {"type": "string", "enum": ["EUR", "CHF", "USD"]},
        "Address": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string"}, "street": {"type": ["string", "null"]}}
        },
        "Payment": {
            "oneOf": [
                {
                    "type": "object", "required": ["kind", "number"],
                    "properties": {
                        "kind": {"type": "string", "enum": ["card"]},
                        "number": {"type": "string", "minLength": 12}
                    }
                },
                {
                    "type": "object", "required": ["kind", "days"],
                    "properties": {"kind": {"const": "invoice"}, "days": {"type": "integer"}}
                }
            ]
        },
        "Tree": {
            "type": "object", "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
            }
        },
        "Named": {
            "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}}
        },
        "Contact": {
            "allOf": [
                {"$ref": "#/components/schemas/Named"},
                {"type": "object", "required": ["mail"],
                 "properties": {"mail": {"type": "string", "format": "email"}}}
            ]
        }
    });
    document.as_object().cloned().unwrap_or_default()
}

fn named(name: &str) -> SchemaValidator {
    validator(json!({"$ref": format!("#/components/schemas/{name}")}))
}

fn validator(schema: Value) -> SchemaValidator {
    SchemaValidator::compile(&schema, &components()).expect("the schema compiles")
}

fn order() -> Value {
    json!({
        "customer": "cus_1", "currency": "EUR",
        "lines": [{"product": "AB-1", "quantity": "2.500"}, {"product": "CD-22", "quantity": "1"}]
    })
}

fn order_with(name: &str, value: Value) -> Value {
    let mut order = order();
    order[name] = value;
    order
}

/// The faults as short lines: pointer, code, parameters.
fn lines(faults: Vec<Fault>) -> Vec<String> {
    let line = |fault: Fault| {
        let params: Vec<String> =
            fault.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {} {}", fault.pointer, fault.code, params.join(";")).trim_end().to_string()
    };
    faults.into_iter().map(line).collect()
}

fn check(schema: Value, value: Value) -> Vec<String> {
    lines(validator(schema).check(&value))
}

fn fits(schema: &Value, value: Value) -> bool {
    validator(schema.clone()).check(&value).is_empty()
}

fn refused(schema: Value) -> String {
    SchemaValidator::compile(&schema, &components()).expect_err("the schema is refused")
}

#[test]
fn a_correct_order_passes() {
    assert_eq!(named("Order").check(&order()), []);
}

#[test]
fn all_faults_of_an_order_come_at_once() {
    let body = json!({
        "customer": "", "currency": "EURO", "due": "2026-02-30", "rush": "yes", "colour": "red",
        "lines": [
            {"product": "AB-1", "quantity": 12.5},
            {"product": "ab", "quantity": "1.2345", "price": "-10.01"},
            {"quantity": "0"}
        ]
    });
    let allowed =
        "currency, custom, customer, discount, due, lines, note, payment, priority, rush, ship_to, tags";
    assert_eq!(
        lines(named("Order").check(&body)),
        [
            "/customer too_short min=1".into(),
            "/currency not_allowed allowed=EUR, CHF, USD".into(),
            "/due invalid_format format=date".into(),
            "/rush wrong_type expected=boolean;got=string".into(),
            format!("/colour unknown_field allowed={allowed}"),
            "/lines/0/quantity decimal_as_number hint=12.5".into(),
            "/lines/1/product pattern_mismatch pattern=^[A-Z]{2}-[0-9]+$".into(),
            "/lines/1/quantity too_precise max=3".into(),
            "/lines/1/price out_of_range min=-10".into(),
            "/lines/2/quantity out_of_range exclusive_min=0;max=99999.5".into(),
            "/lines/2/product required".into(),
        ]
    );
}

#[test]
fn missing_fields_are_named_where_they_belong() {
    assert_eq!(
        lines(named("Order").check(&json!({"lines": [{}]}))),
        [
            "/lines/0/product required",
            "/lines/0/quantity required",
            "/currency required",
            "/customer required"
        ]
    );
}

#[test]
fn a_body_that_is_no_object_is_one_fault_at_the_root() {
    let order = named("Order");
    assert_eq!(lines(order.check(&json!([]))), [" wrong_type expected=object;got=array"]);
    assert_eq!(lines(order.check(&json!(null))), [" not_null"]);
    assert_eq!(lines(order.check_patch(&json!("x"))), [" wrong_type expected=object;got=string"]);
    assert_eq!(lines(order.check_patch(&json!(null))), [" wrong_type expected=object;got=null"]);
}

#[test]
fn null_is_fine_only_where_the_document_says_so() {
    let order = named("Order");
    assert_eq!(order.check(&order_with("due", json!(null))), []);
    assert_eq!(order.check(&order_with("ship_to", json!(null))), []);
    assert_eq!(lines(order.check(&order_with("customer", json!(null)))), ["/customer not_null"]);
    assert_eq!(lines(order.check(&order_with("rush", json!(null)))), ["/rush not_null"]);
    assert_eq!(lines(order.check(&order_with("custom", json!({"a": null})))), ["/custom/a not_null"]);
}

#[test]
fn lists_are_neither_too_short_nor_too_long() {
    let order = named("Order");
    let line = json!({"product": "AB-1", "quantity": "1"});
    assert_eq!(lines(order.check(&order_with("lines", json!([])))), ["/lines too_few_items min=1"]);
    let six = Value::Array(vec![line; 6]);
    assert_eq!(lines(order.check(&order_with("lines", six))), ["/lines too_many_items max=5"]);
    assert_eq!(order.check(&order_with("tags", json!(["a", "a"]))), []);
    let tags = order.check(&order_with("tags", json!(["a", 1])));
    assert_eq!(lines(tags), ["/tags/1 wrong_type expected=string;got=number"]);
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let order = named("Order");
    assert_eq!(order.check(&order_with("note", json!("渠道经理人"))), []);
    assert_eq!(lines(order.check(&order_with("note", json!("渠道经理人!")))), ["/note too_long max=5"]);
    let two = json!({"type": "string", "minLength": 2});
    assert!(fits(&two, json!("éé")));
    assert_eq!(check(two, json!("🙂")), [" too_short min=2"]);
}

#[test]
fn a_pattern_is_not_tried_on_a_text_that_is_too_long() {
    let schema = json!({"type": "string", "maxLength": 3, "pattern": "^a+$"});
    assert_eq!(check(schema, json!("bbbb")), [" too_long max=3"]);
}

#[test]
fn decimals_are_plain_strings() {
    let decimal = json!({"type": "string", "format": "decimal"});
    let twenty = "12345678901234567890";
    for good in ["0", "-0", "12.50", "-12.50", "007", twenty, "0.00000000000000000000000000001"] {
        assert!(fits(&decimal, json!(good)), "{good}");
    }
    let long = format!("1{twenty}");
    for bad in ["", "-", "+1", "1.", ".5", "1e3", "1,5", " 1", "1 ", "--1", "1.2.3", "٣", "NaN", &long] {
        assert_eq!(check(decimal.clone(), json!(bad)), [" invalid_decimal"], "{bad}");
    }
    assert_eq!(check(decimal.clone(), json!(12.5)), [" decimal_as_number hint=12.5"]);
    assert_eq!(check(decimal.clone(), json!(7)), [" decimal_as_number hint=7"]);
    assert_eq!(check(decimal, json!(true)), [" wrong_type expected=string;got=boolean"]);
}

#[test]
fn trailing_zeros_are_not_precision() {
    let money = json!({"type": "string", "format": "decimal", "x-decimal-places": 2});
    assert!(fits(&money, json!("1.230000")));
    assert_eq!(check(money, json!("1.2301")), [" too_precise max=2"]);
}

#[test]
fn a_decimal_with_more_digits_than_are_kept_is_told_at_its_place() {
    let quantity = json!({"type": "string", "format": "decimal", "x-decimal-places": 6});
    for text in ["99999999999999", "-99999999999999"] {
        assert_eq!(check(quantity.clone(), json!(text)), [" out_of_range max=9223372036854"], "{text}");
    }
    assert!(fits(&quantity, json!("9223372036854.77")));
    let line = json!({"type": "object", "properties": {"quantity": quantity}});
    let faults = check(line, json!({"quantity": "99999999999999"}));
    assert_eq!(faults, ["/quantity out_of_range max=9223372036854"]);
}

#[test]
fn decimals_compare_exactly() {
    let schema = |key: &str, limit: &str| json!({"type": "string", "format": "decimal", key: limit});
    let cases = [
        ("x-decimal-min", "-10.5", "-10.5", true),
        ("x-decimal-min", "-10.5", "-10.50000000000000000001", false),
        ("x-decimal-min", "-10.5", "-9", true),
        ("x-decimal-min", "0", "-0.0", true),
        ("x-decimal-min", "9", "10", true),
        ("x-decimal-exclusive-min", "0", "0.00", false),
        ("x-decimal-exclusive-min", "0", "0.01", true),
        ("x-decimal-exclusive-min", "0", "-1", false),
        ("x-decimal-max", "0.1", "0.1000", true),
        ("x-decimal-max", "0.1", "0.10000000000000000000000001", false),
        ("x-decimal-max", "99999999999999999999", "99999999999999999999.1", false),
        ("x-decimal-max", "100", "0099", true),
        ("x-decimal-max", "-1", "-2", true),
    ];
    for (key, limit, value, good) in cases {
        assert_eq!(fits(&schema(key, limit), json!(value)), good, "{value} for {key} {limit}");
    }
}

#[test]
fn numbers_keep_to_their_limits() {
    let order = named("Order");
    let faults = lines(order.check(&order_with("priority", json!(10))));
    assert_eq!(faults, ["/priority out_of_range min=0;max=9"]);
    let faults = lines(order.check(&order_with("priority", json!(1.5))));
    assert_eq!(faults, ["/priority wrong_type expected=integer;got=number"]);
    let rate = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.5});
    assert!(fits(&rate, json!(1)) && fits(&rate, json!(1.25)));
    assert_eq!(check(rate.clone(), json!(0)), [" out_of_range exclusive_min=0;exclusive_max=1.5"]);
    assert!(!fits(&rate, json!(1.5)));
    let big = json!({"type": "integer", "maximum": 9007199254740992_u64});
    assert!(!fits(&big, json!(9007199254740993_u64)));
}

#[test]
fn formats_tell_real_from_wrong() {
    let cases: [(&str, &[&str], &[&str]); 5] = [
        (
            "date",
            &["2026-01-31", "2024-02-29", "2000-02-29"],
            &[
                "2023-02-29",
                "1900-02-29",
                "2026-04-31",
                "2026-13-01",
                "2026-00-01",
                "0000-01-01",
                "2026-1-1",
                "01.02.2026",
                "２０２６",
            ],
        ),
        (
            "date-time",
            &["2026-01-31T23:59:59Z", "2026-01-31t00:00:00.123456789+05:30", "2016-12-31T23:59:60Z"],
            &[
                "2026-01-31",
                "2026-01-31T10:00:00",
                "2026-01-31 10:00:00Z",
                "2026-01-31T24:00:00Z",
                "2026-01-31T10:00Z",
                "2026-01-31T10:00:00.Z",
                "2026-01-31T10:00:00+0530",
                "2026-02-30T10:00:00Z",
                "2026-01-3é10:00:00Z",
            ],
        ),
        (
            "uuid",
            &["01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057"],
            &["01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805g", ""],
        ),
        (
            "email",
            &["ann@example.com", "a.b+c@sub.example.co", "li@例子.中国"],
            &[
                "ann",
                "ann@",
                "@example.com",
                "ann@example",
                "a b@example.com",
                "a@b@example.com",
                "ann@.com",
                "ann.@example.com",
            ],
        ),
        (
            "uri",
            &["https://example.com/hook?x=1", "ftp://h"],
            &["example.com", "https://", "://x", "1http://x", "https://a b"],
        ),
    ];
    for (format, good, bad) in cases {
        let schema = json!({"type": "string", "format": format});
        for text in good {
            assert!(fits(&schema, json!(text)), "{format} {text}");
        }
        for text in bad {
            let fault = format!(" invalid_format format={format}");
            assert_eq!(check(schema.clone(), json!(text)), [fault], "{format} {text}");
        }
    }
    assert!(fits(&json!({"type": "string", "format": "password"}), json!("x")));
}

#[test]
fn a_nul_character_is_refused_wherever_text_is_stored() {
    let order = named("Order");
    let bad = json!("a\u{0}b");
    let fault = |pointer: &str| [format!("{pointer} invalid_format format=text")];
    assert_eq!(lines(order.check(&order_with("customer", bad.clone()))), fault("/customer"));
    assert_eq!(lines(order.check_patch(&json!({"customer": bad}))), fault("/customer"));
    assert_eq!(lines(order.check_patch(&json!({"tags": [bad]}))), fault("/tags/0"));
    assert_eq!(check(json!({}), json!({"a": [{"b": bad}]})), fault("/a/0/b"));
    assert_eq!(check(json!({"type": "object"}), json!({"k\u{0}": 1})), fault("/k\u{0}"));
    let custom = order.check(&order_with("custom", json!({"k\u{0}": "v"})));
    assert_eq!(lines(custom), fault("/custom/k\u{0}"));
}

#[test]
fn characters_that_nobody_sees_are_refused_where_they_make_two_names_look_alike() {
    let of = |max: usize, text: &str| check(json!({"type": "string", "maxLength": max}), json!(text));
    let fault = |name: &str| vec![format!(" hidden_character character={name}")];
    for (letter, name) in [("\u{202E}", "U+202E"), ("\u{2066}", "U+2066"), ("\u{200F}", "U+200F")] {
        let text = format!("ACME{letter}Ltd");
        assert_eq!(of(100, &text), fault(name));
        assert_eq!(of(5000, &text), fault(name), "in notes as well");
        assert_eq!(check(json!({}), json!({"a": text})).len(), 1);
    }
    for (letter, name) in
        [("\u{200B}", "U+200B"), ("\u{200D}", "U+200D"), ("\u{FEFF}", "U+FEFF"), ("\u{AD}", "U+00AD")]
    {
        let text = format!("AC{letter}ME");
        assert_eq!(of(100, &text), fault(name));
        assert!(of(5000, &text).is_empty(), "notes may have {name}");
    }
    assert!(of(100, "Müller & Söhne 王芳 \u{3000}é̀ 🧑").is_empty());
}

#[test]
fn pointers_escape_what_json_pointers_escape() {
    let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let faults = check(map.clone(), json!({"a/b~c": "x"}));
    assert_eq!(faults, ["/a~1b~0c wrong_type expected=integer;got=string"]);
    let huge = check(map, json!({"k".repeat(100_000): "x"}));
    assert!(huge[0].len() < 400, "a huge key is not echoed");
}

#[test]
fn an_optional_struct_is_checked_when_it_is_there() {
    let order = named("Order");
    let faults = order.check(&order_with("ship_to", json!({"city": 1, "zip": "8000"})));
    assert_eq!(
        lines(faults),
        [
            "/ship_to/city wrong_type expected=string;got=number",
            "/ship_to/zip unknown_field allowed=city, street"
        ]
    );
}

#[test]
fn of_several_variants_the_faults_of_the_best_one_are_told() {
    let payment = named("Payment");
    assert_eq!(payment.check(&json!({"kind": "invoice", "days": 30})), []);
    let invoice = lines(payment.check(&json!({"kind": "invoice", "number": "1", "days": "x"})));
    assert_eq!(
        invoice,
        ["/number unknown_field allowed=days, kind", "/days wrong_type expected=integer;got=string"]
    );
    assert_eq!(lines(payment.check(&json!({"kind": "card"}))), ["/number required"]);
    let unknown = lines(payment.check(&json!({"kind": "cash", "number": "1"})));
    assert_eq!(unknown, ["/kind not_allowed allowed=card, invoice"]);
    assert_eq!(lines(payment.check(&json!(5))), [" wrong_type expected=object;got=number"]);
    assert_eq!(lines(payment.check(&json!(null))), [" not_null"]);
}

#[test]
fn a_variant_named_by_its_only_key_is_recognised() {
    let variant = |name: &str, fields: Value| {
        let properties = json!({name: fields});
        json!({"type": "object", "required": [name], "properties": properties})
    };
    let by_mail = json!({
        "type": "object", "required": ["to", "cc", "subject"],
        "properties": {"to": {"type": "string"}, "cc": {"type": "string"}, "subject": {"type": "string"}}
    });
    let send = json!({"oneOf": [variant("sms", json!({"type": "string"})), variant("mail", by_mail)]});
    assert_eq!(
        check(send, json!({"mail": {"to": 1}})),
        ["/mail/to wrong_type expected=string;got=number", "/mail/cc required", "/mail/subject required"]
    );
}

#[test]
fn a_value_of_one_of_several_types() {
    let id = json!({"anyOf": [{"type": "string", "minLength": 3}, {"type": "integer"}, {"type": "null"}]});
    assert!(fits(&id, json!("abc")) && fits(&id, json!(1)) && fits(&id, json!(null)));
    assert_eq!(check(id.clone(), json!("a")), [" too_short min=3"]);
    assert_eq!(check(id, json!(true)), [" wrong_type expected=string, integer;got=boolean"]);
}

#[test]
fn described_enum_values_are_one_list() {
    let state = json!({"type": "string", "oneOf": [
        {"const": "open", "description": "Not yet sent"}, {"type": "string", "enum": ["sent", "paid"]}
    ]});
    assert!(fits(&state, json!("paid")));
    assert_eq!(check(state.clone(), json!("lost")), [" not_allowed allowed=open, sent, paid"]);
    assert_eq!(check(state, json!(1)), [" wrong_type expected=string;got=number"]);
    let optional = json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Currency"}]});
    assert!(fits(&optional, json!(null)));
    assert_eq!(check(optional, json!("XXX")), [" not_allowed allowed=EUR, CHF, USD"]);
}

#[test]
fn a_const_is_the_only_value() {
    assert!(fits(&json!({"const": 3}), json!(3)));
    assert_eq!(check(json!({"const": 3}), json!(4)), [" not_allowed allowed=3"]);
    let maybe = json!({"type": ["string", "null"], "enum": ["a"]});
    assert!(fits(&maybe, json!(null)));
}

#[test]
fn flattened_structs_are_one_object() {
    let contact = named("Contact");
    assert_eq!(contact.check(&json!({"name": "Ann", "mail": "ann@example.com"})), []);
    let faults = lines(contact.check(&json!({"mail": "ann", "nmae": "Ann"})));
    assert_eq!(
        faults,
        ["/mail invalid_format format=email", "/nmae unknown_field allowed=mail, name", "/name required"]
    );
}

#[test]
fn a_flattened_enum_adds_the_fields_of_its_variants() {
    let paid = json!({"allOf": [
        {"$ref": "#/components/schemas/Payment"}, {"$ref": "#/components/schemas/Named"}
    ]});
    assert!(fits(&paid, json!({"name": "a", "kind": "invoice", "days": 3})));
    assert_eq!(check(paid.clone(), json!({"kind": "invoice", "days": 3})), ["/name required"]);
    let maybe = json!({"allOf": [
        {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Address"}]},
        {"$ref": "#/components/schemas/Named"}
    ]});
    assert!(fits(&maybe, json!({"name": "a"})) && fits(&maybe, json!({"name": "a", "city": "Bern"})));
    assert!(!fits(&maybe, json!({"city": "Bern"})) && !fits(&maybe, json!(null)));
}

#[test]
fn rules_next_to_a_reference_hold_as_well() {
    let percent = "#/components/schemas/Percent";
    let rate = json!({"$ref": percent, "x-decimal-places": 1, "default": "0"});
    assert_eq!(check(rate, json!("1.25")), [" too_precise max=1"]);
    let maybe = json!({"oneOf": [{"type": "null"}, {"$ref": percent}], "x-decimal-max": "100"});
    assert!(fits(&maybe, json!(null)) && fits(&maybe, json!("100")));
    assert_eq!(check(maybe, json!("100.01")), [" out_of_range max=100"]);
}

#[test]
fn free_maps_and_free_values_take_what_comes() {
    let anything = json!({"a": [1, null, {"b": "c"}]});
    for schema in [json!({}), json!(true), json!({"description": "any"}), json!({"type": "object"})] {
        assert!(fits(&schema, anything.clone()), "{schema}");
    }
    let open = json!({
        "type": "object", "properties": {"a": {}}, "additionalProperties": true, "required": ["z"]
    });
    assert!(fits(&open, json!({"a": 1, "b": 2, "z": 3})));
    assert_eq!(check(open, json!({"b": 2})), ["/z required"]);
    let none = json!({"type": "object", "additionalProperties": false});
    assert_eq!(check(none, json!({"a": 1})), ["/a unknown_field allowed="]);
    let by_currency = json!({
        "type": "object", "propertyNames": {"$ref": "#/components/schemas/Currency"},
        "additionalProperties": {"type": "integer"}
    });
    assert!(fits(&by_currency, json!({"EUR": 1})));
    assert_eq!(check(by_currency, json!({"eur": 1})), ["/eur unknown_field allowed=EUR, CHF, USD"]);
}

#[test]
fn a_patch_needs_nothing() {
    let order = named("Order");
    assert_eq!(order.check_patch(&json!({})), []);
    assert_eq!(order.check_patch(&json!({"customer": "cus_2"})), []);
}

#[test]
fn a_patch_clears_what_may_be_absent_and_nothing_else() {
    let order = named("Order");
    let patch = json!({
        "note": null, "rush": null, "custom": null, "ship_to": null, "payment": null,
        "customer": null, "currency": null, "lines": null, "colour": null
    });
    let faults = lines(order.check_patch(&patch));
    assert_eq!(faults[..3], ["/customer not_null", "/currency not_null", "/lines not_null"]);
    assert!(faults[3].starts_with("/colour unknown_field"));
    let required_but_nullable =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["string", "null"]}}});
    assert_eq!(validator(required_but_nullable).check_patch(&json!({"a": null})), []);
}

#[test]
fn a_patch_checks_the_values_that_are_there() {
    let order = named("Order");
    let patch = json!({"customer": "", "lines": [{"quantity": "1"}], "ship_to": {"city": 1}});
    assert_eq!(
        lines(order.check_patch(&patch)),
        [
            "/customer too_short min=1",
            "/lines/0/product required",
            "/ship_to/city wrong_type expected=string;got=number"
        ]
    );
    // Objects are merged, so a part of one is enough; lists are replaced, so their entries are whole.
    assert_eq!(order.check_patch(&json!({"ship_to": {"street": "X"}})), []);
}

#[test]
fn a_patch_removes_keys_of_a_free_map() {
    let order = named("Order");
    assert_eq!(order.check_patch(&json!({"custom": {"old": null, "new": "x"}})), []);
    let faults = lines(order.check_patch(&json!({"custom": {"old": null, "new": 1}})));
    assert_eq!(faults, ["/custom/new wrong_type expected=string;got=number"]);
    let maps = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let nested = validator(json!({
        "type": "object",
        "properties": {
            "map": {"type": "object", "additionalProperties": maps},
            "list": {"type": "array", "items": maps}
        }
    }));
    assert_eq!(nested.check_patch(&json!({"map": {"a": {"b": null}}})), []);
    // A list is replaced as a whole, so there is nothing to remove from.
    assert_eq!(lines(nested.check_patch(&json!({"list": [{"b": null}]}))), ["/list/0/b not_null"]);
}

#[test]
fn a_patch_of_a_variant_needs_no_tag() {
    let payment = named("Payment");
    assert_eq!(payment.check_patch(&json!({"days": 60})), []);
    let faults = lines(payment.check_patch(&json!({"days": "60"})));
    assert_eq!(faults, ["/days wrong_type expected=integer;got=string"]);
}

fn nested(levels: usize, name: &str) -> Value {
    (0..levels).fold(json!({"name": "leaf"}), |inner, _| json!({"name": "n", name: [inner]}))
}

#[test]
fn a_tree_may_be_deep_but_not_endless() {
    let tree = named("Tree");
    assert_eq!(tree.check(&nested(15, "parts")), []);
    let faults = tree.check(&nested(40, "parts"));
    assert_eq!(faults.len(), 2);
    assert!(faults.iter().all(|fault| fault.code == "too_deep"));
    assert_eq!(faults[1].pointer.matches('/').count(), MAX_DEPTH + 1);
}

#[test]
fn a_value_without_a_schema_is_not_endless_either() {
    let mut value = json!(1);
    for _ in 0..500 {
        value = Value::Array(vec![value]);
    }
    let faults = validator(json!({})).check(&value);
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["too_deep"]);
}

#[test]
fn unions_of_unions_cannot_be_made_to_run_for_ever() {
    let branch = |tag: &str| {
        json!({"type": "object", "required": ["end"], "properties": {
            "x": {"$ref": "#/components/schemas/U"}, "end": {"const": tag}
        }})
    };
    let components = Map::from_iter([("U".to_string(), json!({"anyOf": [branch("a"), branch("b")]}))]);
    let validator =
        SchemaValidator::compile(&json!({"$ref": "#/components/schemas/U"}), &components).expect("compiles");
    let value = (0..31).fold(json!({}), |inner, _| json!({"x": inner, "end": "a"}));
    let start = std::time::Instant::now();
    assert!(!validator.check(&value).is_empty());
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn a_flood_of_faults_ends_at_a_hundred() {
    let fields: Map<String, Value> = (0..5_000).map(|n| (format!("f{n}"), json!(1))).collect();
    assert_eq!(named("Order").check(&Value::Object(fields)).len(), SchemaValidator::MAX_FAULTS);
    let list = json!({"type": "array", "items": {"type": "string"}});
    assert_eq!(validator(list).check(&json!(vec![1; 5_000])).len(), SchemaValidator::MAX_FAULTS);
    let union = json!({"type": "array", "items": {"$ref": "#/components/schemas/Payment"}});
    let bad = Value::Array(vec![json!({"kind": "card", "x": 1, "y": 2}); 99]);
    assert_eq!(validator(union).check(&bad).len(), SchemaValidator::MAX_FAULTS);
}

#[test]
fn a_document_that_cannot_be_checked_fails_at_start() {
    let within = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let cases = [
        (json!({"$ref": "#/components/schemas/Nothing"}), "Nothing"),
        (json!({"$ref": "other.json"}), "other.json"),
        (within(json!({"not": {}})), "properties.a: unsupported keyword `not`"),
        (within(json!({"type": "text"})), "unsupported type"),
        (within(json!({"type": "string", "pattern": "("})), "unsupported pattern"),
        (within(json!({"type": "string", "minLength": -1})), "minLength"),
        (within(json!({"type": "string", "format": "decimal", "x-decimal-max": 5})), "x-decimal-max"),
        (within(json!({"type": "string", "format": "decimal", "x-decimal-plaices": 5})), "plaices"),
        (within(json!({"type": "string", "x-decimal-places": "five"})), "x-decimal-places"),
        (within(json!({"type": "string", "enum": []})), "enum"),
        (within(json!({"oneOf": []})), "oneOf"),
        (within(json!(false)), "unsupported schema `false`"),
        (within(json!({"allOf": [{"type": "string"}, {"type": "integer"}]})), "different types"),
        (json!({"type": "object", "properties": {}, "required": ["b"]}), "requires `b`"),
        (json!({"type": "array", "prefixItems": []}), "prefixItems"),
    ];
    for (schema, part) in cases {
        let error = refused(schema);
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_schema_that_goes_in_circles_fails_at_start() {
    let itself = json!({"$ref": "#/components/schemas/A"});
    let circles = [
        itself.clone(),
        json!({"oneOf": [{"type": "null"}, itself]}),
        json!({"oneOf": [{"type": "integer"}, {"type": "string"}, itself]}),
        json!({"allOf": [itself, {"type": "object"}]}),
        json!({"type": "object", "oneOf": [itself, itself]}),
    ];
    for circle in circles {
        let components = Map::from_iter([("A".to_string(), circle.clone())]);
        let error = SchemaValidator::compile(&itself, &components).expect_err("a circle");
        assert!(error.contains("components.schemas.A"), "{error}");
    }
}

#[test]
fn a_shape_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&named("Order"));
}
