#!/bin/sh
# The Python package against the extension of a debug build: its own tests, those of its adapters with the libraries that they
# are for, and its types. A wheel is made by `make wheel`; what differs is how the extension is built.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${PYTHON_VENV:-$root/target/python}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/python/tests/requirements.txt"
cd "$root"
cargo build --workspace --locked --quiet
package=$root/target/python/package
rm -rf "$package"
mkdir -p "$package"
cp -R python/kithkin "$package/kithkin"
cp target/debug/lib_kithkin.so "$package/kithkin/_kithkin.abi3.so"
export PYTHONPATH="$package" PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
python3 scripts/python_reports.py --check
"$venv/bin/python" -m unittest discover --start-directory python/tests --verbose
MYPYPATH=$package "$venv/bin/mypy" --config-file python/pyproject.toml --cache-dir target/python/mypy -p kithkin
"$venv/bin/stubtest" --concise kithkin._kithkin
