#!/usr/bin/env bash
# Generates the client and runs the example against a running demo:
#     examples/python/run.sh [http://127.0.0.1:8080]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# Outside the tree, so that nothing of what is installed and generated is left in it.
work=${SALESDESK_TOOLS:-$HOME/.cache/salesdesk-tools}/example-python
mkdir -p "$work"
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
    rm -rf "$work/venv"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/"
fi
"$work/venv/bin/openapi-python-client" generate --meta none --overwrite --fail-on-warning \
    --path "$here/../../openapi/openapi.json" --config "$here/client.yaml" --output-path "$work/salesdesk"
PYTHONPATH=$work PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/python" "$here/main.py" "${1:-http://127.0.0.1:8080}"
