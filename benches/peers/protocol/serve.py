"""Serves a peer to the bench: a request in JSON a line of stdin, an answer in JSON a line of stdout.

A peer's script passes `serve` its version and what it can do, each a function:

- `fresh(source, call)`: in a new instance, the source loaded and the call made; gives what it returned
- `keep(source)`: an instance with the source loaded; gives a function that makes a call in it

What a peer can't do it has no function for. Only the functions are timed.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def serve(version, fresh, keep=None):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    # What a peer prints is no answer.
    os.dup2(2, 1)
    held = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = ANSWERS[request["do"]](request, version, fresh, keep, held)
        except Exception as error:
            answer = {"cannot": said(error)}
        print(json.dumps(answer), file=answers)


def said(error):
    """What an error says, in a line: of a trace, the last one, where the cause is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]


def answer_version(request, version, fresh, keep, held):
    return {"answer": version}


def answer_fresh(request, version, fresh, keep, held):
    source, call = request["source"], request["call"]
    return timed(lambda: fresh(source, call), request["runs"])


def answer_kept(request, version, fresh, keep, held):
    if keep is None:
        return {"cannot": "keeps no instance"}
    call, run = request["call"], keep(request["source"])
    run(call)
    return timed(lambda: run(call), request["runs"])


def answer_live(request, version, fresh, keep, held):
    """Holds so many more instances that have served a call, and that are idle, until the process ends."""
    if keep is None:
        return {"cannot": "keeps no instance"}
    answer = None
    for _ in range(request["runs"]):
        run = keep(request["source"])
        answer = run(request["call"])
        held.append(run)
    return {"answer": answer}


def answer_batch(request, version, fresh, keep, held):
    """Runs so many items, each in a new instance, by so many threads, and says how long all of it took."""
    source, call = request["source"], request["call"]
    with ThreadPoolExecutor(request["jobs"]) as threads:
        start = time.perf_counter_ns()
        found = set(threads.map(lambda _: fresh(source, call), range(request["runs"])))
        took = time.perf_counter_ns() - start
    return agreed([took], found)


def timed(work, runs):
    times, found = [], set()
    for _ in range(runs):
        start = time.perf_counter_ns()
        answer = work()
        times.append(time.perf_counter_ns() - start)
        found.add(answer)
    return agreed(times, found)


def agreed(times, found):
    if len(found) != 1:
        return {"cannot": f"gave {len(found)} different answers"}
    return {"nanoseconds": times, "answer": found.pop()}


ANSWERS = {
    "version": answer_version,
    "fresh": answer_fresh,
    "kept": answer_kept,
    "live": answer_live,
    "batch": answer_batch,
}
