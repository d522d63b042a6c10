# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases as files: the reduced rule sets and packets of a difference that was found and mended.

They outlive changes of the generator, as a seed does not. `run.py --shrink --keep NAME` writes
cases/NAME.json; run.py plays all of them first, on every hook.
"""
import glob
import json
import os

from gen import Probe, RuleSet

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")


def parse(text):
    """RuleSet of the text that RuleSet.text() made."""
    rs = RuleSet({})
    for line in text.splitlines():
        words = line.split(" ", 2)
        if line.startswith(":"):
            rs.chains[words[0][1:]] = []
            if words[1] != "-":
                rs.policies[words[0][1:]] = words[1]
        elif line.startswith("-A"):
            rs.chains[words[1]].append(words[2] if len(words) > 2 else "")
    return rs


def keep(name, note, sets, probes):
    data = {"note": note, "rules": {f: rs.text().splitlines() for f, rs in sets.items()},
            "probes": [{"id": q.ident, "family": q.family, "side": q.side, "tags": q.tags,
                        "pad": q.pad.hex(), "packets": [part.hex() for part in q.packets]}
                       for q in probes]}
    with open(os.path.join(FOLDER, f"{name}.json"), "w", encoding="utf-8") as f:
        json.dump(data, f, indent=1)
        f.write("\n")


def read_all():
    """(name, rule sets by family, probes) of each kept case."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.json"))):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        sets = {int(family): parse("\n".join(lines)) for family, lines in data["rules"].items()}
        probes = [Probe(q["id"], q["family"], q["side"], [bytes.fromhex(x) for x in q["packets"]],
                        tuple(map(tuple, q["tags"])), bytes.fromhex(q["pad"]))
                  for q in data["probes"]]
        yield os.path.basename(path)[:-5], sets, probes
