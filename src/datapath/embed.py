#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes an assembler file that carries BPF objects as bytes: embed.py OUT.S NAME=PATH...

For each NAME it defines `const struct pk_object pk_object_NAME` (objects.h).
"""
import sys

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

with open(sys.argv[1], "w", encoding="ascii") as out:
    for arg in sys.argv[2:]:
        name, path = arg.split("=", 1)
        out.write(TEXT.format(name=name, path=path))
    out.write('\n    .section .note.GNU-stack, "", %progbits\n')
