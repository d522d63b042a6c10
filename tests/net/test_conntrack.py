#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that ask for connection tracking, on real connections, and what holds it on (pktest/pair.py)."""
import json
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, ns, packet as p, pair, tap  # noqa: E402
from pktest.pair import CLOSED, PORT  # noqa: E402

LIVE = 1009
LEFT, RIGHT = pair.LEFT[4], pair.RIGHT[4]
TEXTS = pair.strict("-m conntrack --ctstate INVALID")


class Rig(pair.Pair):
    def status(self):
        result = self.fence.command("status", "--json", check=False)
        return result.returncode, json.loads(result.stdout)

    def reason(self, name):
        return sum(r["counters"]["packets"] for r in self.status()[1]["reasons"]
                   if r["reason"] == name)

    def table(self):
        return "table inet picket" in self.right.run(["nft", "list", "tables"]).stdout


def strict(rig):
    """Only ESTABLISHED and a SYN to one port: what was there before the fence and what comes goes on,
    nothing else comes in."""
    rig.pairs = [rig.connect(PORT) for _ in range(LIVE)]
    assert not rig.table()
    rig.fence.apply(TEXTS)
    rig.talk()
    assert rig.count("NEW") == 0, rig.count("NEW")
    rig.pairs += [rig.connect(PORT) for _ in range(23)]
    assert rig.count("NEW") == 23, rig.count("NEW")
    rig.fence.apply(TEXTS)
    rig.talk()
    assert rig.count("NEW") == 23
    assert rig.refused(CLOSED)
    assert rig.table() and rig.status()[1]["conntrack_held"] is True


def failed_change(rig):
    """A change that is refused leaves what stands, and what holds tracking on for it."""
    for texts in (TEXTS, {4: fence.EMPTY, 6: fence.EMPTY}):
        assert rig.fence.apply(texts, check=False, extra=("--memory-max", "1")).returncode
        assert rig.table()
    rig.talk()


def unsolicited(rig):
    """An ACK out of nowhere is NEW to Linux (nf_conntrack_tcp_loose), and never ESTABLISHED."""
    before = rig.count("ESTABLISHED"), rig.fence.now(4).of(":INPUT")[0]
    for i in range(23):
        rig.send(p.TCP, p.tcp(LEFT, RIGHT, 5000 + i, PORT, p.ACK, seq=7, ack=9))
    assert rig.count("ESTABLISHED") == before[0]
    assert rig.fence.now(4).of(":INPUT")[0] == before[1] + 23


def iptables_flush(rig):
    rig.right.run(["iptables-legacy", "-F"], private_run=True, check=False)
    rig.right.run(["iptables-nft", "-F"], private_run=True, check=False)
    rig.talk()
    assert rig.table() and not rig.reason("accept-untracked")
    assert rig.refused(CLOSED)


def ruleset_flush(rig):
    """Tracking ends; no connection is cut, the port stays closed, and the loss is counted and told."""
    rig.right.run(["nft", "flush", "ruleset"])
    assert not rig.table()
    rig.talk()
    assert rig.refused(CLOSED)
    rig.pairs.append(rig.connect(PORT))
    assert rig.reason("accept-untracked") >= 2 * LIVE
    code, status = rig.status()
    assert code == 1 and status["conntrack_held"] is False
    assert any(d["code"] == "PK2917" for d in status["diagnostics"]), status["diagnostics"]


def healed(rig):
    """The next apply holds it on again."""
    rig.fence.apply(TEXTS)
    before = rig.reason("accept-untracked")
    rig.talk_again = [rig.connect(PORT)]
    for left, right in rig.talk_again:
        left.sendall(b"?")
        assert right.recv(1) == b"?"
    assert rig.reason("accept-untracked") == before
    assert rig.table() and rig.status()[0] == 0


def let_go(rig):
    """When neither the live set nor the one before asks, and when the fence goes."""
    empty = {4: fence.EMPTY, 6: fence.EMPTY}
    rig.fence.apply(empty)
    assert rig.table()  # undo may come
    rig.fence.apply(empty)
    assert not rig.table()
    rig.fence.command("rule", "append", "INPUT", "-m", "state", "--state", "NEW")
    assert rig.table()
    rig.fence.clear()
    assert not rig.table()


def undo_and_edits(rig):
    """A set that asks is held on for however it comes back."""
    empty = {4: fence.EMPTY, 6: fence.EMPTY}
    rig.fence.apply(TEXTS)
    rig.fence.command("rule", "append", "INPUT", "-p", "tcp", "--dport", "9")  # a delta
    rig.fence.apply(empty)
    rig.fence.command("undo")
    rig.fence.apply(empty)
    assert rig.table()
    rig.fence.command("undo")
    assert rig.table() and rig.status()[1]["conntrack_held"] is True
    rig.fence.clear()
    assert not rig.table()


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    try:
        fence.need_netfilter_link()
    except tap.Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * LIVE, 4 * LIVE))
    with ns.Lab() as lab:
        rig = Rig(lab)
        for test in (strict, failed_change, unsolicited, pair.tags_open_nothing, iptables_flush,
                     ruleset_flush, healed, let_go, undo_and_edits):
            t.run(test.__name__.replace("_", " "), test, rig)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
