"""A check of our own for Schemathesis; see openapi/fuzz.sh."""

import schemathesis

# `fields` names fields of the answer, a cursor comes from an earlier page, an id may be nobody's: no schema of a
# parameter can say so.
BEYOND_A_SCHEMA = {("fields", "not_allowed"), ("cursor", "invalid_cursor")}


def is_beyond_a_schema(fault: dict) -> bool:
    place, code = fault.get("parameter"), fault.get("code")
    return (place, code) in BEYOND_A_SCHEMA or code == "unknown_reference"


@schemathesis.check
def only_what_no_schema_can_say_is_refused(ctx, response, case):
    """What fits the schemas of the parameters is no bad parameter, but for the few that cannot say all."""
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    if response.status_code != 400 or not valid or case.method.upper() != "GET":
        return
    problem = response.json()
    if problem["code"] == "invalid_cursor":
        return
    wrong = [fault for fault in problem.get("errors", []) if not is_beyond_a_schema(fault)]
    assert problem["code"] == "invalid_parameter" and not wrong, f"refused though it fits its schema: {problem}"
