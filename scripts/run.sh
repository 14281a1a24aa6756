#!/bin/sh
# Imports one conversation into a new store and asks it three questions.
set -eu
data=$1
if [ ! -r "$data" ]; then
    echo "error: $data cannot be read; name a conversation with: make run DATA=file" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export KITHKIN_STORE="$folder/kithkin.db"
kithkin=target/release/kithkin

python3 scripts/questions.py "$data" >"$folder/questions"
select=$(sed -n 's/^select\t//p' "$folder/questions")
person=$(sed -n 's/^person\t//p' "$folder/questions")

$kithkin init >/dev/null
echo "\$ kithkin import $data"
if [ -n "$select" ]; then
    $kithkin import "$data" --select "$select"
else
    $kithkin import "$data" --person "$person"
fi
sed -n 's/^question\t//p' "$folder/questions" | while read -r question; do
    printf '\n$ kithkin recall --person %s "%s" --limit 5\n' "$person" "$question"
    $kithkin recall --person "$person" "$question" --limit 5 </dev/null
done
