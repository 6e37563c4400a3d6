#!/usr/bin/env bash
# Generates the client, compiles it and runs the example against a running demo:
#     examples/java/run.sh [http://127.0.0.1:8080]
#     examples/java/run.sh --prepare                  generates and compiles only
#
# Needs bash, Python 3.10 or newer with venv, and Java 17 or newer with two libraries; on Debian and Ubuntu it installs
# Java and the libraries that are missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$here/../../openapi/openapi.json
# shellcheck source=../../openapi/tools.sh
. "$here/../../openapi/tools.sh"
work=$tools/example-java
jars=/usr/share/java

as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

missing=()
if ! command -v javac >/dev/null; then missing+=(default-jdk-headless); fi
if [[ ! -e $jars/httpmime.jar ]]; then missing+=(libhttpmime-java); fi
if [[ ! -e $jars/jakarta-annotation-api.jar ]]; then missing+=(libjakarta-annotation-api-java); fi
if [[ ${#missing[@]} -gt 0 ]]; then
    as_root apt-get update -qq
    as_root apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
python_tools java openapi-generator-cli==7.26.0
# The generator's own file holds Jackson, too.
generator=$(echo "$tools"/java/lib/python3*/site-packages/openapi_generator_cli/openapi-generator.jar)
class_path=$work/classes:$generator:$jars/httpmime.jar:$jars/httpclient.jar:$jars/httpcore.jar:$jars/commons-logging.jar
class_path+=:$jars/jakarta-annotation-api.jar
# Both begin quickly, and end before a better compiler would have paid.
quick=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC)

prepare() {
    local of
    of=$(cat "$document" "$here/generator.yaml" "$here/run.sh" | sha256sum)
    if [[ $(cat "$work/made" 2>/dev/null) == "$of" ]]; then return 0; fi
    rm -rf "$work" && mkdir -p "$work/classes"
    # openapi/check.sh validates the document; the generator would take as long as for all the rest.
    java "${quick[@]}" -jar "$generator" generate --skip-validate-spec --config "$here/generator.yaml" \
        --input-spec "$document" --output "$work/client" >"$work/said" 2>&1 || { cat "$work/said" >&2; return 1; }
    find "$work/client/src/main" -name '*.java' >"$work/sources"
    javac "${quick[@]/#/-J}" -nowarn -g:none -proc:none -cp "$class_path" -d "$work/classes" @"$work/sources"
    echo "$of" >"$work/made"
}

prepare
if [[ ${1:-} == --prepare ]]; then exit 0; fi
javac "${quick[@]/#/-J}" -Xlint:all,-path,-processing -Werror -proc:none -cp "$class_path" -d "$work/classes" "$here/Main.java"
java "${quick[@]}" -cp "$class_path" Main "${1:-http://127.0.0.1:8080}"
