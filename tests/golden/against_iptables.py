#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""against_iptables.py [--random N] [--seed S] ROUNDTRIP: our text against iptables' own, as TAP.

1. Every file of rules/ is loaded into iptables-legacy and saved; the bytes, '#' lines left out, are
   the expected file's (and so ours: golden.py). Command files (X.commands) are run by sh.
2. N random lines, good and bad, are given to both one by one: both take them or both refuse them,
   and what they print is the same. DIFFERENCES and LENIENT name what may differ, and why.

Runs itself in a network and mount namespace of its own, with its own /run (the lock of iptables is
one file for the machine). Needs root.
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import golden  # noqa: E402
import lines  # noqa: E402

INSIDE = "PICKET_GOLDEN_INSIDE"

# What iptables takes and we refuse on purpose: a pattern of our diagnostic, and the reason.
DIFFERENCES = (
    (r"PK0021: '(\d+|.*%.*)' is not", "for libxtables a host name: 65535 is 0.0.255.255, %lo is lost"),
    (r"PK0022:", "host and network names are not looked up"),
    (r"PK0025: .* with '!' matches no packet", "iptables-save prints '! -i +' as any interface"),
    (r"PK0027:|PK0029:", "matches and targets of later versions"),
    (r"PK0030:", "a loop that no packet walks: the kernel looks only at chains it can reach"),
    (r"PK0201: .* is not a port", "for udp and dccp libxtables takes \"\" for 0, 65536 modulo 65536"),
)
# What we take and iptables refuses: a pattern of its message, and the reason.
LENIENT = (
    (r'Port "0x\w+" does not resolve', "hexadecimal ports, which iptables takes but for udp and dccp"),
)


def enter_namespaces():
    if os.geteuid() != 0:
        print("1..0 # skip needs root")
        raise SystemExit(0)
    os.environ[INSIDE] = "1"
    inner = 'mount -t tmpfs tmpfs /run && exec "$@"'
    os.execvp("unshare", ["unshare", "-n", "-m", "sh", "-c", inner, "sh", sys.executable,
                          os.path.abspath(__file__), *sys.argv[1:]])


def call(args, text=None, **more):
    return subprocess.run(args, input=text, capture_output=True, text=True, timeout=60, **more)


def iptables(family, what):
    return f"ip{'6' if family == 6 else ''}tables-legacy{what}"


def empty(family):
    text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
    done = call([iptables(family, "-restore"), "-c"], text)
    if done.returncode:
        raise SystemExit(f"cannot empty the filter table: {done.stderr}")


def saved(family, counters):
    done = call([iptables(family, "-save"), "-t", "filter", *(["-c"] if counters else [])])
    if done.returncode:
        raise SystemExit(f"cannot save: {done.stderr}")
    return "".join(line for line in done.stdout.splitlines(True) if not line.startswith("#"))


def load(path, counters, commands):
    """Loads a rule file into this namespace; the families it speaks of, or an error text."""
    for family in (4, 6):
        empty(family)
    families = golden.families_of(path)
    if path.suffix == ".commands":
        done = call(["/bin/sh", "-e", str(path)], env={**os.environ, "PATH": str(commands)})
    else:
        done = call([iptables(families[0], "-restore"), *(["-c"] if counters else [])],
                    path.read_text())
    return (families, None) if done.returncode == 0 else ([], done.stderr)


def check_file(path, commands):
    for counters, suffix in ((False, ".save"), (True, ".counters")):
        families, error = load(path, counters, commands)
        if error:
            return f"iptables refuses it: {error}"
        theirs = "".join(saved(f, counters) for f in families)
        ours = path.with_name(path.name + suffix).read_text()
        if theirs != ours:
            return f"{path.name}{suffix} is not what iptables prints:\n{theirs}"
    return None


def is_marked(line, family):
    """A rule of the other family: iptables-restore reads it up to the mark, we do not read it."""
    marks = {"-6", "--ipv6"} if family == 4 else {"-4", "--ipv4"}
    return bool(marks & set(line.split()))


def check_line(roundtrip, family, line, tmp):
    """None, or why the line is a failure. Both get the same file of one rule."""
    text = f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" \
           f":mine - [0:0]\n{line}\nCOMMIT\n"
    tmp.write_text(text)
    ours = call([roundtrip, f"-{family}", str(tmp)])
    theirs = call([iptables(family, "-restore")], text)
    if ours.returncode not in (0, 1):
        return f"exit status {ours.returncode}: {ours.stderr}"
    if ours.returncode == 0 and theirs.returncode == 0:
        printed = saved(family, False)
        return None if printed == ours.stdout else f"ours:\n{ours.stdout}theirs:\n{printed}"
    if (ours.returncode == 0) == (theirs.returncode == 0):
        return None
    if theirs.returncode == 0 and any(re.search(p, ours.stderr) for p, _ in DIFFERENCES):
        return None
    if theirs.returncode and (is_marked(line, family) or
                              any(re.search(p, theirs.stderr) for p, _ in LENIENT)):
        return None
    who = "we take it" if ours.returncode == 0 else "iptables takes it"
    return f"{who}\nours: {ours.stderr}theirs: {theirs.stderr}"


def check_random(args, tmp):
    rng = random.Random(args.seed)
    taken, failures = 0, []
    for _ in range(args.random):
        family = rng.choice((4, 4, 6))
        line = lines.random_line(rng, family)
        why = check_line(args.roundtrip, family, line, tmp)
        if why:
            failures.append(f"family {family}: {line}\n{why}")
        taken += call([args.roundtrip, f"-{family}", str(tmp)]).returncode == 0
    if failures:
        return f"seed {args.seed}, {len(failures)} lines differ:\n" + "\n".join(failures[:20])
    if args.random >= 100 and not args.random // 5 < taken < args.random * 19 // 20:
        return f"{taken} of {args.random} lines were good: the mixture tests little"
    return None


def report(number, name, why):
    print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
    for line in (why or "").splitlines():
        print(f"# {line}")
    return bool(why)


def main():
    if INSIDE not in os.environ:
        enter_namespaces()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("roundtrip", type=lambda p: str(pathlib.Path(p).resolve()))
    args = parser.parse_args()
    files = golden.cases("rules")
    failed = 0
    print(f"1..{len(files) + 1}")
    with tempfile.TemporaryDirectory() as tmp:
        commands = pathlib.Path(tmp) / "bin"
        commands.mkdir()
        for family in (4, 6):
            name = iptables(family, "")
            (commands / name.removesuffix("-legacy")).symlink_to(shutil.which(name))
        for number, path in enumerate(files, 1):
            failed += report(number, f"{path.name} as iptables prints it",
                             check_file(path, commands))
        failed += report(len(files) + 1, f"{args.random} random lines, seed {args.seed}",
                         check_random(args, pathlib.Path(tmp) / "line"))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
