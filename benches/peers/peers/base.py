"""What a peer is: a store in a folder that takes turns, finds them, and erases them."""

import os
import pathlib


class Base:
    """One way of using one library. `embed` gives vectors of texts: given ones, or those of the same weights.

    A turn is a dictionary with `person`, `id`, `speaker`, `at`, `session`, `text`, and `line`: the words after date and speaker.
    """

    form = "line"
    """Which form of a turn it embeds."""
    batch = 500
    """How many turns it is given at once."""
    packages = ()
    """Whose versions are named."""
    embeds = True
    """Whether it compares by vectors at all, so that the two modes differ."""
    ranks = True
    """Whether the best come first; else everything is given."""
    takes_function = True
    """Whether it takes a function where each embeds for itself; else it loads the weights by a door of its own."""
    note = ""
    """How it was used, where there is a choice."""

    def __init__(self, folder, embed, weights):
        """Opens the store in the folder, made where it is empty. `weights` is there only where each embeds for itself."""
        self.folder = pathlib.Path(folder)
        self.embed = embed
        self.weights = weights

    def ingest_all(self, batches):
        """Takes everything in batches; what is in a batch is stored when the next one is asked for."""
        for batch in batches:
            self.ingest(batch)
        self.flush()

    def ingest(self, turns):
        raise NotImplementedError

    def flush(self):
        """Makes durable what is not yet."""

    def recall(self, person, question, k):
        """The ids of the person's turns that bear on the question, best first."""
        raise NotImplementedError

    def erase(self, turn):
        """Deletes a turn as the library's documentation says."""
        raise NotImplementedError

    def close(self):
        """Closes the store, so that its files are whole."""

    def bytes(self):
        """What the closed store takes on disk."""
        return sum(path.stat().st_size for path in self.files())

    def files(self):
        """Every file in which something of the store may be."""
        return [pathlib.Path(root) / name for root, _, names in os.walk(self.folder) for name in names]

    def processes(self):
        """The processes beside this one whose memory is the store's."""
        return []


def by_person(turns):
    """The turns of each person, in their order."""
    groups = {}
    for turn in turns:
        groups.setdefault(turn["person"], []).append(turn)
    return groups.items()
