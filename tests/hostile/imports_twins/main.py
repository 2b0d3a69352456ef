def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    names = ["posix", "posixpath", "genericpath", "ntpath", "_socket", "_posixsubprocess", "os.path"]
    return [got for name in names for got in tried(__import__, name)]
