#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes an assembler file that carries files as bytes: embed.py OUT.S NAME=PATH...

For each NAME it defines `const struct pk_embedded pk_embedded_NAME` (embedded.h).
"""
import argparse

TEXT = """
    .section .rodata
    .balign 16
bytes_{name}: .incbin "{path}"
end_{name}: .byte 0
    .section .data.rel.ro, "aw"
    .balign 8
    .globl pk_embedded_{name}
    .type pk_embedded_{name}, %object
    .size pk_embedded_{name}, 16
pk_embedded_{name}:
    .quad bytes_{name}, end_{name} - bytes_{name}
"""

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("pairs", nargs="+", metavar="NAME=PATH")
args = parser.parse_args()
with open(args.out, "w", encoding="ascii") as out:
    for pair in args.pairs:
        name, path = pair.split("=", 1)
        out.write(TEXT.format(name=name, path=path))
    out.write('\n    .section .note.GNU-stack, "", %progbits\n')
