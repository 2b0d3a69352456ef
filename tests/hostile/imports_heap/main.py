import turingbox_guest.heap as heap


def main():
    """The lists by which the guest's build knew all objects."""
    everything = [found for held in vars(heap).values() if isinstance(held, list) for found in held]
    names = {getattr(found, "__name__", "") for found in everything}
    return [len(heap._immortal), "posix" in names, "os" in names]
