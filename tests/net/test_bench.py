#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`picket bench`, short: every subject judges what it is sent, no rule matches, and a peer that is
missing is said to be missing. How fast anything is, is not tested."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))

import command  # noqa: E402
from command import picket, picket_json, same  # noqa: E402

SHORT = ("--rounds", "2", "--time", "5")
PEERS = ["iptables-legacy", "iptables-nft"]
HOOKS = ["picket netfilter", "picket tc", "picket xdp"]


def cells(*args):
    return picket_json("bench", *SHORT, *args)["cells"]


def every_subject_judges():
    found = cells()
    wanted = [("XDP_DROP", 0)] + [(s, n) for s in HOOKS + PEERS for n in (0, 100, 1000, 8000)]
    same("cells", [(c["subject"], c["rules"]) for c in found], wanted)
    for cell in found:
        same(f"state of {cell['subject']}, {cell['rules']} rules: {cell.get('reason')}",
             cell["state"], "measured")
        same(f"rounds of {cell['subject']}", len(cell["rounds"]), 2)
        same(f"matches in {cell['subject']}, {cell['rules']} rules", cell["matched_by_rules"], 0)
        # The bare drop counts the few frames that the kernels send by themselves (MLD), too.
        if not 0.9 * cell["sent"] <= cell["judged"] <= cell["sent"] + 8:
            raise AssertionError(f"sent and judged do not fit: {cell}")
    same("ratio of XDP_DROP to itself", found[0]["ratio_to_xdp_drop"], 1.0)


def a_missing_peer_is_said():
    path = os.environ["PATH"]
    peers = os.environ.pop("PICKET_PEERS", None)
    os.environ["PATH"] = "/nonexistent"
    try:
        found = [c for c in cells("--only", "legacy") if c["subject"] == "iptables-legacy"]
        same("states", {c["state"] for c in found}, {"missing"})
        picket("bench", *SHORT, "--only", "legacy", out=("not installed: iptables-legacy-restore",))
    finally:
        os.environ["PATH"] = path
        if peers:
            os.environ["PICKET_PEERS"] = peers


def the_table_is_narrow():
    printed = picket("bench", *SHORT, "--only", "picket").stdout
    same("wide lines", [line for line in printed.splitlines() if len(line) > 85], [])


def wrong_words():
    picket("bench", "--rounds", "0", status=2, err=("0", "from 1"))
    picket("bench", "fast", status=2, err=("fast",))


def main():
    runner = command.tap.Tap()
    for test in (every_subject_judges, a_missing_peer_is_said, the_table_is_narrow, wrong_words):
        runner.run(test.__name__.replace("_", " "), test)
    return runner.done()


if __name__ == "__main__":
    sys.exit(main())
