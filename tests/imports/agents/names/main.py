import sys


def main():
    return sorted(sys.stdlib_module_names)
