# Outside tools in exact versions, for the scripts of this folder: sourced, not run. They are kept in a folder
# outside the tree for the next time.
tools=${SALESDESK_TOOLS:-$HOME/.cache/salesdesk-tools}
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

# npm_tools NAME PACKAGE@VERSION…: $tools/NAME has these installed
npm_tools() {
    local at=$tools/$1 wanted=${*:2}
    if [[ $(cat "$at/installed" 2>/dev/null) != "$wanted" ]]; then
        rm -rf "$at" && mkdir -p "$at"
        npm install --prefix "$at" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error "${@:2}"
        echo "$wanted" >"$at/installed"
    fi
}

# python_tools NAME PACKAGE==VERSION…: $tools/NAME is a virtual environment that has these installed
python_tools() {
    local at=$tools/$1 wanted=${*:2}
    if [[ $(cat "$at/installed" 2>/dev/null) != "$wanted" ]]; then
        rm -rf "$at"
        python3 -m venv "$at"
        "$at/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
        echo "$wanted" >"$at/installed"
    fi
}
