#!/bin/sh
# Whether a binary needs nothing of the system but the C library and what belongs to it: check_linking.sh BINARY
set -eu
binary=$1
listed=$(ldd "$binary" 2>&1) || { echo "$listed" >&2; exit 1; }
others=$(echo "$listed" | grep -vE 'linux-vdso\.so|ld-linux|lib(c|m|gcc_s|pthread|dl|rt)\.so|statically linked' || true)
if [ -n "$others" ]; then
    echo "error: $binary needs more than the C library:" >&2
    echo "$others" >&2
    exit 1
fi
echo "$binary needs the C library only"
