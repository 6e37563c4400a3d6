#!/usr/bin/env bash
# Holds the OpenAPI document to outside tools: two linters without an error, and types that a strict compiler takes.
#
#   openapi/check.sh                      checks openapi/openapi.json
#   openapi/check.sh other.json           checks another document
#   TOOLS=/tmp/tools openapi/check.sh     keeps the tools there for the next time
#
# Needs bash, Node 20 or newer with npx, and for the first run an npm registry.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$(realpath "${1:-$here/openapi.json}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=${TOOLS:-$work/tools}
mkdir -p "$tools"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

if [ ! -d "$tools/node_modules/openapi-fetch" ]; then
  npm install --prefix "$tools" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3 \
    openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3
fi
run() { (cd "$work" && "$tools/node_modules/.bin/$1" "${@:2}"); }

echo "== redocly lint"
run redocly lint "$document" --config "$here/redocly.yaml"
echo "== spectral lint"
run spectral lint --ruleset "$here/spectral.yaml" --fail-severity warn "$document"

echo "== openapi-typescript, tsc --strict"
ln -s "$tools/node_modules" "$work/node_modules"
run openapi-typescript "$document" --output "$work/types.d.ts"
cp "$here/usage.ts" "$work/"
cat >"$work/tsconfig.json" <<'JSON'
{"compilerOptions": {"strict": true, "noEmit": true, "skipLibCheck": false, "exactOptionalPropertyTypes": true,
  "noUncheckedIndexedAccess": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler",
  "lib": ["es2022", "dom", "dom.iterable"], "types": []}, "files": ["types.d.ts", "usage.ts"]}
JSON
run tsc -p "$work"
echo "The document satisfies all of them."
