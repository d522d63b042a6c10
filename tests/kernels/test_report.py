#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does run.py make points of what a test in the guest prints, and failures of what it does not?"""
import contextlib
import io
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import run  # noqa: E402

# (what, lines, exit status, the points expected: "ok", "skip", "not ok")
CASES = [
    ("points", ["ok 1 - a", "ok 2 - b # of two", "1..2"], 0, ["ok", "ok"]),
    ("a failure", ["ok 1 - a", "not ok 2 - b", "1..2"], 1, ["ok", "not ok"]),
    ("a skip", ["ok 1 - a # SKIP needs root", "1..1"], 0, ["skip"]),
    ("all skipped", ["1..0 # SKIP needs root"], 0, ["skip"]),
    ("a case lost", ["ok 1 - a", "1..2"], 0, ["ok", "not ok"]),
    ("no plan", ["ok 1 - a"], 0, ["ok", "not ok"]),
    ("nothing", [], 0, ["not ok"]),
    ("killed after its last case", ["ok 1 - a", "1..1"], -9, ["ok", "not ok"]),
]


def points(lines, status):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        tap = run.Tap("6.1")
        report = run.Report(tap, "test")
        for line in lines:
            report.line(line)
        report.end(status)
        ended = tap.end()
    found = [line for line in out.getvalue().splitlines() if line.startswith(("ok", "not ok"))]
    kinds = ["not ok" if line.startswith("not") else "skip" if "# SKIP" in line else "ok"
             for line in found]
    if ended != ("not ok" in kinds or not kinds):
        raise AssertionError(f"{lines}: ended with {ended}")
    return kinds


bad = 0
for what, lines, status, expected in CASES:
    got = points(lines, status)
    if got != expected:
        print(f"{what}: {got}, expected {expected}")
        bad += 1
sys.exit(1 if bad else 0)
