#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Round-trip times: handshakes that a made-up host answers late, as the test chooses, and what
picket record stores of them.

    test_rtt.py [--fence tc|xdp]...

        ghost 10.1.0.77 -- A's wire -- lan0 B
              fd01::77
"""
import os
import select
import signal
import socket
import struct
import sys
import time
from contextlib import closing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib/py")]

from pktest import fences, hosts, packet as p, wire  # noqa: E402
from test_record import Case, Recorder, labelled, same  # noqa: E402

PORT, CLOSED = 2222, 2223
RULES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate INVALID
-A INPUT -p udp -m udp --dport 7 -j DROP
COMMIT
"""
LATE = 0.05  # seconds
UNITS = 128e-9  # of two time stamps
SIZE = 1 / 32 + 1e-3  # a quantile's error: of the sizes that times are counted by, and as stored
MEAN = 1e-4


class Ghost:
    """A host that is only what this test makes of it: nothing answers in its place."""

    ports = iter(range(40000, 60000))  # no two connections of a run are of one port

    def __init__(self, net, family):
        self.net, self.family = net, family
        self.me, self.b = hosts.address(family, 1, 77), hosts.of_b(family, "A")
        self.port = None
        net.b.ip(f"neigh replace {self.me} lladdr {net.mac['A'][1]} dev lan0 nud permanent")

    def __enter__(self):
        self.port = wire.Port(self.net.spaces["A"], "eth0")
        return self

    def __exit__(self, *_):
        self.port.close()

    def send(self, sport, dport, flags, seq, ack=0):
        data = p.tcp(self.me, self.b, sport, dport, flags, seq=seq, ack=ack)
        packet = p.ipv4(self.me, self.b, p.TCP, data) if self.family == 4 else \
            p.ipv6(self.me, self.b, p.TCP, data)
        self.net.frame("A", packet)

    def hear(self, flags, port=None):
        """Waits for a segment with these flags (B may send one of another connection again), to the
        port if one is given; its ports, sequence number and acknowledgment."""
        end = time.monotonic() + hosts.DEADLINE
        while time.monotonic() < end:
            for frame in self.port.read():
                if frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
                    continue
                packet = p.Parsed(frame[14:])
                if packet.proto == p.TCP and packet.dst == p.packed(self.me):
                    sport, dport, seq, ack, _, got = struct.unpack("!HHIIBB", packet.payload[:14])
                    if got & (p.SYN | p.ACK | p.RST) == flags and port in (None, dport):
                        return sport, dport, seq, ack
            select.select([self.port.socket], [], [], 0.01)
        raise TimeoutError(f"no segment with flags {flags:#x}")

    def calls(self, late, again=0):
        """Opens a connection to B and acknowledges its answer late, after the SYN once more if
        `again`. How long that took at least, and at most."""
        port, seq = next(self.ports), 70000
        begin = time.monotonic()
        self.send(port, PORT, p.SYN, seq)
        _, _, theirs, _ = self.hear(p.SYN | p.ACK, port)
        least = wait(late)
        for _ in range(again):
            self.send(port, PORT, p.SYN, seq)
        self.send(port, PORT, p.ACK, seq + 1, theirs + 1)
        self.net.settle()
        took = time.monotonic() - begin
        self.send(port, PORT, p.RST, seq + 1)
        self.net.settle()
        return least, took

    def called(self, late, deaf=0, again=0):
        """B opens a connection to it; it is deaf to so many SYNs, answers late, and so many times
        again. As calls()."""
        begin = time.monotonic()
        self.port.read()
        with closing(self.net.socket("B", self.family, socket.SOCK_STREAM)) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.connect_ex((self.me, PORT))
            for _ in range(deaf + 1):
                theirs, mine, seq, _ = self.hear(p.SYN)
            least = wait(late)
            for _ in range(again + 1):
                self.send(mine, theirs, p.SYN | p.ACK, 90000, seq + 1)
            self.hear(p.ACK)
            self.net.settle()
            took = time.monotonic() - begin
        self.net.settle()
        return least, took


def wait(seconds):
    """How long it took: what the fence measures is longer."""
    begin = time.monotonic()
    select.select([], [], [], seconds)
    return time.monotonic() - begin


def total(store, side):
    return store.last(labelled("picket_round_trips_total", side=side))


def nanoseconds(store, side):
    return store.last(labelled("picket_round_trip_nanoseconds_total", side=side))


def quantile(side, q):
    return labelled("picket_round_trip_seconds", quantile=q, side=side)


def mean(side):
    return labelled("picket_round_trip_mean_seconds", side=side)


def within(what, got, least, most):
    if not least <= got <= most:
        raise AssertionError(f"{what}: {got}, not from {least} to {most}")


class Rig(Case):
    def __init__(self, net, firewall):
        super().__init__(net, firewall, ())
        firewall.apply({4: RULES, 6: RULES})

    def record(self, *options, **more):
        return Recorder(self, *options, **more)


def one_handshake(case, family, act, side, other):
    """Both halves, each on its side: the one that the test made late, and the host's own."""
    with Ghost(case.net, family) as ghost, case.record() as recorder, \
            closing(case.net.listener("B", family, PORT)):
        before = recorder.sampled()
        same("nothing yet", before.of(mean(side)), [])
        least, most = act(ghost, LATE)
        store = recorder.sampled()
        same("of the network", total(store, side), 1)
        same("of the host", total(store, other), 1)
        within("sum", nanoseconds(store, side) / 1e9, least - UNITS, most)
        within("sum of the host", nanoseconds(store, other) / 1e9, 64e-9, most - least)
        exact = nanoseconds(store, side) / 1e9
        within("mean", store.last(mean(side)), exact * (1 - MEAN), exact * (1 + MEAN))
        for q in ("0", "0.5", "1"):
            within(q, store.last(quantile(side, q)), exact * (1 - SIZE), exact * (1 + SIZE))
        same("points", [len(store.of(m)) for m in (mean(side), quantile(side, "1"))], [1, 1])
        recorder.end()


def they_call(case, family=4):
    one_handshake(case, family, Ghost.calls, "network", "host")


def they_call_ipv6(case):
    they_call(case, 6)


def we_call(case, family=4):
    one_handshake(case, family, Ghost.called, "network", "host")


def we_call_ipv6(case):
    we_call(case, 6)


def what_is_sent_again_counts_nothing(case):
    """Karn's rule: the answer does not say which of the two it answers."""
    with Ghost(case.net, 4) as ghost, case.record() as recorder, \
            closing(case.net.listener("B", 4, PORT)):
        def totals():
            store = recorder.sampled()
            return [total(store, side) for side in ("network", "host")]
        recorder.sampled()
        ghost.called(0, deaf=1)
        same("B has sent two SYNs", totals(), [0, 0])
        ghost.calls(0, again=1)
        same("a second SYN behind the answer", totals(), [0, 1])
        ghost.called(0, again=1)
        same("two SYN/ACKs", totals(), [1, 2])
        ghost.calls(0)
        same("nothing is sent again", totals(), [2, 3])
        recorder.end()


def what_never_answers_counts_nothing(case):
    """A flood of SYNs from made-up sources is answered by this host, and by nobody else."""
    with Ghost(case.net, 4) as ghost, case.record() as recorder, \
            closing(case.net.listener("B", 4, PORT)):
        recorder.sampled()
        for i in range(23):
            ghost.send(next(ghost.ports), PORT, p.SYN, i)
        case.net.settle()
        port = next(ghost.ports)
        ghost.send(port, CLOSED, p.SYN, 1)
        ghost.hear(p.RST | p.ACK, port)
        ghost.send(next(ghost.ports), PORT, p.ACK, 7, 9)
        case.net.settle()
        store = recorder.sampled()
        same("of the network", total(store, "network"), 0)
        recorder.end()


def many_are_summed_up(case):
    """The least, the middle and the greatest of what came since the recorder's last sample; of what
    came before its first one only the totals."""
    lates = (0.03, 0, 0.01, 0, 0)
    with Ghost(case.net, 4) as ghost, closing(case.net.listener("B", 4, PORT)):
        first = [ghost.calls(late) for late in lates]
        with case.record() as recorder:
            store = recorder.sampled()
            same("before", [total(store, "network"), store.of(mean("network"))], [5, []])
            within("sum", nanoseconds(store, "network") / 1e9,
                   sum(least for least, _ in first) - 5 * UNITS, sum(most for _, most in first))
            recorder.process.send_signal(signal.SIGSTOP)
            then = sorted(ghost.calls(late) for late in lates)
            recorder.process.send_signal(signal.SIGCONT)
            store = recorder.sampled()
            for q, at in (("0", 0), ("0.5", 2), ("1", 4)):
                ((_, value),) = store.of(quantile("network", q))
                within(q, value, (min(b[0] for b in then[at:]) - UNITS) * (1 - SIZE),
                       max(b[1] for b in then[:at + 1]) * (1 + SIZE))
            recorder.end()


def a_fence_begins_anew(case):
    with Ghost(case.net, 4) as ghost, case.record() as recorder, \
            closing(case.net.listener("B", 4, PORT)):
        recorder.sampled()
        ghost.calls(0)
        case.firewall.clear()
        store = recorder.sampled()
        same("the last count", total(store, "network"), 1)
        case.firewall.apply({4: RULES, 6: RULES})
        recorder.sampled()
        ghost.calls(0)
        ghost.calls(0)
        store = recorder.sampled()
        same("in both", store.total(labelled("picket_round_trips_total", side="network")), 3)
        recorder.end()


TESTS = (they_call, they_call_ipv6, we_call, we_call_ipv6, what_is_sent_again_counts_nothing,
         what_never_answers_counts_nothing, many_are_summed_up, a_fence_begins_anew)


def main():
    with fences.Bench(__doc__, "A") as bench:
        for firewall in bench.fences(("lan0",)):
            if firewall.hook == "netfilter":
                continue
            for test in TESTS:
                bench.run(f"{firewall.name}: {test.__name__.replace('_', ' ')}",
                          lambda t=test: t(Rig(bench.net, firewall)), firewall)
            bench.end(firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
