#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what README.md shows what the program prints, and what it names there?

Every "$ picket ..." of a code block is run from the source folder and compared with the lines below
it. Verbs, make targets and files that the README names must exist.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("PICKET_SOURCE") or
                    pathlib.Path(__file__).resolve().parent.parent.parent)
PICKET = os.environ.get("PICKET") or str(ROOT / "build/picket")


def picket(words):
    done = subprocess.run([PICKET, *words], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.stdout


def check_output(blocks):
    shown = 0
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            words = shlex.split(command)
            if words[0] != "picket":
                continue
            shown += 1
            got = picket(words[1:])
            if got.rstrip() != expected.rstrip():
                yield f"$ {command}\nprints\n{got}\nand not\n{expected}"
    if not shown:
        yield "README.md shows no output"


def check_names(text, blocks):
    verbs = set(re.findall(r"^  (\S+) {2,}", picket(["help"]), re.M))
    for verb in set(re.findall(r"^\$? ?picket ([a-z]+)", "\n".join(blocks), re.M)):
        if verb not in verbs:
            yield f"no verb '{verb}'"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in set(re.findall(r"\bmake ([a-z-]+)\b(?=[`\s])", "\n".join(blocks))):
        if target not in targets:
            yield f"no make target '{target}'"
    for path in set(re.findall(r"`((?:docs|src|tools|share)/[\w./-]*)`", text)):
        if not (ROOT / path).exists():
            yield f"no file {path}"


def main():
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```\n(.*?)^```", text, re.M | re.S)
    found = [*check_output(blocks), *check_names(text, blocks)]
    for f in found:
        print(f)
    return 1 if found else 0


sys.exit(main())
