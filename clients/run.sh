#!/bin/sh
# The service as clients see it: those that others wrote, in Python and for Node, requests made of its description, the pages in
# Chromium, looked at by axe-core, and the client in clients/typescript. Needs the binary in $KITHKIN, the weights, chromium with
# its driver, and npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check \
    "openai==3.57.0" "mcp==2.3.0" "schemathesis==4.32.5" "selenium==4.51.0"
axe=$venv/axe-core-4.14.1
if [ ! -f "$axe/package/axe.min.js" ]; then
    mkdir -p "$axe"
    (cd "$axe" && npm pack --silent axe-core@4.14.1 >/dev/null && tar xzf axe-core-4.14.1.tgz)
fi
export AXE="$axe/package/axe.min.js"
"$venv/bin/python" -m unittest discover --start-directory "$here" --verbose

"$here/npm.sh" typescript
"$here/npm.sh" node
