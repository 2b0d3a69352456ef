"""The heap as the snapshot leaves it.

An instance copies each page of the image that it writes to, so what a call costs is mostly how
many pages it touches. The imports leave the heap full of small holes, all over, and the
allocator fills holes first: a call would write to a page here and a page there. With the holes
filled beforehand, what a call allocates lies side by side at the end of the heap.
"""

import gc

# Larger holes are rare, and each is worth a whole page to the call that finds it.
SIZES = (65536, 16384, 8192, 4096, 2048, *range(1024, 0, -8))
ROOM = 4 << 20

_filling = []


def settle():
    """Call it last: whatever is freed afterwards leaves new holes."""
    gc.collect()
    _fill_holes()
    # A collection in an instance would otherwise write to every object.
    gc.freeze()


def _fill_holes():
    end = id(bytes(ROOM))
    for size in SIZES:
        block = bytes(size)
        while id(block) < end:
            _filling.append(block)
            block = bytes(size)
