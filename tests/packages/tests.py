"""Runs the tests of a package in the sandbox, with pytest, which is a package of the agent's itself."""

import os
import sys
import tempfile

# Parts of pytest that want a file of their own, a file descriptor or a signal.
WITHOUT = ("cacheprovider", "faulthandler", "logging")
SOURCE = "/source"


class Counted:
    """A plugin that counts."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed += 1

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)


def main(skip):
    # What is asked of the machine where there is none: a name, a folder, one for temporary files.
    sys.argv[:] = ["pytest"]
    os.chdir(SOURCE)
    sys.path.insert(0, SOURCE)
    tempfile.tempdir = "/tmp"
    import pytest

    counted = Counted()
    options = ["-q", "-s", "--tb=short", f"--rootdir={SOURCE}"]
    options += [f"-pno:{name}" for name in WITHOUT]
    options += [f"--deselect={name}" if "::" in name else f"--ignore={name}" for name in skip]
    pytest.main([*options, f"{SOURCE}/tests"], plugins=[counted])
    return {"passed": counted.passed, "failed": counted.failed}
