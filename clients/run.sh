#!/bin/sh
# Clients that others wrote, against the real service: OpenAI's and MCP's in Python, and the pages in Chromium, looked at by
# axe-core. Needs the binary in $KITHKIN, the weights, chromium with its driver, and npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check "openai==3.57.0" "mcp==2.3.0" "selenium==4.51.0"
axe=$venv/axe-core-4.14.1
if [ ! -f "$axe/package/axe.min.js" ]; then
    mkdir -p "$axe"
    (cd "$axe" && npm pack --silent axe-core@4.14.1 >/dev/null && tar xzf axe-core-4.14.1.tgz)
fi
export AXE="$axe/package/axe.min.js"
"$venv/bin/python" -m unittest discover --start-directory "$here" --verbose
