#!/bin/sh
# The service as clients see it: those that others wrote, in Python and for Node, requests made of its description, and the
# client in clients/typescript. Needs the binary in $KITHKIN and the weights.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check "openai==3.57.0" "mcp==2.3.0" "schemathesis==4.32.5"
"$venv/bin/python" -m unittest discover --start-directory "$here" --verbose

"$here/npm.sh" typescript
"$here/npm.sh" node
