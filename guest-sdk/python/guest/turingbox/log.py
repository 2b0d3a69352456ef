"""Lines for the run's log, beside those that `print` writes."""

from turingbox_guest.failures import sound as _sound
from wit_world.imports import log as _host


def debug(message):
    _host.write(_host.Level.DEBUG, _sound(str(message)))


def info(message):
    _host.write(_host.Level.INFO, _sound(str(message)))


def warn(message):
    _host.write(_host.Level.WARN, _sound(str(message)))


def error(message):
    _host.write(_host.Level.ERROR, _sound(str(message)))
