"""`print` and its like: lines for the run's log."""

import codecs
import io
import sys

from wit_world.imports import log

# So much the host keeps of a whole log. It cuts lines when it has taken secrets out, of which no part would be known.
LINE_LIMIT = 1 << 20


class _Lines(io.BufferedIOBase):
    """Bytes in, lines out. What follows the last line break waits for the rest of its line."""

    def __init__(self, level):
        self._level = level
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._begun = []
        self._size = 0

    def writable(self):
        return True

    def write(self, data):
        line, *others = self._decode(data).split("\n")
        self._begin(line)
        for line in others:
            self._end()
            self._begin(line)
        if self._size >= LINE_LIMIT:
            self._end()
        return len(data)

    def finish(self):
        if self._size:
            self._end()

    def _begin(self, piece):
        self._begun.append(piece)
        self._size += len(piece)

    def _end(self):
        log.write(self._level, "".join(self._begun))
        self._begun.clear()
        self._size = 0


def _stream(level):
    lines = _Lines(level)
    return lines, io.TextIOWrapper(lines, "utf-8", "backslashreplace", newline="\n", line_buffering=True)


_streams = []


def install():
    _streams.extend((_stream(log.Level.INFO), _stream(log.Level.WARN)))
    (_, sys.stdout), (_, sys.stderr) = _streams
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr


def finish():
    """Logs what the agent printed without a line break at the end."""
    for lines, text in _streams:
        if not text.closed:
            text.flush()
        lines.finish()
