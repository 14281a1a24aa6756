#!/bin/sh
# Installs what a folder's lock file names, where it is not there yet, and runs the folder's tests: npm.sh typescript|node
set -eu
cd "$(dirname "$0")/$1"
major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/')
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
    echo "error: Node 20 or later with npm is needed; this is ${major:-none}" >&2
    exit 1
fi
# The lock file is copied last, so that an installation that was cut off is made again.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel error
    cp package-lock.json node_modules/.installed
fi
npm test
