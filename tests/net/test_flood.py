#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Floods of made-up sources on tc and XDP, where the table of connections is picket's own
(pktest/pair.py): half-open entries give way, established connections live, memory is what it was.

    test_flood.py [--long]      10,007 connections and 1,000,000 packets of each kind
"""
import json
import os
import resource
import selectors
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, ns, pair, tap  # noqa: E402
from pktest.pair import PORT, RIGHT  # noqa: E402

FLOOD = os.environ.get("FLOOD") or os.path.join(fence.ROOT, "build/tests/net/flood")
LONG = "--long" in sys.argv[1:]
LIVE, PACKETS = (10007, 1000000) if LONG else (1009, 200000)
MAX = 3 * LIVE  # connections that the table is made for
ROUND = PACKETS // 8  # packets sent in one go
PLACES = (MAX * 3 // 2 + 7) // 8 * 8  # in whole buckets
TEXTS = pair.strict("-m conntrack --ctstate INVALID", f"-p udp -m udp --dport {PORT} -j ACCEPT")
MET = {"syn": "--ctstate NEW", "udp": "-p udp"}  # the rule that each packet of a flood meets


def echo(listener):
    """Gives back what comes over each connection, for ever."""
    with selectors.DefaultSelector() as ready:
        ready.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is listener:
                    ready.register(listener.accept()[0], selectors.EVENT_READ)
                    continue
                data = key.fileobj.recv(64)
                if data:
                    key.fileobj.sendall(data)
                else:
                    ready.unregister(key.fileobj)
                    key.fileobj.close()


class Rig(pair.Pair):
    """The right answers a SYN, echoes in a process of its own, which has as many descriptors as this
    one, and drops datagrams, which nobody reads."""

    def __init__(self, lab, hook):
        super().__init__(lab, hook)
        self.right.ip(f"route add 10.64.0.0/10 via {pair.LEFT[4]} dev wire")
        self.right.sysctl(ipv4__tcp_synack_retries=0)
        with self.right:
            self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind((RIGHT[4], PORT))
        lab.on_close(self.sink.close)
        self.next = 0  # number of the next made-up source
        self.live = []  # the left ends of connections
        self.serve(lab)

    def serve(self, lab):
        self.listen()
        listener = self.listeners.pop((PORT, 4))
        child = os.fork()
        if not child:
            try:
                ns.die_with_parent()
                echo(listener)
            finally:
                os._exit(1)  # not the parent's cleaning up
        listener.close()
        lab.on_close(lambda: (os.kill(child, signal.SIGKILL), os.waitpid(child, 0)))

    def more(self, count):
        for _ in range(count):
            with self.left:
                self.live.append(socket.create_connection((RIGHT[4], PORT), pair.WAIT))

    def talk(self):
        """A word there and back over each connection."""
        for left in self.live:
            left.sendall(b"?")
        for left in self.live:
            assert left.recv(1) == b"?"

    def table(self):
        return self.fence.status()["own_table"]

    def connections(self, *which):
        return json.loads(self.fence.command("conn", "count", "--json", *which).stdout)["count"]

    def send_flood(self, kind, packets):
        """Connections talk while it is sent. Nanoseconds."""
        sender = self.left.popen([FLOOD, kind, "wire", pair.MAC["left"], pair.MAC["right"], RIGHT[4],
                                  str(PORT), str(self.next), str(packets)], stdout=-1, text=True)
        self.next += packets
        try:
            self.talk()
            return int(sender.communicate(timeout=ns.TIMEOUT)[0].split()[1])
        finally:
            sender.kill()
            sender.wait()


def established(rig):
    rig.more(LIVE // 2)
    rig.fence.apply(TEXTS, extra=("--state-max", str(MAX)))
    rig.more(LIVE - LIVE // 2)
    rig.talk()
    rig.bytes = rig.table()["bytes"]
    all_live(rig)


def all_live(rig):
    """What they say is ESTABLISHED's, of all of them."""
    before = {rule: rig.count(rule) for rule in ("ESTABLISHED", "NEW", "INVALID")}
    rig.talk()
    assert rig.count("ESTABLISHED") >= before["ESTABLISHED"] + LIVE
    assert (rig.count("NEW"), rig.count("INVALID")) == (before["NEW"], before["INVALID"])
    found = rig.connections("--state", "ESTABLISHED", "--status", "ASSURED", "--dport", str(PORT))
    assert found == LIVE, found


def flooded(rig, kind):
    """Until so many have met the rules: a wire whose queue is full drops."""
    first, spent, met = rig.count(MET[kind]), 0, 0
    gave_way = sum(rig.table()["evicted"].values())
    while met < PACKETS:
        assert rig.next < 8 * PACKETS, f"{met} of {rig.next} have met the fence"
        spent += rig.send_flood(kind, min(ROUND, PACKETS - met))
        met = rig.count(MET[kind]) - first
    all_live(rig)
    table, found = rig.table(), rig.connections()
    assert sum(table["evicted"].values()) - gave_way >= met - PLACES, table
    assert table["evicted"]["closed"] == table["refused"] == 0, table
    assert table["bytes"] == rig.bytes and 0.9 * PLACES <= table["high_water"] <= PLACES, table
    assert 0.9 * PLACES <= found <= PLACES, found
    reasons = {r["reason"] for r in rig.fence.status()["reasons"] if r["counters"]["packets"]}
    assert "drop-state" not in reasons, reasons
    return (f"{met} packets at {met * 1000000 // spent} thousand a second, {LIVE} connections; a table "
            f"of {rig.bytes} bytes, gave way: {table['evicted']}")


def syns(rig):
    told = flooded(rig, "syn")
    table = rig.table()["evicted"]
    assert table["half_open"] >= PACKETS - PLACES and table["other"] == 0, table
    return told


def datagrams(rig):
    """They find a table full of half-open connections; what ends soonest gives way, mostly their own."""
    told = flooded(rig, "udp")
    assert rig.table()["evicted"]["other"] >= PACKETS - PLACES, rig.table()
    return told


def new_ones_come(rig):
    """Into a table that is full."""
    rig.more(23)
    rig.talk()
    rig.fence.command("conn", "delete", "--proto", "udp")
    assert rig.table()["high_water"] >= 0.9 * PLACES  # it was so full
    rig.talk()


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIVE + 256, LIVE + 256))
    with ns.Lab() as lab:
        for hook in ("tc", "xdp"):
            rig = Rig(lab, hook)
            for test in (established, syns, datagrams, new_ones_come):
                t.run(f"{hook}: {test.__name__.replace('_', ' ')}", test, rig)
            while rig.live:
                rig.live.pop().close()
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
