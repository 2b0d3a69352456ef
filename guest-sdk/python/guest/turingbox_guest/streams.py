"""`print` and its like: lines for the run's log."""

import codecs
import io
import sys

from wit_world.imports import log

LINE_LIMIT = 8 << 10


class _Lines(io.BufferedIOBase):
    """Bytes in, lines out. What follows the last line break waits for the rest of its line."""

    def __init__(self, level):
        self._level = level
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._begun = ""

    def writable(self):
        return True

    def write(self, data):
        *lines, self._begun = (self._begun + self._decode(data)).split("\n")
        for line in lines:
            self._log(line)
        if len(self._begun) >= LINE_LIMIT:
            self.finish()
        return len(data)

    def finish(self):
        if self._begun:
            begun, self._begun = self._begun, ""
            self._log(begun)

    def _log(self, line):
        for start in range(0, len(line) or 1, LINE_LIMIT):
            log.write(self._level, line[start : start + LINE_LIMIT])


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
