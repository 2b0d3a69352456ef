import os

NAMES = ["PATH", "HOME", "USER"]


def main():
    return [name for name in NAMES if os.environ.get(name) or os.getenv(name) or os.path.expandvars(f"${name}") != f"${name}"]
