#!/usr/bin/env bash
# Everything that an integrator from outside would try, against a demo of its own: linters, the Postman walk, the
# example clients, every page of docs/ whose commands run, and the fuzzer.
#
#   openapi/all.sh
#   SALESDESK=target/release/salesdesk openapi/all.sh      another program than target/debug/salesdesk
#
# Needs bash, curl, Node 20 or newer with npm, Python 3.10 or newer with venv, Java 17 or newer with two libraries (see
# examples/java/run.sh), and for the first run the registries of Node and Python; what is installed is kept in
# ${SALESDESK_TOOLS:-~/.cache/salesdesk-tools}.
set -euo pipefail
cd "$(dirname "$0")/.."
salesdesk=$(realpath "${SALESDESK:-${CARGO_TARGET_DIR:-target}/debug/salesdesk}")
data=$(mktemp -d)
server=
java=
finish() {
    if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    if [[ -n $java ]]; then wait "$java" 2>/dev/null || true; fi
    rm -rf "$data"
}
trap finish EXIT

# demo: a new one on a free port; leaves $BASE
demo() {
    serve --demo
}

# serve [OPTIONS]: a server with a database of its own on a free port, instead of the one before; leaves $BASE
serve() {
    if [[ -n $server ]]; then kill "$server"; wait "$server" || true; fi
    rm -rf "${data:?}"/records
    (cd "$data" && exec "$salesdesk" --data-dir "$data/records" serve "$@" --listen 127.0.0.1:0 --rate-limit 0 \
        --public-rate-limit 0 --cors-origin http://localhost:5173) >"$data/out" 2>"$data/log" &
    server=$!
    BASE=
    for _ in $(seq 600); do
        BASE=$(sed -n 's#^Salesdesk is at \(http://[^/]*\)/.*#\1#p' "$data/out")
        if [[ -n $BASE ]]; then return 0; fi
        if ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    cat "$data/out" "$data/log" >&2
    return 1
}

# step COMMAND…: says how long it took, and what it said only when it failed
step() {
    local began=$SECONDS
    if ! "$@" >"$data/said" 2>&1; then
        cat "$data/said" >&2
        printf '%s: FAILED\n' "$*" >&2
        return 1
    fi
    printf '%4s s  %s\n' $((SECONDS - began)) "$*"
}

# The Java client is generated and compiled while the linters think.
examples/java/run.sh --prepare >"$data/java" 2>&1 &
java=$!
demo
step openapi/check.sh
step openapi/walk.sh "$BASE"
step openapi/walk.sh "$BASE"
step examples/typescript/run.sh "$BASE"
step examples/python/run.sh "$BASE"
wait "$java" || { cat "$data/java" >&2; exit 1; }
step examples/java/run.sh "$BASE"
for page in README.md docs/*.md; do
    case $page in
        docs/set-up-a-company.md) ;;  # it begins with an empty database: see below
        docs/first-ten-minutes.md) ;; # it makes mistakes on purpose: its commands are those of the script below
        *) if grep -q '^```bash$' "$page"; then step docs/run.sh "$page" "$BASE"; fi ;;
    esac
done
step docs/first-ten-minutes.sh "$BASE"
# Last, because its records are spoilt by it.
step openapi/fuzz.sh "$BASE"

serve
SETUP_TOKEN=$(grep -A 2 'set-up token' "$data/out" | tail -n 1 | tr -d ' ')
export SETUP_TOKEN
step docs/run.sh docs/set-up-a-company.md "$BASE"
printf '%4s s  in all\n' "$SECONDS"
