#!/usr/bin/env bash
# Installs, compiles and runs the example against a running demo:
#     examples/typescript/run.sh [http://127.0.0.1:8080]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# A copy, so that nothing of what is installed and generated is left in the tree.
work=${SALESDESK_TOOLS:-$HOME/.cache/salesdesk-tools}/example-typescript
mkdir -p "$work/examples/typescript" "$work/openapi"
cp "$here"/package.json "$here"/tsconfig.json "$here"/main.ts "$work/examples/typescript/"
cp "$here/../../openapi/openapi.json" "$work/openapi/"
cd "$work/examples/typescript"
npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
npm start --silent -- "${1:-http://127.0.0.1:8080}"
