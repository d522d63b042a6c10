#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""golden.py [--update] ROUNDTRIP: rule files against what is expected of them, as TAP.

rules/X        a rule file; X.save is what iptables-legacy-save prints for it, X.counters what it
               prints with -c after a restore with -c (against_iptables.py proves both)
bad/X          a file with bad lines; X.err is every diagnostic, in order

Beside that, what was printed must be read and printed again to the same bytes.
"""
import argparse
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
INPUTS = (".v4", ".v6", ".commands")


def cases(folder):
    return sorted(p for p in (HERE / folder).iterdir() if p.suffix in INPUTS)


def run(roundtrip, *args, cwd=HERE):
    done = subprocess.run([roundtrip, *args], cwd=cwd, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def families_of(path):
    """4 and 6, as the file speaks of them; what is printed has one part for each, in this order."""
    if path.suffix != ".commands":
        return [6 if path.suffix == ".v6" else 4]
    text = path.read_text()
    return [f for f in (4, 6) if re.search(rf"\bip{'6' if f == 6 else ''}tables\b", text)]


def is_fixed_point(roundtrip, path, text, tmp):
    parts = [part + "COMMIT\n" for part in text.split("COMMIT\n") if part]
    families = families_of(path)
    if len(parts) != len(families):
        return f"{len(parts)} tables, not {len(families)}"
    for family, part in zip(families, parts):
        tmp.write_text(part)
        status, out, err = run(roundtrip, "-c", f"-{family}", str(tmp))
        if (status, out) != (0, part):
            return f"printed again it differs:\n{err}{out}"
    return None


def check_good(roundtrip, path, update, tmp):
    for flag, suffix in ((None, ".save"), ("-c", ".counters")):
        expected = path.with_name(path.name + suffix)
        status, out, err = run(roundtrip, *([flag] if flag else []), path.name, cwd=path.parent)
        if status:
            return f"not read:\n{err}"
        if update:
            expected.write_text(out)
        if not expected.exists() or out != expected.read_text():
            return f"differs from {expected.name}:\n{out}"
    return is_fixed_point(roundtrip, path, out, tmp)


def check_bad(roundtrip, path, update):
    expected = path.with_name(path.name + ".err")
    status, out, err = run(roundtrip, path.name, cwd=path.parent)
    if status != 1 or out:
        return f"exit status {status}, not 1:\n{out}"
    if update:
        expected.write_text(err)
    if not expected.exists() or err != expected.read_text():
        return f"differs from {expected.name}:\n{err}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write what is printed as expected")
    parser.add_argument("roundtrip", type=lambda p: str(pathlib.Path(p).resolve()))
    args = parser.parse_args()
    good, bad = cases("rules"), cases("bad")
    tmp = pathlib.Path(args.roundtrip).with_name("golden.tmp")
    print(f"1..{len(good) + len(bad)}")
    failed = 0
    for number, path in enumerate(good + bad, 1):
        if path.parent.name == "rules":
            why = check_good(args.roundtrip, path, args.update, tmp)
        else:
            why = check_bad(args.roundtrip, path, args.update)
        failed += why is not None
        print(f"{'not ok' if why else 'ok'} {number} - {path.parent.name}/{path.name}")
        for line in (why or "").splitlines():
            print(f"# {line}")
    tmp.unlink(missing_ok=True)
    return 1 if failed or not good or not bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
