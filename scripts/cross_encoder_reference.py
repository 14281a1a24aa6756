#!/usr/bin/env python3
"""Prints the scores that the test of the cross-encoder expects: cross_encoder_reference.py [FOLDER]

Makes a tiny BERT cross-encoder of made-up weights, by the formula of crates/kithkin-models/tests/tiny/mod.rs, lets
transformers score pairs with it, and prints the scores; with FOLDER it also saves the model there as transformers does.
Needs torch and transformers (`pip install torch transformers`); neither CI nor the product runs it.

Pairs are cut as sentence-transformers cuts them: truncation="longest_first".
"""

import sys
import tempfile
from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] the a i my we dog cat bird boat saw adopted bought moved to oslo called miso red green "
    "where do live who ? . , ##s ##ed"
).split()
WINDOW = 24
LONG = "the dog saw a bird . " * 6

# The pairs of GOLDEN in crates/kithkin-models/tests/cross_encoder.rs.
PAIRS = [
    ("Who adopted a cat?", "I adopted a cat."),
    ("Who adopted a cat?", "We saw the red boats."),
    ("Who adopted a cat?", ""),
    ("Who adopted a cat?", "Zebras, 猫 and Miso"),
    ("I adopted a cat.", "Who adopted a cat?"),
    ("Who adopted a cat?", LONG),
    (LONG, "I moved to Oslo."),
    (LONG + "my cat", "we live , " * 20),
]


def fill(model: torch.nn.Module) -> None:
    """Gives each tensor, in the order of their names, the next numbers of one sequence."""
    state = 1
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            if not tensor.is_floating_point():
                continue
            values = []
            for _ in range(tensor.numel()):
                state = (state * 1664525 + 1013904223) % 2**32
                value = ((state >> 8) / 2**23 - 1) / 4
                values.append(1 + value if name.endswith("LayerNorm.weight") else value)
            tensor.copy_(torch.tensor(values, dtype=torch.float32).reshape(tensor.shape))


def main() -> None:
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=WINDOW,
        type_vocab_size=2,
        num_labels=1,
    )
    model = BertForSequenceClassification(config).eval()
    fill(model)
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
        tokenizer = BertTokenizerFast(str(vocabulary), do_lower_case=True, model_max_length=WINDOW)
    if len(sys.argv) > 1:
        model.save_pretrained(sys.argv[1])
        tokenizer.save_pretrained(sys.argv[1])
    queries, texts = zip(*PAIRS)
    inputs = tokenizer(
        list(queries), list(texts), padding=True, truncation="longest_first", max_length=WINDOW, return_tensors="pt"
    )
    with torch.no_grad():
        scores = model(**inputs).logits.reshape(-1)
    for (query, text), score in zip(PAIRS, scores.tolist()):
        print(f"{score:.6f}  {query[:40]!r} {text[:40]!r}")


if __name__ == "__main__":
    main()
