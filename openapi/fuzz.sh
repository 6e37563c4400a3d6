#!/usr/bin/env bash
# Asks every operation of the document for what its schemas allow and for what they do not, and holds the answers to
# the document (Schemathesis, all checks):
#
#   openapi/fuzz.sh [http://127.0.0.1:8080]
#   EXAMPLES=50 SEED=7 openapi/fuzz.sh http://127.0.0.1:8081
#
# Needs a demo whose records may be spoilt, without rate limits (`serve --demo --rate-limit 0 --public-rate-limit 0`),
# bash, curl, Python 3.10 or newer with venv, and for the first run a Python registry; see openapi/tools.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
api=${1:-http://127.0.0.1:8080}/api/v1
. "$here/tools.sh"
python_tools fuzz schemathesis==4.32.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/fuzz.toml" "$here/fuzz_checks.py" "$work/"
cd "$work"

ask() { curl -sS --fail-with-body "$api$1" "${@:2}"; }
json() { ask "$@" -H 'Content-Type: application/json'; }
# field NAME: the first text of that name in what is read
field() { sed 's/.*"'"$1"'":"\([^"]*\)".*/\1/'; }
# One worker: a run can be repeated, and Python 3.11 cannot parse source in two threads at once, which the tool does.
fuzz() {
    SCHEMATHESIS_HOOKS=fuzz_checks "$tools/fuzz/bin/st" --config-file fuzz.toml run "$api/openapi.json" --no-color \
        --seed "${SEED:-1}" --max-examples "${EXAMPLES:-5}" --no-shrink --continue-on-failure --workers 1 \
        --generation-database none --request-timeout 30 "$@"
}

# Clients first, by a person: what is done to clients shuts nobody out who is none.
admin=$(json /auth/login -d '{"username":"admin","password":"salesdesk-demo"}' | field access_token)
fuzz -H "Authorization: Bearer $admin" --include-tag clients

# Then all else, by a new client that may do everything: what is done to people and their sessions does not shut it out.
scopes=$(ask /openapi.json | grep -o '"scopes":{[^}]*}' | grep -o '"[a-z]\+:[a-z_]\+"' | sort -u | paste -sd,)
client=$(json /clients -H "Authorization: Bearer $admin" -d "{\"name\":\"Fuzz $(date +%s%N)\",\"scopes\":[$scopes]}")
token=$(ask /oauth/token -u "$(field client_id <<<"$client"):$(field client_secret <<<"$client")" \
    -d grant_type=client_credentials | field access_token)
# The event stream does not end by itself, so it answers nothing that could be compared; tests/integration/events.rs reads it.
fuzz -H "Authorization: Bearer $token" --exclude-tag clients --exclude-operation-id streamEvents
