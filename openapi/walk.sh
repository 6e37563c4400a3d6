#!/usr/bin/env bash
# Runs the main job of the Postman collection against a running demo:
#
#   openapi/walk.sh [http://127.0.0.1:8080]
#
# Needs bash, Node 20 or newer with npm, and for the first run an npm registry; see openapi/tools.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tools.sh"
npm_tools newman newman@6.2.2
"$tools/newman/node_modules/.bin/newman" run "$here/salesdesk.postman_collection.json" --bail --color off \
    --folder 'Walk through the main job' --env-var "base_url=${1:-http://127.0.0.1:8080}"
