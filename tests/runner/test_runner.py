#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does tools/test count rightly what meson's log says? Fails with the case that it counts wrongly."""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys

path = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/test"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("runner", str(path))
runner = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
loader.exec_module(runner)

ALLOWED = {"needs root"}
# (what, result, stdout, expected passed, failed, skipped)
CASES = [
    ("plain pass", "OK", "", (1, 0, 0)),
    ("plain failure", "FAIL", "", (0, 1, 0)),
    ("time-out", "TIMEOUT", "", (0, 1, 0)),
    ("crash after a TAP pass", "ERROR", "1..2\nok 1 - a\n", (1, 1, 0)),
    ("TAP", "OK", "1..3\nok 1 - a\nok 2 - b\nok 3 - c\n", (3, 0, 0)),
    ("TAP, plan last", "OK", "ok 1 - a\nok 2 - b\n1..2\n", (2, 0, 0)),
    ("TAP failure", "FAIL", "1..2\nok 1 - a\nnot ok 2 - b\n", (1, 1, 0)),
    ("TAP failure that meson took for a pass", "OK", "1..1\nnot ok 1 - a\n", (0, 1, 0)),
    ("TAP, one case lost", "OK", "1..3\nok 1 - a\nok 2 - b\n", (2, 1, 0)),
    ("TAP skip allowed", "OK", "1..2\nok 1 - a\nok 2 - b # SKIP needs root\n", (1, 0, 1)),
    ("TAP skip for another reason", "OK", "1..1\nok 1 - a # SKIP tired\n", (0, 1, 0)),
    ("cmocka skip", "OK", "1..1\n# skip: needs root\nok 1 # SKIP test_a\n", (0, 0, 1)),
    ("skip of all, TAP", "SKIP", "1..0 # SKIP needs root\n", (0, 0, 1)),
    ("skip by exit status", "SKIP", "skip: needs root\n", (0, 0, 1)),
    ("skip without a reason", "SKIP", "", (0, 1, 0)),
]

bad = 0
for what, result, stdout, expected in CASES:
    tally = runner.Tally(ALLOWED)
    record = {"name": "picket:net / ok", "result": result,
              "stdout": stdout, "returncode": 0}
    with contextlib.redirect_stdout(io.StringIO()):
        runner.count(record, tally)
    got = (tally.passed, len(tally.failed), len(tally.skipped))
    if got != expected:
        print(f"{what}: counted {got}, expected {expected}")
        bad += 1
    line = "{} passed, {} failed, {} skipped".format(*got)
    if tally.line() != line:
        print(f"{what}: the line reads {tally.line()!r}")
        bad += 1

skips = path.parent.parent / "tests/skips.txt"
if "needs root" in runner.read_skips(skips, True) or \
        "needs root" not in runner.read_skips(skips, False):
    print("skips.txt: 'needs root' is a reason for users, and only for them")
    bad += 1
sys.exit(1 if bad else 0)
