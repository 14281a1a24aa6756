#!/bin/sh
# Clients that others wrote, against the real service: OpenAI's and MCP's in Python. Needs the binary in $KITHKIN and the weights.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check "openai==3.57.0" "mcp==2.3.0"
"$venv/bin/python" -m unittest discover --start-directory "$here" --verbose
