# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of the part of OpenMetrics 1.0 that is exported; written from the specification's
grammar. ValueError says what is wrong and on which line."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(\{{(?:{LABEL}(?:,{LABEL})*)?\}})? (\S+)(?: (\S+))?")
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.*)")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
TYPES = {"gauge": [""], "counter": ["_total", "_created"], "unknown": [""]}
UNESCAPE = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def number(text, line):
    if text.lower() in ("nan", "+inf", "-inf", "inf"):
        return float(text)
    if not NUMBER.fullmatch(text):
        raise ValueError(f"line {line}: {text}: no number")
    return int(text) if re.fullmatch(r"-?[0-9]+", text) and text != "-0" else float(text)


class Family:
    def __init__(self, name):
        self.name, self.type, self.unit = name, "unknown", ""
        self.last = {}


class Reader:
    def __init__(self):
        self.families, self.family, self.samples, self.labels = {}, None, {}, None

    def meta(self, kind, name, text, line):
        if self.family is None or self.family.name != name:
            if name in self.families:
                raise ValueError(f"line {line}: {name}: a family in two places")
            self.family = self.families[name] = Family(name)
        elif self.family.last:
            raise ValueError(f"line {line}: {kind} behind samples")
        if kind == "TYPE":
            if text not in TYPES:
                raise ValueError(f"line {line}: {text}: no type that is exported")
            self.family.type = text
        if kind == "UNIT":
            if not text or not name.endswith("_" + text):
                raise ValueError(f"line {line}: {name} does not end with its unit {text}")
            self.family.unit = text

    def sample(self, found, line):
        name, labels, value, stamp = found[1], found[2] or "", found[7], found[8]
        fits = self.family and any(name == self.family.name + s for s in TYPES[self.family.type])
        if not fits:
            raise ValueError(f"line {line}: {name} is not of the family before it")
        pairs = [(k, re.sub(r'\\["\\n]', lambda m: UNESCAPE[m[0]], v))
                 for k, v in re.findall(LABEL, labels)]
        if len({k for k, _ in pairs}) != len(pairs):
            raise ValueError(f"line {line}: a label twice")
        key = (name, tuple(sorted(pairs)))
        if key != self.labels and key in self.samples:
            raise ValueError(f"line {line}: a metric in two places")
        self.labels = key
        t, v = number(stamp, line), number(value, line)
        if key in self.family.last and t <= self.family.last[key]:
            raise ValueError(f"line {line}: time goes back")
        if self.family.type == "counter" and (math.isnan(v) or v < 0):
            raise ValueError(f"line {line}: a counter of {v}")
        self.family.last[key] = t
        self.samples.setdefault(key, []).append((stamp, v))


def read(text):
    """({(name, labels): [(time, value)]}, {family: (type, unit)})"""
    if not text.endswith("# EOF\n"):
        raise ValueError("no # EOF at the end")
    reader = Reader()
    for line, content in enumerate(text.removesuffix("# EOF\n").splitlines(), 1):
        meta, sample = META.fullmatch(content), SAMPLE.fullmatch(content)
        if meta:
            reader.meta(meta[1], meta[2], meta[3], line)
        elif sample and sample[8]:
            reader.sample(sample, line)
        else:
            raise ValueError(f"line {line}: not understood: {content}")
    for name, family in reader.families.items():
        if family.type == "counter" and name + "_total" in reader.families:
            raise ValueError(f"{name}: its samples have another family's name")
    return reader.samples, {n: (f.type, f.unit) for n, f in reader.families.items()}
