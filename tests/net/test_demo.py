#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`picket demo` on each hook: all that it foretells happens, and nothing of it stays behind.

    test_demo.py [--fence netfilter|tc|xdp]...     and once more with the hook that picket chooses
"""
import functools
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))

import command  # noqa: E402
from command import picket, picket_json, same, PICKET  # noqa: E402

PINS = ("/sys/fs/bpf/picket", "/run/picket-bpf/picket")
COOKIE = """import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, 71, 8))[0])"""
HOOKS = [a for a in sys.argv[1:] if a != "--fence"] or ["netfilter", "tc", "xdp"]
DROPPED = {"ssh from anyone": ("demo.v4", "admin"), "https from the blocklist": ("demo.v4", "blocklist"),
           "telnet": ("demo.v4", "INPUT"), "xmas scan": ("demo.v4", "bogus"),
           "IPv6 ssh from anyone": ("demo.v6", "admin"),
           "IPv6 from the blocklist": ("demo.v6", "blocklist")}


def pins_of(pid):
    """Where the fence of a process's network namespace may have its pins."""
    inside = ["nsenter", "-t", str(pid), "-n", sys.executable, "-c", COOKIE]
    cookie = command.ns.run(inside).stdout.strip()
    return [os.path.join(folder, cookie) for folder in PINS]


def rows(document):
    return {row["sent"]: row for row in document["traffic"]}


@functools.cache
def played(hook):
    return picket_json("demo", "--hook", hook)


def the_facts(hook):
    document = played(hook)
    same("hook", document["apply"]["hook"], hook)
    same("came true", document["came_true"], document["foretold"])
    for row in document["traffic"] + document["undo"]:
        if row["after"]["packets"] <= row["before"]["packets"]:
            raise AssertionError(f"no counter rose: {row}")
        same(f"silence after {row['sent']}", row["outcome"] == "silence",
             row["decided"]["verdict"] == "DROP")
    for sent, (file, chain) in DROPPED.items():
        rule = rows(document)[sent]["decided"]["rule"]
        same(f"who dropped {sent}", (rule["file"], rule["chain"]), (file, chain))
    for sent in ("reply nobody asked for", "UDP nobody allowed"):
        same(f"who dropped {sent}", rows(document)[sent]["decided"]["policy"], "INPUT")


def the_swaps(hook):
    swap = played(hook)["swap"]
    if swap["swaps"] < 2 or swap["sent"] < 100:  # 20, or what fits into its time
        raise AssertionError(f"only {swap['swaps']} swaps, {swap['sent']} packets")
    same("received", (swap["received"], swap["lost"]), (swap["sent"], 0))
    same("counted", swap["counted"], swap["sent"])


def the_session(hook):
    """A connection opened before the swaps is let in after them by the rule that asks for its state."""
    session = played(hook)["swap"]["session"]
    same("talks", session["talks"], True)
    if "--ctstate RELATED,ESTABLISHED" not in session["decided"]["rule"]["text"]:
        raise AssertionError(f"let in by {session['decided']}")
    if session["after"]["packets"] <= session["before"]["packets"]:
        raise AssertionError(f"its rule did not count: {session}")


def the_named_line():
    """The line that the demo names is the line of the shipped file that says so."""
    with open(os.path.join(command.ROOT, "share/demo.v4"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    rule = rows(played(HOOKS[0]))["ssh from anyone"]["decided"]["rule"]
    same("the line", lines[rule["line"] - 1], f"-A admin {rule['text']}")


def the_text():
    printed = picket("demo", out=("swapped under traffic", "Detach", "as the rules foretold"))
    long = [line for line in printed.stdout.splitlines() if len(line) >= 80]
    same("lines of 80 columns or more", long, [])
    same("escape sequences in a pipe", re.findall("\033", printed.stdout), [])


def an_interruption():
    with subprocess.Popen([PICKET, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            if "decided by" in line:
                break
        process.send_signal(signal.SIGSTOP)  # it must not end while we look
        pins = pins_of(process.pid)
        stood = any(map(os.path.exists, pins))
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.stdout.read()
        error = process.stderr.read()
    if not stood:
        raise AssertionError(f"no pins in mid-course: none of {pins}; stderr: {error}")
    same("pins at the end", [p for p in pins if os.path.exists(p)], [])
    same("exit", process.returncode, 3)
    if "Interrupted" not in error:
        raise AssertionError(f"stderr: {error}")


def no_privilege():
    nobody = ["setpriv", "--reuid", "65534", "--clear-groups"]
    result = command.ns.run([*nobody, PICKET, "demo"], check=False)
    same("exit", result.returncode, 3)
    if "root" not in result.stderr:
        raise AssertionError(f"stderr names no mend: {result.stderr}")


def wrong_words():
    picket("demo", "now", status=2, err=("now",))
    picket("demo", "--hook", "bridge", status=2, err=("bridge", "netfilter"))


def main():
    runner = command.tap.Tap()
    for hook in HOOKS:
        runner.run(f"{hook}: foretold and happened", lambda h=hook: the_facts(h))
        runner.run(f"{hook}: nothing lost in swaps", lambda h=hook: the_swaps(h))
        runner.run(f"{hook}: a session lives through swaps", lambda h=hook: the_session(h))
    for test in (the_named_line, the_text, an_interruption, no_privilege, wrong_words):
        runner.run(test.__name__.replace("_", " "), test)
    return runner.done()


if __name__ == "__main__":
    sys.exit(main())
