def main():
    try:
        from os import path as harmless
    except ImportError:
        pass
