def main():
    got = []
    for name in ["ctypes", "_ctypes", "mmap", "_posixsubprocess", "resource", "fcntl", "pty", "_multiprocessing"]:
        try:
            got.append(str(__import__(name)))
        except ImportError as refused:
            got.append(type(refused).__name__)
    return got
