#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What link.py does not know it refuses, by name: test_link.py LINK.PY CLANG"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import tap  # noqa: E402

HEAD = """
#define SEC(x) __attribute__((section(x), used))
typedef unsigned int u32;
"""
PLAIN = 'SEC("xdp") int run(void *c) { return 0; }\n'
CASES = {  # what is wrong: (source, what link.py says, target if not bpf)
    "an object of the other byte order": (PLAIN, "no little-endian object", "bpfeb"),
    "an object of this machine": ("int run(void) { return 0; }", "no little-endian object",
                                  "x86_64"),
    "a program of another type": ('SEC("kprobe/x") int run(void *c) { return 0; }', "kprobe/x"),
    "a variable that can be written":
        ('u32 count = 1; SEC("xdp") int run(void *c) { return count++; }', "section .data"),
    "a variable of the kernel's": ('extern u32 jiffies; SEC("xdp") int run(void *c) { return jiffies; }',
                                   "nobody defines jiffies"),
    "a hidden function":
        ('__attribute__((visibility("hidden"), noinline)) int f(void *c) { return !c; }\n'
         'SEC("xdp") int run(void *c) { return f(c); }', "f is hidden"),
    "constants that point": ('int a(void) { return 1; }\nint (*const volatile table[])(void) = {a};\n'
                             'SEC("xdp") int run(void *c) { return table[0] == c; }',
                             "section .rodata"),
    "a map that is pinned by name":
        ('struct { int (*type)[2]; int (*max_entries)[1]; u32 *key; u32 *value; int (*pinning)[1]; }'
         ' m SEC(".maps");\nSEC("xdp") int run(void *c) { return &m == c; }', "a member pinning"),
}


def linked(link, clang, source, target="bpf"):
    """(exit status, what is said) of link.py on a source."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.bpf.o")
        subprocess.run([clang, "-target", target, "-O2", "-g", "-xc", "-", "-c", "-o", path],
                       input=HEAD + source, text=True, check=True)
        out = subprocess.run([sys.executable, link, pathlib.Path(folder, "x.c"), f"x={path}"],
                             stderr=subprocess.PIPE, text=True, check=False)
    return out.returncode, out.stderr


def refused(link, clang, source, said, *target):
    status, text = linked(link, clang, source, *target)
    if not status or said not in text or "Traceback" in text:
        raise AssertionError(f"exit {status}, and not {said!r}: {text}")


def accepted(link, clang):
    status, text = linked(link, clang, PLAIN)
    if status:
        raise AssertionError(text)


def main():
    out, (link, clang) = tap.Tap(), sys.argv[1:]
    out.run("a plain program is linked", accepted, link, clang)
    for what, case in CASES.items():
        out.run(what, refused, link, clang, *case)
    return out.done()


if __name__ == "__main__":
    sys.exit(main())
