#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Links BPF programs into C, as the kernel takes them: link.py OUT.c NAME=OBJECT...

For each NAME it defines `const struct pk_linked pk_linked_NAME` (linked.h): each program of the
object in one piece with the functions that it calls, in libbpf's order, and what only the loader
can fill in: maps, the kernel's functions. Fields of the kernel's own types are relocated by the
kernel itself (Linux 5.17), which needs the types that the programs name and no others.

It knows what Picket's programs use, and refuses the rest by name. tests/prog/test_linked.c compares
what comes of it in the kernel with what libbpf makes of the same objects.
"""
import argparse
import hashlib
import pathlib
import struct

# gABI, chapter 4; Documentation/bpf/llvm_reloc.rst
SYMTAB, RELA, NOBITS, REL = 2, 4, 8, 9
EXECINSTR = 4
FUNC_SYMBOL = 2
R_BPF_64_64, R_BPF_64_32 = 1, 10

# linux/bpf.h
LD_IMM64, CALL = 0x18, 0x85
PSEUDO_CALL, PSEUDO_KFUNC = 1, 2
PSEUDO_MAP_FD, PSEUDO_MAP_VALUE, PSEUDO_FUNC = 1, 2, 4

# Documentation/bpf/btf.rst
(INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR,
 DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(1, 20)
REFERENCES = (PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, TYPE_TAG)
MORE = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}  # bytes behind a type; and for each of its members
MEMBER = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}

PROG_TYPES = {"netfilter": "32, 45",  # by number, which Debian 12's headers (6.1) do not know
              "tc": "BPF_PROG_TYPE_SCHED_CLS, 0", "xdp": "BPF_PROG_TYPE_XDP, BPF_XDP"}
DATA_FLAGS = {".rodata": "BPF_F_RDONLY_PROG", ".data.image": "BPF_F_MMAPABLE"}


def refuse(what):
    raise SystemExit(f"link.py: {what}")


def text_at(data, off):
    return data[off:data.index(b"\0", off)].decode()


class Elf:
    """Sections, symbols and relocations of a little-endian 64-bit object for BPF."""

    def __init__(self, name, data):
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<HH", data, 16) != (1, 247):
            refuse(f"{name} is no little-endian object of BPF programs")
        shoff, = struct.unpack_from("<Q", data, 40)
        count, names = struct.unpack_from("<HH", data, 60)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * 64) for i in range(count)]
        self.bytes = [b"" if h[1] == NOBITS else data[h[4]:h[4] + h[5]] for h in headers]
        self.name = [text_at(self.bytes[names], h[0]) for h in headers]
        self.code = [bool(h[2] & EXECINSTR) for h in headers]
        table = next(i for i, h in enumerate(headers) if h[1] == SYMTAB)
        strings = self.bytes[headers[table][6]]
        self.symbols = [(text_at(strings, name), info & 15, other & 3, shndx, value, size)
                        for name, info, other, shndx, value, size
                        in struct.iter_unpack("<IBBHQQ", self.bytes[table])]
        self.relocs = {h[7]: self.relocations(h, self.bytes[i])
                       for i, h in enumerate(headers) if h[1] in (REL, RELA) and self.loaded(h[7])}

    def loaded(self, section):
        return self.code[section] or self.name[section] in (".maps", *DATA_FLAGS)

    def relocations(self, header, data):
        """{offset: symbol} of a section of code."""
        section, relocs = self.name[header[7]], {}
        if header[1] == RELA or not self.code[header[7]]:
            refuse(f"section {section} has relocations that are not code's")
        for off, info in struct.iter_unpack("<QQ", data):
            if info & 0xffffffff not in (R_BPF_64_64, R_BPF_64_32):
                refuse(f"section {section} has a relocation of type {info & 0xffffffff}")
            relocs[off] = self.symbols[info >> 32]
        return relocs

    def section(self, name):
        return self.bytes[self.name.index(name)]


class Btf:
    """Type information, and a second one with what is asked for."""

    def __init__(self, data):
        magic, version, _, head, at, size, str_off, str_len = \
            struct.unpack_from("<HBBIIIII", data)
        if (magic, version) != (0xeb9f, 1):
            refuse("the type information is of an unknown version")
        self.strings = data[head + str_off:head + str_off + str_len]
        self.types = [None]
        at, end = head + at, head + at + size
        while at < end:
            name, info, of = struct.unpack_from("<III", data, at)
            kind, n = info >> 24 & 31, info & 0xffff
            if not INT <= kind <= ENUM64:
                refuse(f"the type information has a kind {kind}")
            more = MORE.get(kind, 0) + n * MEMBER.get(kind, 0)
            words = struct.unpack_from(f"<{more // 4}I", data, at + 12)
            self.types.append((kind, name, info, of, words))
            at += 12 + more
        self.new_id, self.out = {0: 0}, [None]
        self.new_string, self.text = {0: 0}, b"\0"

    def text_of(self, off):
        return text_at(self.strings, off)

    def string(self, off):
        """The new offset of an old string."""
        if off not in self.new_string:
            self.new_string[off] = len(self.text)
            self.text += self.text_of(off).encode() + b"\0"
        return self.new_string[off]

    def take(self, i):
        """The new number of an old type, with all that it speaks of."""
        if i in self.new_id:
            return self.new_id[i]
        kind, name, info, of, words = self.types[i]
        if kind in (VAR, DATASEC, DECL_TAG):
            refuse(f"a program names a type of kind {kind}")
        new = self.new_id[i] = len(self.out)
        self.out.append(None)
        words = list(words)
        if kind in REFERENCES or kind == FUNC_PROTO:
            of = self.take(of)
        if kind == ARRAY:
            words[:2] = self.take(words[0]), self.take(words[1])
        if kind in MEMBER:
            for k in range(0, len(words), MEMBER[kind] // 4):
                words[k] = self.string(words[k])
                if kind not in (ENUM, ENUM64):
                    words[k + 1] = self.take(words[k + 1])
        self.out[new] = struct.pack(f"<{3 + len(words)}I", self.string(name), info, of, *words)
        return new

    def encode(self):
        types = b"".join(self.out[1:])
        return struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types),
                           len(self.text)) + types + self.text

    def strip(self, i):
        while self.types[i][0] in (TYPEDEF, VOLATILE, CONST, RESTRICT):
            i = self.types[i][3]
        return self.types[i]

    def size(self, i):
        kind, _, _, of, words = self.strip(i)
        if kind == PTR:
            return 8
        return self.size(words[0]) * words[2] if kind == ARRAY else of

    def map_specs(self):
        """Declarations in .maps, as bpf_helpers.h writes them (__uint, __type)."""
        return {self.text_of(self.types[var][1]): self.map_spec(var)
                for kind, name, _, _, words in self.types[1:]
                if kind == DATASEC and self.text_of(name) == ".maps" for var in words[::3]}

    def map_spec(self, var):
        spec = {"type": 0, "key_size": 0, "value_size": 0, "max_entries": 0, "map_flags": 0}
        members = self.strip(self.types[var][3])[4]
        for member, of in zip(members[::3], members[1::3]):
            key, to = self.text_of(member), self.strip(of)
            if key in spec:
                spec[key] = self.strip(to[3])[4][2]
            elif key in ("key", "value"):
                spec[key + "_size"] = self.size(to[3])
            elif key == "values":  # an array of maps, which the loader brings
                spec["value_size"] = 4
            else:
                refuse(f"map {self.text_of(self.types[var][1])} has a member {key}")
        return spec


def extended(data, btf, which, words):
    """Records of .BTF.ext as {(section, offset): rest}: 0 functions, 2 fields of kernel types."""
    head, = struct.unpack_from("<I", data, 4)
    at, size = struct.unpack_from("<II", data, 8 + which * 8)
    records, at = {}, head + at
    end = at + size
    if not size:
        return records
    record, = struct.unpack_from("<I", data, at)
    at += 4
    while at < end:
        name, n = struct.unpack_from("<II", data, at)
        at += 8
        for _ in range(n):
            off, *rest = struct.unpack_from(f"<{words}I", data, at)
            records[btf.text_of(name), off] = rest
            at += record
    return records


class Object:
    """What the programs of one object have in common."""

    def __init__(self, name, path, kfuncs):
        self.name, self.kfuncs = name, kfuncs
        self.elf = Elf(path, pathlib.Path(path).read_bytes())
        self.btf = Btf(self.elf.section(".BTF"))
        ext = self.elf.section(".BTF.ext")
        self.func_types = extended(ext, self.btf, 0, 2)
        self.fields = extended(ext, self.btf, 2, 4)
        self.functions = {}
        for text, kind, hidden, shndx, value, size in self.elf.symbols:
            if kind == FUNC_SYMBOL and shndx:
                if hidden:
                    refuse(f"{name}: {text} is hidden")
                self.functions[shndx, value] = text, size
        self.specs, self.maps = self.btf.map_specs(), []
        for section, code in zip(self.elf.name, self.elf.code):
            if code and section != ".text" and section not in PROG_TYPES and self.elf.section(section):
                refuse(f"{name}: programs of section {section} are not known")

    def map(self, name):
        if name not in self.maps:
            self.maps.append(name)
        return self.maps.index(name)

    def kfunc(self, name):
        if name not in self.kfuncs:
            self.kfuncs.append(name)
        return self.kfuncs.index(name)

    def programs(self):
        return [Program(self, (shndx, value)) for shndx, value in sorted(self.functions)
                if self.elf.name[shndx] in PROG_TYPES]

    def rodata(self):
        return self.elf.section(".rodata") if ".rodata" in self.maps else b""

    def config(self):
        """Where the loader's constants stand in .rodata."""
        return next((s[4] for s in self.elf.symbols if s[0] == "pk_config"), 0)


class Program:
    """A program and, behind it, each function where it is first called or named, as in libbpf."""

    def __init__(self, obj, main):
        self.obj, self.name = obj, obj.functions[main][0]
        self.section = obj.elf.name[main[0]]
        self.insns, self.place = [], {}
        self.refs, self.funcs, self.fields = [], [], []
        self.add(main)

    def add(self, function):
        """Appends a function, and then those that it speaks of. Returns where it stands."""
        if function in self.place:
            return self.place[function]
        obj, (shndx, start) = self.obj, function
        if function not in obj.functions:
            refuse(f"{obj.name}: {self.name} calls what is no function: {function}")
        base = self.place[function] = len(self.insns)
        section, (_, size) = obj.elf.name[shndx], obj.functions[function]
        self.funcs.append((base, obj.btf.take(obj.func_types[section, start][0])))
        self.insns += struct.iter_unpack("<BBhi", obj.elf.bytes[shndx][start:start + size])
        for at in range(base, len(self.insns)):
            off = start + (at - base) * 8
            self.field(at, section, off)
            self.relocate(at, (shndx, off))
        return base

    def field(self, at, section, off):
        if (section, off) in self.obj.fields:
            of, text, kind = self.obj.fields[section, off]
            self.fields.append((at * 8, self.obj.btf.take(of), self.obj.btf.string(text), kind))

    def relocate(self, at, where):
        """What the instruction at `at` speaks of, which stood at `where` in the object."""
        shndx, off = where
        code, regs, jump, imm = self.insns[at]
        symbol = self.obj.elf.relocs.get(shndx, {}).get(off)
        if code == CALL and symbol and not symbol[3]:
            self.insns[at] = code, PSEUDO_KFUNC << 4, jump, 0
            self.refs.append((at, "PK_REF_KFUNC", self.obj.kfunc(symbol[0])))
        elif code == CALL and (symbol or regs >> 4 == PSEUDO_CALL):
            base = (symbol[3], symbol[4]) if symbol else where
            to = self.add((base[0], base[1] + (imm + 1) * 8))
            self.insns[at] = code, PSEUDO_CALL << 4, jump, to - at - 1
        elif code == LD_IMM64 and symbol:
            self.load(at, symbol)
        elif symbol:
            refuse(f"{self.obj.name}: {symbol[0]} is relocated in an instruction {code:#x}")

    def load(self, at, symbol):
        """A 64-bit constant: a map, a place in a section of data, or a function."""
        code, regs, off, imm = self.insns[at]
        name, _, _, shndx, value, _ = symbol
        section, pseudo, first, second = self.obj.elf.name[shndx], PSEUDO_MAP_FD, 0, 0
        if not shndx:
            refuse(f"{self.obj.name}: nobody defines {name}")
        elif section == ".maps":
            if imm or name not in self.obj.specs:
                refuse(f"{self.obj.name}: a load from within map {name or 'by section'}")
            self.refs.append((at, "PK_REF_MAP", self.obj.map(name)))
        elif section in DATA_FLAGS:
            pseudo, second = PSEUDO_MAP_VALUE, value + imm
            self.refs.append((at, "PK_REF_MAP", self.obj.map(section)))
        elif self.obj.elf.code[shndx]:
            pseudo, first = PSEUDO_FUNC, self.add((shndx, value + imm)) - at - 1
        else:
            refuse(f"{self.obj.name}: {self.name} reads section {section}, which is not known")
        self.insns[at] = code, regs & 15 | pseudo << 4, off, first
        self.insns[at + 1] = *self.insns[at + 1][:3], second


def array(kind, name, values, columns=6):
    """A static array, and what points to it: nothing, if it would be empty."""
    if not values:
        return "", "NULL"
    lines = [", ".join(values[i:i + columns]) for i in range(0, len(values), columns)]
    return f"static const {kind} {name}[] = {{\n" + ",\n".join(lines) + "\n};\n", name


def rows(records):
    return ["{" + ", ".join(str(v) for v in record) + "}" for record in records]


def quads(insns):
    return [f"0x{struct.unpack('<Q', struct.pack('<BBhi', *i))[0]:x}" for i in insns]


def render_program(p):
    tag = f"{p.obj.name}_{p.name}"
    parts = [array("uint64_t", f"insns_{tag}", quads(p.insns)),
             array("struct pk_ref", f"refs_{tag}", rows(p.refs)),
             array("struct bpf_func_info", f"funcs_{tag}", rows(p.funcs)),
             array("struct bpf_core_relo", f"fields_{tag}", rows(p.fields))]
    pointers = ", ".join(name for _, name in parts)
    return "".join(text for text, _ in parts), (
        f'{{"{p.name}", {PROG_TYPES[p.section]}, {pointers},\n'
        f" {len(p.insns)}, {len(p.refs)}, {len(p.funcs)}, {len(p.fields)}}}")


def render_map(obj, name):
    if name in DATA_FLAGS:
        spec = ["BPF_MAP_TYPE_ARRAY", 4, len(obj.elf.section(name)), 1, DATA_FLAGS[name]]
    else:
        spec = obj.specs[name].values()
    return f'{{"{name}", ' + ", ".join(str(v) for v in spec) + "}"


def render(obj):
    programs, entries = zip(*[render_program(p) for p in obj.programs()])
    parts = [array("struct pk_linked_prog", f"progs_{obj.name}", entries, 1),
             array("struct pk_linked_map", f"maps_{obj.name}",
                   [render_map(obj, m) for m in obj.maps], 1)]
    parts += [array("uint8_t", f"{what}_{obj.name}", [str(b) for b in data], 24)
              for what, data in (("btf", obj.btf.encode()), ("rodata", obj.rodata()))]
    pointers = ", ".join(name for _, name in parts)
    sizes = len(entries), len(obj.maps), len(obj.btf.encode()), len(obj.rodata()), obj.config()
    return "".join((*programs, *(text for text, _ in parts))) + (
        f'const struct pk_linked pk_linked_{obj.name} = {{\n    "{obj.name}", {pointers},\n'
        f"    {', '.join(str(n) for n in sizes)}}};\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("pairs", nargs="+", metavar="NAME=PATH")
    args = parser.parse_args()
    kfuncs = []
    body = "".join(render(Object(*pair.split("=", 1), kfuncs)) for pair in args.pairs)
    names = "".join(f'"{k}", ' for k in kfuncs)
    body += f"const char *const pk_linked_kfuncs[PK_KFUNCS_MAX] = {{{names}}};\n"
    total = hashlib.sha256(body.encode()).hexdigest()[:16]
    body += f"const uint64_t pk_linked_sum = 0x{total};\n"
    pathlib.Path(args.out).write_text('#include "datapath/linked.h"\n' + body, encoding="ascii")


if __name__ == "__main__":
    main()
