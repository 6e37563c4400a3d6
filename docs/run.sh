#!/usr/bin/env bash
# Runs the bash blocks of a page of this folder, in their order and in one shell, against a running demo:
#     docs/run.sh docs/connect-an-erp.md [http://127.0.0.1:8080]
# It ends with the first command that fails, or that is answered with a problem.
set -euo pipefail
page=$1
export BASE=${2:-http://127.0.0.1:8080}
commands=$(awk '/^```bash$/ { on = 1; next } /^```$/ { on = 0 } on' "$page")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bash -euo pipefail -c "$commands" 2>&1 | tee "$log"
if grep -q '"type":"/problems/' "$log"; then
    printf '\n%s: a command was answered with a problem\n' "$page" >&2
    exit 1
fi
