import json
import sys
import turingbox_guest.heap as heap

# The least count of those that are never changed (PEP 683), where pointers have 32 bits.
IMMORTAL = 1 << 30


def main():
    held = [json, json.loads, json.loads.__code__.co_consts, object()]
    return [*(sys.getrefcount(one) >= IMMORTAL for one in held), len(heap._immortal)]
