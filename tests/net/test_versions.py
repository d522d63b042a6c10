#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fences that another version of picket built, fills, or left in the middle of it.

    test_versions.py [--every N] [PATTERN]

Hosts and sets are those of tests/lib/py/pktest/life.py.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import life  # noqa: E402
from pktest.life import HOOKS, PINGS, STAYS, environment, killed, map_poke, points, told  # noqa: E402

FRAME, BANK_ABI = 8, 72  # offsets in struct pk_ctl, which are frozen (src/datapath/abi/ctl.h)
DATA = {life.LIFE: "reasons", life.LIFE_NEXT: "reasons_next"}  # a map of data of each version


def has_pin(w, name):
    return any(pin.endswith(f"/{name}") for pin in w.fence.pins())


def other_frame(w):
    """A frame that this picket does not know is refused by name, and detach takes it down whole."""
    for env in ({}, {"PK_NO_TCX": "1"}):
        with environment(**env):
            w.fence.apply("B")
            map_poke(f"{w.fence.pins()[0]}/ctl", FRAME, struct.pack("=Q", 999))
            for verb in (("apply", "A.v4"), ("save",), ("status",), ("undo",)):
                error = w.fence.run(*verb, status=3).stderr
                assert "PK2012" in error and "999" in error, error
            assert w.ping() == 0, "the old fence must stand"
            w.fence.run("detach")
            assert not w.fence.pins() and w.ping() == 1
            assert "clsact" not in w.left.run(["tc", "qdisc", "show", "dev", "wire"]).stdout


def to_and_fro(w):
    """Each version takes the other's fence over; counters go on, and undo goes back over the border."""
    w.fence.apply("A")
    for turn, (binary, other) in enumerate(((life.LIFE_NEXT, life.LIFE),
                                            (life.LIFE, life.LIFE_NEXT))):
        w.ping(PINGS)
        w.fence.binary = binary
        w.fence.apply("A")
        w.expect("A")
        assert has_pin(w, DATA[binary]) and has_pin(w, DATA[other]), w.fence.pins()
        w.fence.apply("B")
        assert not has_pin(w, DATA[other]), w.fence.pins()
        w.fence.run("undo")
        w.expect("A")
        assert w.fence.saved()[STAYS][0] == (turn + 1) * (PINGS + 2), w.fence.saved()
    w.fence.binary = life.LIFE_NEXT
    w.fence.apply("B")
    w.fence.run("undo")
    w.expect("A")


def clsact_taken_over(w):
    with environment(PK_NO_TCX="1"):
        w.fence.options = HOOKS["tc"]
        to_and_fro(w)


def unreadable(w):
    """A rule set in a form that this version cannot read: taken over with both families given, and
    its counters are lost, which is said. Until the switch it stays in force."""
    w.fence.run("apply", "B.v4", "--v6", "v6", *w.fence.options)
    top = w.fence.pins()[0]
    map_poke(f"{top}/ctl", BANK_ABI, struct.pack("=Q", 999))
    map_poke(f"{top}/bank0/store", 0, b"another form")
    for verb in (("save",), ("apply", "A.v4")):
        error = w.fence.run(*verb, status=3).stderr
        assert "PK2012" in error and "PK2013" not in error, error
    assert w.ping(PINGS) == 0
    result = w.fence.run("apply", "A.v4", "--v6", "v6")
    assert "PK2019" in result.stderr, result.stderr
    live = w.fence.saved()
    assert live["set"] == "A" and live["generation"] == 2 and live[STAYS] == (0, 0), live
    w.expect("A")
    w.fence.run("undo")
    assert w.ping() == 0 and "PK2012" in w.fence.run("save", status=3).stderr
    w.fence.run("undo")
    w.expect("A")
    assert w.fence.saved()[STAYS][0] == 2, "the set that cannot be read counts in slots of its own"
    w.fence.apply("B")
    w.expect("B")


def kill_take_over(w):
    """kill -9 while another version takes the fence over: A or B, no count lost, and both versions can
    go on from there."""
    total = 0

    def prepare():
        nonlocal total
        w.fence.clear()
        w.fence.binary = life.LIFE
        w.fence.apply("A")
        assert w.ping(PINGS) == PINGS
        total = PINGS
        w.fence.binary = life.LIFE_NEXT

    def check(result, ended):
        nonlocal total
        assert ended or killed(result)
        for binary, kind in ((life.LIFE, "B"), (life.LIFE_NEXT, "A")):
            live = w.fence.saved()
            assert live[STAYS][0] == total, (live, total)
            w.expect(live["set"])
            total += 1
            w.fence.binary = binary
            w.fence.apply(kind)
            w.expect(kind)
            total += 1

    n = points(w, "apply", "B.v4", variable="PK_KILL_AT", prepare=prepare, check=check)
    assert n > 10, n
    return told(w, n)


TESTS = [case for function in (other_frame, to_and_fro, unreadable, kill_take_over)
         for case in life.on_hooks(function)]
TESTS += list(life.alone(clsact_taken_over))

if __name__ == "__main__":
    sys.exit(life.main(TESTS))
