"""The numbers of `random`: its state came with the snapshot, so every instance would draw the same ones."""

import os
import random

_seed = random.seed
_reseed = super(random.Random, random._inst).seed


def install():
    """Call it last. The runtime keeps what is `random.seed` by then, and calls it first in each instance."""
    random.seed = _first


def ensure():
    """Seeds it where the runtime hasn't."""
    if random.seed is _first:
        _first()


def _first():
    # As much entropy as a cipher's key; `random.seed()` reads eighty times that, at three times the cost.
    _reseed(int.from_bytes(os.urandom(32)))
    random.seed = _seed
