# SPDX-License-Identifier: GPL-2.0-or-later
"""Test Anything Protocol output. A skip is only valid with a reason listed in tests/skips.txt."""
import os
import sys
import traceback

SKIPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../skips.txt")


class Skip(Exception):
    """Raised by a test that cannot run here; its text must stand in tests/skips.txt."""


def allowed_skips():
    with open(SKIPS, encoding="utf-8") as f:
        lines = (line.split("#", 1)[0].strip() for line in f)
        return {line for line in lines if line}


class Tap:
    """Runs functions as numbered tests and remembers how they ended."""

    def __init__(self):
        self.number = self.failed = self.skipped = 0

    def result(self, good, name, note="", detail=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}{note}")
        for line in detail.splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def run(self, name, function, *args):
        try:
            detail = function(*args)
        except Skip as reason:
            good = str(reason) in allowed_skips()
            self.skipped += good
            self.result(good, name, f" # SKIP {reason}",
                        "" if good else "this reason is not listed in tests/skips.txt")
        except Exception:  # a broken test is a failed test, and the next one still runs
            self.result(False, name, detail=traceback.format_exc())
        else:
            self.result(True, name, detail=detail or "")

    def done(self):
        """Prints the plan and returns the exit status."""
        print(f"1..{self.number}")
        print(f"# {self.number - self.failed - self.skipped} passed, "
              f"{self.failed} failed, {self.skipped} skipped")
        sys.stdout.flush()
        return 1 if self.failed or not self.number else 0
