#!/usr/bin/env bash
# Holds the OpenAPI document to outside tools: linters without an error, and types that a strict compiler takes.
#
#   openapi/check.sh                      checks openapi/openapi.json
#   openapi/check.sh other.json           checks another document
#
# Needs bash, Node 20 or newer with npm, and for the first run an npm registry; see openapi/tools.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$(realpath "${1:-$here/openapi.json}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tools.sh"
npm_tools lint @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3 @stoplight/spectral-owasp-ruleset@2.0.1 \
    openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3
run() { (cd "$work" && "$tools/lint/node_modules/.bin/$1" "${@:2}"); }

# The rule sets are found from beside the rules, and the exceptions name the document as it is called there.
ln -s "$tools/lint/node_modules" "$work/node_modules"
cp "$here/redocly.yaml" "$here/spectral.yaml" "$here/usage.ts" "$work/"
cp "$document" "$work/openapi.json"

echo "== redocly lint"
run redocly lint openapi.json --config redocly.yaml
echo "== spectral lint (oas, owasp)"
run spectral lint --ruleset spectral.yaml --fail-severity warn openapi.json

echo "== openapi-typescript, tsc --strict"
run openapi-typescript openapi.json --output types.d.ts
cat >"$work/tsconfig.json" <<'JSON'
{"compilerOptions": {"strict": true, "noEmit": true, "skipLibCheck": false, "exactOptionalPropertyTypes": true,
  "noUncheckedIndexedAccess": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler",
  "lib": ["es2022", "dom", "dom.iterable"], "types": []}, "files": ["types.d.ts", "usage.ts"]}
JSON
run tsc -p "$work"
echo "The document satisfies all of them."
