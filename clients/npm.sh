#!/bin/sh
# Installs what a folder's lock file names, where it is not there yet, and runs the folder's tests: npm.sh typescript|node
set -eu
cd "$(dirname "$0")/$1"
if ! command -v npm >/dev/null 2>&1; then
    echo "error: npm is needed; apt-get install nodejs npm" >&2
    exit 1
fi
# The clients that are tested want a later Node than Debian 12 has; npm has one as a package.
major=$(node --version | sed -E 's/^v([0-9]+).*/\1/')
if [ "$major" -lt 20 ]; then
    newer=$(cd ../.. && pwd)/target/node
    [ -x "$newer/node_modules/.bin/node" ] ||
        npm install --prefix "$newer" --no-audit --no-fund --loglevel error node@22.23.3
    PATH=$newer/node_modules/.bin:$PATH
    export PATH
fi
# The lock file is copied last, so that an installation that was cut off is made again.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel error
    cp package-lock.json node_modules/.installed
fi
npm test
