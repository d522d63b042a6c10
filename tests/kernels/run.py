#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots one of Debian's kernels with what was built here, runs the suites there, and prints their TAP
as one: each case of each test counts.

    run.py [--long] [--only PATTERN] BUILD VERSION
    run.py --command WORDS BUILD VERSION       something else instead, say a case that failed

The kernel is what tools/kernels unpacked to BUILD/kernels/VERSION. The console and everything that the
tests print are left there, in console.log and tests.log.
"""
import argparse
import contextlib
import fnmatch
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import image  # noqa: E402

QEMU = "qemu-system-x86_64"
MEMORY = "1536"
KVM_SECONDS = 20  # a /dev/kvm that cannot be used may hang instead of failing
BOOT_SECONDS = 300
SLOWER = 4  # how much longer a test may take there, by its own clock
# By the test's name, what the short form adds to its command line or environment, to run less of it
# (the last of an option given twice holds); None: it is for the long form alone, which adds nothing.
# Tests that measure speed are not here: an emulated CPU proves nothing of it.
PLAN = {
    "programs against the evaluator": {"environment": {"PK_ROUNDS": "16"}},
    "linked programs": {},
    "traffic": {},
    "audit": {"arguments": ["all are told apart"]},
    "demo": {},
    "zones": {"arguments": ["tc"]},
    "conn": {"arguments": ["tc"]},
    "state": None,
    "classes": None,
    "mistakes": None,
    "scope": {"arguments": ["--fence", "tc"]},
    "devices": {"arguments": ["clsact"]},
    "iptables agrees with itself": {"arguments": ["--rounds", "2"]},
    "picket netfilter": {"arguments": ["--rounds", "6"]},
    "picket netfilter, NAT": {"arguments": ["--rounds", "3"]},
    "picket tc": {"arguments": ["--rounds", "6"]},
    "picket xdp": {"arguments": ["--rounds", "6"]},
    "picket netfilter, state": {"arguments": ["--no-seeds", "--talks", "60"]},
    "picket netfilter, state and NAT": None,
    "picket tc, state": {"arguments": ["--no-seeds", "--talks", "60"]},
    "picket xdp, state": {"arguments": ["--no-seeds", "--talks", "60"]},
    "the traffic test holds for iptables": None,
    "swap": None,
    "the swap test notices a split switch": None,
    "life": None,
    "versions": None,
    "upgrade": None,
    "iptables agrees with itself, NAT": None,
    "legacy agrees with nft": None,
    "a changed rule is noticed": None,
}
# Where there are no netfilter links: what else asks for the hook that picket takes by itself names tc.
NO_NETFILTER = {
    "demo": ["--fence", "tc", "--fence", "xdp"],
    "classes": ["--fence", "tc", "--fence", "xdp"],
    "mistakes": ["--fence", "tc", "--fence", "xdp"],
    "life": ["tc: "],
    "versions": ["tc: "],
    "devices": ["clsact"],
}
NO_NETFILTER_LINKS = ("6.1",)
PYTHON = "/usr/bin/python3"
POINT = re.compile(r"(not ok|ok)\b(?:\s+\d+)?(?:\s*-)?\s*([^#]*?)\s*(#.*)?$")
PLANNED = re.compile(r"1\.\.(\d+)(?:\s*#\s*(SKIP.*))?$", re.I)
# What the kernel says of itself when something in it is broken; a stall of an emulated CPU is none.
BROKEN = re.compile(r"BUG: (?!soft lockup|workqueue lockup)|Oops|general protection|KASAN|WARNING: CPU|"
                    r"Kernel panic|refcount_t|unregister_netdevice")

INIT = """#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
stty -F /dev/ttyS1 raw
echo up >/dev/ttyS1
ip link set lo up
{python} {guest} {tests} </dev/null
echo over >/dev/ttyS1
read -r nothing </dev/ttyS1
"""


class Boot:
    """A running machine. lines() are what it says on its second serial port."""

    def __init__(self, kernel, kvm):
        # Emulated, the guest's clock counts instructions (a nanosecond each) and skips what it idles:
        # no deadline there passes because this machine is slow or busy. That wants a single CPU: with
        # two, Linux 6.1 waits for the second for ever.
        how = (["-accel", "kvm", "-cpu", "host", "-smp", "2"] if kvm else
               ["-accel", "tcg", "-cpu", "Nehalem", "-icount", "shift=0,sleep=off"])
        command = [QEMU, "-machine", "q35", *how, "-m", MEMORY,
                   "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                   "-kernel", str(kernel / "vmlinuz"), "-initrd", str(kernel / "image"),
                   "-append", "console=ttyS0 quiet panic=-1",
                   "-serial", f"file:{kernel}/console.log", "-serial", "stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL if kvm else None)
        self.silence = KVM_SECONDS if kvm else BOOT_SECONDS  # seconds that it may say nothing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def lines(self):
        """Ends with the machine, or when it has been silent for too long."""
        pipe, rest = self._process.stdout.fileno(), b""
        while select.select([pipe], [], [], self.silence)[0]:
            data = os.read(pipe, 65536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").rstrip("\r")


class Tap:
    """Many tests' TAP as one, numbered anew."""

    def __init__(self, version):
        self.version, self.number, self.failed = version, 0, 0

    def point(self, good, test, title="", directive=""):
        self.number += 1
        self.failed += not good
        name = f"{self.version} {test}: {title}" if title else f"{self.version} {test}"
        print(f"{'ok' if good else 'not ok'} {self.number} - {name} {directive}".rstrip(), flush=True)

    def comment(self, text):
        print(f"# {text}", flush=True)

    def end(self):
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0


class Report:
    """What one test in the guest printed, as points."""

    def __init__(self, tap, name):
        self.tap, self.name = tap, name
        self.points, self.plan, self.failed_before, self.all_skipped = 0, None, tap.failed, ""

    def line(self, text):
        point, plan = POINT.match(text), PLANNED.match(text)
        if point:
            self.points += 1
            self.tap.point(point[1] == "ok", self.name, point[2], point[3] or "")
        elif plan:
            self.plan, self.all_skipped = int(plan[1]), plan[2] or ""
        else:
            self.tap.comment(text.removeprefix("# "))

    def end(self, status):
        """A test that fails in no case, or that lost some, has failed all the same."""
        if self.all_skipped and not self.points:
            self.tap.point(True, self.name, "", "# " + self.all_skipped)
        elif self.plan != self.points:
            self.tap.point(False, self.name, f"{self.plan} cases planned, {self.points} reported, "
                                             f"exit {status}")
        elif status and self.tap.failed == self.failed_before:
            self.tap.point(False, self.name, f"exit {status}")


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    return 0


def without_path(environment):
    """meson tells of a variable that is prepended to as if it were set."""
    return {name: value for name, value in environment.items() if name != "PATH"}


def tests_of(build, options):
    """The tests to run there: paths.py, then those of the suites as meson has them registered."""
    if options.command:
        yield {"name": "command", "command": shlex.split(options.command), "folder": str(ROOT),
               "environment": {}, "seconds": 3600}
        return
    registered = [t for t in json.loads((build / "meson-info/intro-tests.json").read_text("utf-8"))
                  if not any(suite.endswith(":unit") for suite in t["suite"])]
    yield {"name": "paths", "command": [PYTHON, str(HERE / "paths.py"), options.version],
           "folder": str(build),
           "environment": {"PATHS": str(build / "tests/kernels/paths")}, "seconds": 600}
    for test in (t for name in PLAN for t in registered if t["name"] == name):
        name = test["name"]
        less = {} if options.long else PLAN[name]
        if less is None:
            continue
        words = NO_NETFILTER.get(name, []) if options.version in NO_NETFILTER_LINKS else []
        words = less.get("arguments", words)
        command = [PYTHON if re.fullmatch(r".*/python3[^/]*", word) else word for word in test["cmd"]]
        yield {"name": name, "command": command + words,
               "folder": str(build), "seconds": test["timeout"] * SLOWER,
               "environment": {**without_path(test["env"]), **less.get("environment", {})}}


def what_it_needs(build):
    """Of the tree and of what was built, what the tests read and run."""
    yield from (str(ROOT / folder) for folder in ("docs/schemas", "share", "tests"))
    yield str(build / "peers")
    for folder in ("src/cli", "src/datapath", "tests/kernels", "tests/net", "tests/prog"):
        for path in (build / folder).iterdir():
            if path.is_file() and (os.access(path, os.X_OK) or path.suffix == ".o"):
                yield str(path)


def prepare(build, kernel, tests):
    peers = build / "peers"
    environment = {"PATH": f"{peers}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C",
                   "PICKET": str(build / "src/cli/picket"), "PICKET_SOURCE": str(ROOT),
                   "PICKET_PEERS": str(peers)}
    plan = kernel / "tests.json"
    plan.write_text(json.dumps({"tests": tests, "environment": environment}), encoding="utf-8")
    init = INIT.format(python=PYTHON, guest=HERE / "guest.py", tests=plan)
    image.make(kernel / "image", kernel, [*what_it_needs(build), str(plan)], init)


def boot(kernel):
    """A machine that has come up; under KVM if that works here."""
    for kvm in (True, False) if os.access("/dev/kvm", os.W_OK) else (False,):
        with contextlib.ExitStack() as stack:
            machine = stack.enter_context(Boot(kernel, kvm))
            lines = machine.lines()
            if next(lines, None) == "up":
                stack.pop_all()
                return machine, lines, "KVM" if kvm else "emulation"
    return None


def run_all(tap, kernel, tests):
    """True if the guest came to its end."""
    begin = time.monotonic()
    started = boot(kernel)
    if not started:
        return False
    machine, lines, how = started
    tap.comment(f"tell: Linux {(kernel / 'release').read_text().strip()} came up by {how} in "
                f"{time.monotonic() - begin:.0f} s")
    report = None
    with machine, open(kernel / "tests.log", "w", 1, "utf-8") as log:
        for line in lines:
            log.write(line + "\n")
            word, _, rest = line.partition(" ")
            if word == "begin":
                test = tests[int(rest)]
                report, machine.silence = Report(tap, test["name"]), test["seconds"] + BOOT_SECONDS
            elif word == ">":
                report.line(rest)
            elif word == "end":
                status, seconds = rest.split()
                report.end(int(status))
                tap.comment(f"{report.name}: {seconds} s")
                report = None
            elif word in ("done", "over"):
                return word == "done"
    if report:
        tap.point(False, report.name, "the machine ended, or said nothing for too long")
    return False


def arguments():
    a = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    a.add_argument("build", type=pathlib.Path)
    a.add_argument("version")
    a.add_argument("--long", action="store_true", help="every case that `make test` has")
    a.add_argument("--command", metavar="WORDS", help="what to run instead, in the source folder")
    a.add_argument("--only", default="*", metavar="PATTERN", help="tests by name")
    return a.parse_args()


def main():
    options = arguments()
    build = options.build.resolve()
    kernel = build / "kernels" / options.version
    if os.uname().machine != "x86_64":
        return skip("the kernels are booted on x86-64 only")
    if not shutil.which(QEMU):
        return skip(f"{QEMU} cannot be had")
    if not (kernel / ".done").exists():
        return skip("Debian's kernel packages cannot be had")
    tests = [t for t in tests_of(build, options) if fnmatch.fnmatch(t["name"], options.only)]
    prepare(build, kernel, tests)
    tap = Tap(options.version)
    ended = run_all(tap, kernel, tests)
    console = (kernel / "console.log").read_text(errors="replace")
    tap.point(ended, "the kernel came up and ran everything")
    complaints = [line for line in console.splitlines() if BROKEN.search(line)]
    tap.point(not complaints, "the kernel complained of nothing")
    for line in complaints if ended else console.splitlines()[-20:]:
        tap.comment(line)
    (kernel / "image").unlink()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
