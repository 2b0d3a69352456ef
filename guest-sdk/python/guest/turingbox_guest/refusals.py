"""What can't be had in the sandbox says so in a plain sentence, and says what to do instead."""

import _thread
import multiprocessing.process
import os
import subprocess
import threading
from concurrent.futures.process import ProcessPoolExecutor

NO_PROCESS = (
    "an agent can't start a process: the sandbox holds this one program. "
    "Return what should be done, and let another agent of the workflow do it"
)
NO_THREAD = (
    "an agent can't start a thread: the sandbox has only one. "
    "Do one thing after the other, or let the workflow call the agent for each item"
)

PROCESS_CALLS = (
    "fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "system",
    "execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe",
    "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe",
)  # fmt: skip


def install():
    # Not the module's: an agent could read from there what it may not import.
    process_starts = (
        *((os, name) for name in PROCESS_CALLS),
        (subprocess.Popen, "__init__"),
        (multiprocessing, "Pool"),
        (multiprocessing.process.BaseProcess, "start"),
        (ProcessPoolExecutor, "__init__"),
    )
    thread_starts = (
        (threading, "_start_joinable_thread"),
        (_thread, "start_joinable_thread"),
        (_thread, "start_new_thread"),
        (_thread, "start_new"),
    )
    # Each has its way of failing here already, none of which says why.
    _refuse(process_starts, PermissionError, NO_PROCESS)
    _refuse(thread_starts, RuntimeError, NO_THREAD)


def _refuse(starts, error, message):
    refused = _refusal(error, message)
    for owner, name in starts:
        setattr(owner, name, refused)


def _refusal(error, message):
    def refused(*_, **__):
        raise error(message)

    return refused
