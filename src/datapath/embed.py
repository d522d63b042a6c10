#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes an assembler file that carries BPF objects as bytes: embed.py [--sum SYMBOL] OUT.S NAME=PATH...

For each NAME it defines `const struct pk_object pk_object_NAME` (objects.h), and with --sum
`const uint64_t SYMBOL`, which tells these bytes from others.
"""
import argparse
import hashlib
import pathlib

TEXT = """
    .section .rodata
    .balign 16
bytes_{name}: .incbin "{path}"
end_{name}: .byte 0
name_{name}: .asciz "{name}"
    .section .data.rel.ro, "aw"
    .balign 8
    .globl pk_object_{name}
    .type pk_object_{name}, %object
    .size pk_object_{name}, 24
pk_object_{name}:
    .quad name_{name}, bytes_{name}, end_{name} - bytes_{name}
"""

SUM = """
    .section .rodata
    .balign 8
    .globl {name}
    .type {name}, %object
    .size {name}, 8
{name}: .quad {value:#x}
"""

parser = argparse.ArgumentParser()
parser.add_argument("--sum", metavar="SYMBOL")
parser.add_argument("out")
parser.add_argument("pairs", nargs="+", metavar="NAME=PATH")
args = parser.parse_args()
digest = hashlib.sha256()
with open(args.out, "w", encoding="ascii") as out:
    for pair in args.pairs:
        name, path = pair.split("=", 1)
        digest.update(pathlib.Path(path).read_bytes())
        out.write(TEXT.format(name=name, path=path))
    if args.sum:
        value = int.from_bytes(digest.digest()[:8], "big")
        out.write(SUM.format(name=args.sum, value=value))
    out.write('\n    .section .note.GNU-stack, "", %progbits\n')
