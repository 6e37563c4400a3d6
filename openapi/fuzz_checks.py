"""A check of our own for Schemathesis: which requests that fit their schema may be answered 400; see openapi/fuzz.sh."""

import re

import schemathesis

# `fields` names fields of the answer, a cursor comes from an earlier page, events have types, the whole query has a
# length, a PUT either creates only or changes only, a mapping is JSON in a text, a unit is one of the product's: no schema
# of one parameter can say so.
BEYOND_A_SCHEMA = {
    ("fields", "not_allowed"),
    ("cursor", "invalid_cursor"),
    ("types", "unknown_event_type"),
    ("", "too_long"),
    ("mapping", "invalid_format"),
    ("If-None-Match", "invalid_header"),
    ("unit", "not_allowed"),
}
ETAG = re.compile(r'^("[0-9]{1,10}"|\*)$')


def is_beyond_a_schema(fault: dict) -> bool:
    """Nor can a schema say that an id is nobody's, that another parameter needs this one, or that a text has a NUL."""
    if (fault.get("parameter"), fault["code"]) in BEYOND_A_SCHEMA:
        return True
    return fault["code"] in ("unknown_reference", "required") or fault["params"].get("format") == "UTF-8 text"


def does_not_fit(fault: dict, case) -> bool:
    """What is sent as fitting and does not: `If-Match: 0` whatever its pattern, and nulls of answers as empty ids."""
    name = fault.get("parameter", "")
    if name == "If-Match":
        return ETAG.match(str((case.headers or {}).get(name, ""))) is None
    return (case.query or {}).get(name) in (None, "", [None], [""])


@schemathesis.check
def only_what_no_schema_can_say_is_refused(ctx, response, case):
    """What fits its schema is no bad request, but for the few cases that no schema can tell."""
    fits = case.meta is not None and case.meta.generation.mode.is_positive
    # RFC 6749 and 7662 answer 400 for what their forms do not say well, such as an unknown grant.
    if response.status_code != 400 or not fits or case.operation.path.startswith("/oauth/"):
        return
    problem = response.json()
    if problem["code"] == "invalid_cursor":
        return
    faults = problem.get("errors", [])
    wrong = [fault for fault in faults if not is_beyond_a_schema(fault) and not does_not_fit(fault, case)]
    assert faults and not wrong, f"refused though it fits its schema: {problem}"
