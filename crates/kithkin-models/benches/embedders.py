#!/usr/bin/env python3
"""How fast MiniLM is in this process beside others that run the same weights on the same texts and processors.

Never part of the build. It wants an environment of its own:

    python3 -m venv /tmp/embed && /tmp/embed/bin/pip install sentence-transformers onnxruntime onnx fastembed
    cargo bench --workspace --locked --bench embed_texts --no-run     # prints the path of the binary
    /tmp/embed/bin/python crates/kithkin-models/benches/embedders.py BINARY TEXTS [--rounds 5] [--threads 2]

TEXTS is LoCoMo's file of conversations, or a file of one JSON text a line. All take turns, round by round, so that a machine
that is shared is shared by all; what is printed is the median of the rounds. Each takes all texts in the order of their
length, in batches of 64, as sentence-transformers does by itself; Kithkin makes its own batches. `alone` is the median time of
one text at a time, with one thread. The cosine is to the vectors of sentence-transformers.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import torch

ALONE = 200
BATCH = 64
MODELS = pathlib.Path(os.environ.get("KITHKIN_MODELS", pathlib.Path.home() / ".cache/kithkin/models"))
WEIGHTS = MODELS / "all-MiniLM-L6-v2"
EMBEDDERS = ("all-MiniLM-L6-v2", "all-MiniLM-L6-v2-int8")


def texts_of(path):
    """The texts of LoCoMo's turns, or those of the lines."""
    whole = pathlib.Path(path).read_text(encoding="utf-8")
    if not whole.lstrip().startswith("["):
        return [json.loads(line) for line in whole.splitlines()]
    talks = (talk["conversation"] for talk in json.loads(whole))
    sessions = (turns for talk in talks for name, turns in talk.items() if re.fullmatch(r"session_\d+", name))
    return [turn["text"] for turns in sessions for turn in turns]


def kithkin(binary, name, texts, threads, folder):
    """Texts a second, the time of one alone, and the vectors."""
    lines = folder / "texts.jsonl"
    lines.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    vectors = folder / "vectors"
    named = {"KITHKIN_TEXTS": str(lines), "KITHKIN_VECTORS": str(vectors), "KITHKIN_EMBEDDER": name, "KITHKIN_MODELS": str(MODELS)}
    environment = {**os.environ, **named, "RAYON_NUM_THREADS": str(threads)}
    ran = subprocess.run([binary, "--bench"], env=environment, capture_output=True, text=True, check=True)
    figures = [float(re.search(pattern, ran.stdout)[1]) for pattern in (r"bulk: ([\d.]+)", r"alone: ([\d.]+)")]
    return *figures, numpy.fromfile(vectors, dtype="<f4").reshape(len(texts), -1)


def sentence_transformers():
    """The model as its users run it."""
    from sentence_transformers import SentenceTransformer, models

    words = models.Transformer(str(WEIGHTS), max_seq_length=256)
    model = SentenceTransformer(modules=[words, models.Pooling(words.get_word_embedding_dimension()), models.Normalize()], device="cpu")

    def run(texts, threads):
        torch.set_num_threads(threads)
        return model.encode(texts, batch_size=BATCH, show_progress_bar=False)

    return run, words


def exported(words, file):
    """Writes the encoder as ONNX."""

    class Rows(torch.nn.Module):
        """The encoder with its arguments by place, as an export wants them."""

        def __init__(self):
            super().__init__()
            self.encoder = words.auto_model.eval()

        def forward(self, ids, mask, types):
            return self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 8), dtype=torch.long) for _ in names)
    axes = {name: {0: "texts", 1: "tokens"} for name in [*names, "rows"]}
    torch.onnx.export(Rows(), example, str(file), input_names=names, output_names=["rows"], dynamic_axes=axes, opset_version=17, dynamo=False)


def onnx_runtime(file, most):
    """The exported encoder, with the mean of the tokens beside it."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()

    def session(threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    sessions = {threads: session(threads) for threads in (1, most)}

    def run(texts, threads):
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        out = numpy.zeros((len(texts), 384), dtype=numpy.float32)
        for first in range(0, len(texts), BATCH):
            batch = order[first : first + BATCH]
            read = tokenizer.encode_batch([texts[i] for i in batch])
            ids = numpy.array([one.ids for one in read], dtype=numpy.int64)
            mask = numpy.array([one.attention_mask for one in read], dtype=numpy.int64)
            rows = sessions[threads].run(["rows"], {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)})[0]
            sums = (rows * mask[:, :, None]).sum(1)
            out[batch] = sums / numpy.linalg.norm(sums, axis=1, keepdims=True)
        return out

    return run


def fastembed(file, most):
    """The exported encoder, as fastembed runs one: it wants the tokenizer's files beside it."""
    from fastembed import TextEmbedding

    folder = file.parent
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(WEIGHTS / name, folder)
    (folder / "special_tokens_map.json").write_text("{}", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 256, "pad_token": "[PAD]"}), encoding="utf-8")

    def model(threads):
        return TextEmbedding("sentence-transformers/all-MiniLM-L6-v2", threads=threads, specific_model_path=str(folder))

    models = {threads: model(threads) for threads in (1, most)}

    def run(texts, threads):
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        out = numpy.zeros((len(texts), 384), dtype=numpy.float32)
        out[order] = list(models[threads].embed([texts[i] for i in order], batch_size=BATCH))
        return out

    return run


def timed(run, texts, threads):
    run(texts[:ALONE], threads)
    begun = time.perf_counter()
    vectors = run(texts, threads)
    rate = len(texts) / (time.perf_counter() - begun)
    run(texts[:1], 1)
    alone = []
    for text in texts[:ALONE]:
        begun = time.perf_counter()
        run([text], 1)
        alone.append((time.perf_counter() - begun) * 1e3)
    return rate, statistics.median(alone), vectors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("texts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    texts = texts_of(asked.texts)
    if not texts:
        sys.exit(f"no text in {asked.texts}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        reference, words = sentence_transformers()
        file = folder / "model.onnx"
        exported(words, file)
        others = {
            "sentence-transformers": reference,
            "ONNX Runtime": onnx_runtime(file, asked.threads),
            "fastembed": fastembed(file, asked.threads),
        }
        ways = {name: lambda run=run: timed(run, texts, asked.threads) for name, run in others.items()}
        for name in EMBEDDERS:
            ways[f"kithkin {name}"] = lambda name=name: kithkin(asked.binary, name, texts, asked.threads, folder)
        found = {name: [] for name in ways}
        for _ in range(asked.rounds):
            for name, way in ways.items():
                found[name].append(way())
        right = found["sentence-transformers"][0][2]
        print(f"{len(texts):,} texts, {asked.threads} threads, median of {asked.rounds} rounds")
        for name, rounds in found.items():
            rate, alone = (statistics.median(one[i] for one in rounds) for i in (0, 1))
            cosines = (rounds[0][2] * right).sum(1)
            print(f"{name:32} {rate:7.1f} texts/s  alone {alone:6.2f} ms  cosine mean {cosines.mean():.6f}, least {cosines.min():.6f}")


if __name__ == "__main__":
    main()
