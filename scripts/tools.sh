#!/bin/sh
# Says which tool is missing and how to get it, before anything starts.
missing=0
need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "error: $1 is not installed; $2" >&2
    missing=1
}
need cargo "install Rust with rustup"
need cc "run: apt-get install build-essential"
need python3 "run: apt-get install python3 python3-pip"
if command -v python3 >/dev/null 2>&1 && ! python3 -m pip --version >/dev/null 2>&1; then
    echo "error: python3 has no pip; run: apt-get install python3-pip" >&2
    missing=1
fi
exit $missing
