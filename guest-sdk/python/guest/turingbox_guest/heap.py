"""The heap as the snapshot leaves it.

An instance copies each page of the image that it writes to, so what a call costs is mostly how
many pages it touches, and how far they lie from each other.

- The imports leave the heap full of small holes, all over, and the allocator fills holes first: a
  call would write to a page here and a page there. With the holes filled beforehand, what a call
  allocates lies side by side at the end of the heap. So does the code that every call runs.
- Python counts references in the objects themselves, so a call would write to whatever it looks
  at. What is here stays as long as the instance, so the build makes it immortal (PEP 683): the
  counts of what `_immortal` holds are neither raised nor lowered any more. Then it empties the list,
  by which an agent would find everything.
"""

import gc
from types import CodeType, FunctionType

# Larger holes are rare, and each is worth a whole page to the call that finds it.
SIZES = (65536, 16384, 8192, 4096, 2048, *range(1024, 0, -8))
ROOM = 1 << 20
# Two of the allocator's pools.
POOLS = 32 << 10

# What the build finds the list by, with the list's address after it.
MARK = b"turingbox_guest.heap: immortal at "

# What code refers to: the collector doesn't ask it.
CODE = ("co_consts", "co_names", "co_exceptiontable", "co_linetable", "co_filename", "co_name", "co_qualname")

# So many objects are looked at together.
SOME = 1000

# Python keeps so many freed objects of a kind at hand, at most.
AT_HAND = 256
# Those that filling holes frees.
FEW = 8
TUPLES = 20

_noted = []
_filling = []
_immortal = []
_place = None


def note(call):
    """Notes which functions `call` runs, for `gather`: Python writes to their code as it runs."""
    functions = [item for item in gc.get_objects() if type(item) is FunctionType]
    before = [hash(function.__code__._co_code_adaptive) for function in functions]
    call()
    for function, code in zip(functions, before):
        if hash(function.__code__._co_code_adaptive) != code:
            _noted.append(function)


def gather(functions):
    """Puts the code of functions side by side, first of what was noted: Python writes to it as it
    runs, to specialise it."""
    for function in (*_noted, *(function for function in functions if function not in _noted)):
        # Where the old code goes, the next would go.
        _filling.append(function.__code__)
        function.__code__ = function.__code__.replace()
    _noted.clear()


def settle():
    """Call it last: whatever is freed afterwards leaves new holes."""
    global _place
    gc.collect()
    _immortal.extend(_objects())
    _place = MARK + b"%08x" % id(_immortal)
    _take_what_is_at_hand(AT_HAND)
    # The list of the first time leaves holes itself.
    fill_holes()
    fill_holes()
    # And what filled them is at hand now, where the holes were.
    _take_what_is_at_hand(FEW)
    # A collection in an instance would otherwise write to every object.
    gc.freeze()


def forget():
    """Empties the list where the build hasn't: that of a component which was made elsewhere."""
    _immortal.clear()


def _take_what_is_at_hand(most):
    for _ in range(most):
        _filling.append(([], {}, iter([]), iter(()), slice(None), range(1), 1.5 + len(_filling), [].append))
        _filling.append([(None,) * size for size in range(1, TUPLES + 1)])
        _filling.append(1_000_000 + len(_filling))


def fill_holes():
    """Takes what is free below the end of the heap."""
    end = id(bytes(ROOM))
    for size in SIZES:
        beyond = []
        # The allocator may have room beyond the end in one pool, and holes in the next.
        while len(beyond) * size <= POOLS:
            block = bytes(size)
            (_filling if id(block) < end else beyond).append(block)


def _objects():
    """Everything that can be reached."""
    waiting = gc.get_objects()
    found = {id(item): item for item in waiting}
    while waiting:
        # Some at a time: what is needed for it makes the memory larger for good.
        some, waiting[-SOME:] = waiting[-SOME:], []
        parts = [getattr(code, name) for code in some if type(code) is CodeType for name in CODE]
        for item in (*gc.get_referents(*some), *parts):
            if id(item) not in found:
                found[id(item)] = item
                waiting.append(item)
    return found.values()
