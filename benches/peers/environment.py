"""What a run stands on: the environment of the peers, the weights, and what the machine is. Nothing is fetched from a hub."""

import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ROOT / "target" / "peers"
PYTHON = PLACE / "venv" / "bin" / "python"
REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
EXTENSION = ROOT / "target" / "release" / "lib_kithkin.so"

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "MEM0_TELEMETRY": "False",
    "MEMVID_TELEMETRY": "0",
    "TRANSFORMERS_OFFLINE": "1",
}
"""No peer reports to anybody, and none looks for weights elsewhere."""


def ensure():
    """Goes on in the environment of the peers, which is made where it is not there or has other versions."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    made = PLACE / "venv" / "made-of"
    if not made.is_file() or made.read_text() != wanted:
        print(f"making {PLACE / 'venv'} ...", flush=True)
        subprocess.run([interpreter(), "-m", "venv", "--clear", PLACE / "venv"], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--requirement", REQUIREMENTS], check=True)
        made.write_text(wanted)
    if pathlib.Path(sys.prefix) != PLACE / "venv":
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


def interpreter():
    """A Python whose SQLite loads extensions, which LangGraph's store needs; Debian's does, many others do not."""
    loads = "import sqlite3, venv, ensurepip; sqlite3.connect(':memory:').enable_load_extension(True)"
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", loads], capture_output=True, check=False).returncode == 0:
            return python
    sys.exit("no Python here has a SQLite that loads extensions; on Debian: apt-get install python3-venv")


def package():
    """Puts the Python package together from the release build, as python/test.sh does from the debug build."""
    if not EXTENSION.is_file():
        sys.exit(f"{EXTENSION} is not there; run: cargo build --release --locked -p kithkin-python")
    folder = PLACE / "package"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "python" / "kithkin", folder / "kithkin", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(EXTENSION, folder / "kithkin" / "_kithkin.abi3.so")
    return folder


def models():
    """Where `make weights` keeps weights."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return pathlib.Path(os.environ.get("KITHKIN_MODELS") or (pathlib.Path(cache) if cache else pathlib.Path.home() / ".cache") / "kithkin" / "models")


def of_worker():
    """The environment of a process that holds a peer: without what would slow a library down or let it talk."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    home = PLACE / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {**inherited, **QUIET, "PYTHONPATH": str(PLACE / "package"), "KITHKIN_MODELS": str(models()), "MEM0_DIR": str(home / "mem0"), "PYTHONWARNINGS": "ignore"}


def machine():
    """The processor, the cores, the memory and the systems, in one line."""
    fields = dict(line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    processor = next(value.strip() for name, value in fields.items() if name.startswith("model name"))
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return f"{processor}, {os.cpu_count()} virtual cores, {memory:.0f} GiB of memory, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
