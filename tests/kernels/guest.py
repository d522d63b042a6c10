#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In the test kernel: runs the tests of TESTS (JSON, made by run.py) one after the other, and tells the
second serial port how it goes, in lines:

    begin NUMBER, then "> " and a line of output each, then: end STATUS SECONDS
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time


def say(port, text):
    port.write(text + "\n")
    port.flush()


def kill(process):
    """The test and what it started: it has a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(port, test, environment):
    begin = time.monotonic()
    with subprocess.Popen(test["command"], env={**environment, **test["environment"]}, text=True,
                          cwd=test["folder"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace", start_new_session=True) as process:
        timer = threading.Timer(test["seconds"], kill, [process])
        timer.start()
        for line in process.stdout:
            say(port, "> " + line.rstrip("\n"))
        status = process.wait()
        timer.cancel()
    say(port, f"end {status} {time.monotonic() - begin:.1f}")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        plan = json.load(f)
    with open("/dev/ttyS1", "w", encoding="utf-8") as port:
        for number, test in enumerate(plan["tests"]):
            say(port, f"begin {number}")
            run(port, test, plan["environment"])
        say(port, "done")


main()
