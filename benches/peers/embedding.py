"""The two ways in which a peer gets vectors, and where given ones come from."""

import collections
import hashlib
import json

import numpy

DIMS = 384
KEPT = 8
"""Batches whose vectors are still held: some peers take several before they embed the first."""


class Given:
    """Vectors that are looked up, not computed: the engine alone is measured. What was not held is an error."""

    def __init__(self):
        self.batches = collections.deque(maxlen=KEPT)
        self.asked = {}

    def hold(self, texts, rows):
        """Takes the vectors of the next batch."""
        self.batches.append(dict(zip(texts, rows)))

    def keep(self, texts, rows):
        """Takes the vectors of all that is asked later. Some peers take the space around a question away."""
        self.asked.update({text.strip(): row for text, row in zip(texts, rows)})
        self.asked.update(zip(texts, rows))

    def embed(self, texts):
        return numpy.stack([self._row(text) for text in texts])

    def _row(self, text):
        for batch in reversed(self.batches):
            if (row := batch.get(text)) is not None:
                return row
        return self.asked[text]


class Own:
    """The same weights by sentence-transformers, for peers that take a function."""

    def __init__(self, weights):
        self.model = sentence_transformer(weights)

    def embed(self, texts):
        return self.model.encode(list(texts), show_progress_bar=False)


def sentence_transformer(weights):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(weights), device="cpu")


def lay_out(weights, folder):
    """The weights as sentence-transformers wants them: with what is done after the encoder written beside it."""
    if (folder / "modules.json").is_file():
        return
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    words = Transformer(str(weights), max_seq_length=256)
    pooled = Pooling(words.get_embedding_dimension())
    SentenceTransformer(modules=[words, pooled, Normalize()], device="cpu").save(str(folder))


def cached(texts, weights, folder):
    """The vectors of texts, computed once and kept under a name that says which texts they are of."""
    name = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:24]
    path = folder / f"vectors-{name}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        rows = sentence_transformer(weights).encode(list(texts), batch_size=64, show_progress_bar=False)
        numpy.save(folder / f"{path.name}.part.npy", rows.astype(numpy.float32))
        (folder / f"{path.name}.part.npy").rename(path)
    return numpy.load(path)
