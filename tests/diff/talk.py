# SPDX-License-Identifier: GPL-2.0-or-later
"""Random conversations, and rules that ask for their state: as gen.py, but the order of probes matters.

A conversation is a list of steps (who, flags, bytes, offset): handshakes whole and half, resets,
retransmissions, segments outside the window, mid-stream segments, simultaneous open, UDP both ways,
echo, and ICMP errors about what was sent. Steps are lost, doubled and changed on the way, and several
conversations are woven into one another.
"""
import random
import struct
import time

import gen
from pktest import packet as p, world

SA, FA, PA = p.SYN | p.ACK, p.FIN | p.ACK, p.PSH | p.ACK
OPEN = [("c", p.SYN, 0), ("s", SA, 0), ("c", p.ACK, 0)]
TCP_TALKS = [
    OPEN + [("c", PA, 40), ("s", p.ACK, 0), ("s", PA, 90), ("c", FA, 0), ("s", FA, 0), ("c", p.ACK, 0)],
    OPEN + [("s", PA, 10), ("c", p.ACK, 0), ("s", p.RST, 0), ("c", PA, 5)],
    OPEN + [("c", p.RST | p.ACK, 0), ("s", PA, 8), ("c", p.SYN, 0)],
    [("c", p.SYN, 0), ("c", p.SYN, 0), ("c", p.SYN, 0)],
    [("c", p.SYN, 0), ("s", p.RST | p.ACK, 0), ("c", p.SYN, 0), ("s", SA, 0)],
    [("c", p.SYN | p.ECE | p.CWR, 0), ("s", SA | p.ECE, 0), ("c", PA, 20), ("s", p.ACK, 0)],
    [("c", p.SYN, 0), ("s", p.SYN, 0), ("c", SA, 0), ("s", SA, 0), ("c", PA, 3)],
    [("c", PA, 30), ("s", p.ACK, 0), ("s", PA, 30), ("c", p.ACK, 0)],
    [("s", SA, 0), ("c", p.RST, 0)],
    [("c", p.ACK, 0)],
    [("c", 0, 0), ("c", 0x3F, 0)],
]


# Of a first packet Linux reckons the time that is left as if its clock, which starts at minus five
# minutes (INITIAL_JIFFIES), stood at zero or beyond (nf_ct_expires() before __nf_conntrack_confirm()).
YOUNG = time.clock_gettime(time.CLOCK_BOOTTIME) < 320


class StateRules(gen.Rules):
    """Half of the rules ask for the state of the connection."""

    numbers = 0  # kept seeds stay what they are

    def rule(self, chain, later):
        if self.chance(35):
            return super().rule(chain, later)
        match = f"-m state {self._not()}--state {self._states(5)}" if self.chance(25) else \
            f"-m conntrack {self._parts()}"
        if self.chance(40):
            match = f"-p {self.rng.choice(['tcp', 'udp', self.icmp])} {match}"
        return " ".join([match] + self._target(chain, later, self.chance(50)))

    def _states(self, n):
        names = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "DNAT", "SNAT"][:n]
        return ",".join(self.rng.sample(names, self.rng.choice([1, 1, 2, 3])))

    def _parts(self):
        end = self.rng.choice(["origsrc", "origdst", "replsrc", "repldst"])
        low, high = sorted(self.rng.choice([0, 5, 20, 45, 90, 150, 400, 1000, 500000]) for _ in "ab")
        low, high = (0, (1 << 32) - 1) if YOUNG else (low, high)
        length = self.rng.choice([self.bits, self.bits, 8, 16, 24, 0])
        parts = [
            f"{self._not()}--ctproto {self.rng.choice(['tcp', 'udp', '1', '58'])}",
            f"{self._not()}--ct{end} {self.rng.choice(self.addresses)}/{length}",
            f"{self._not()}--ct{end}port {self._ports()}",
            f"{self._not()}--ctstatus " + self.rng.choice(
                ["NONE", "SEEN_REPLY", "ASSURED", "CONFIRMED", "EXPECTED,ASSURED"]),
            f"{self._not()}--ctexpire {low}:{high}",
            "--ctdir " + self.rng.choice(["ORIGINAL", "REPLY"]),
        ]
        some = self.rng.sample(parts, self.rng.choice([0, 0, 1, 1, 2, 3]))
        if not some or self.chance(70):
            some.insert(0, f"{self._not()}--ctstate {self._states(7)}")
        return " ".join(some)

    def rule_set(self, rules=10):
        """In front a rule that only counts: iptables tracks for as long as one asks."""
        rs = super().rule_set(rules)
        rs.chains["INPUT"].insert(0, "-m conntrack --ctstate NEW")
        return rs


class Talks(gen.Packets):
    """Draws conversations, as lists of (side, source, destination, protocol, data)."""

    def _side(self, address):
        if address in self.local or address == self.loop:
            return "own"
        near = self.near + [world.SNAT_FROM[self.family]]
        return "A" if address in near else "C"

    def _ends(self):
        """(client, server, and as the server's side sees them: the source of replies, their target)

        Nobody but through NAT talks with its target: of two connections that became the same one
        the kernel gives a random source port.
        """
        nat = (world.NAT_FROM[self.family], world.NAT_TO[self.family])
        far = [a for a in self.far if a not in nat]
        before = [a for a in self.far if a == nat[0]]
        if before and self.chance(30):
            client, server = world.SNAT_FROM[self.family], self.rng.choice(far + before)
            seen = world.SNAT_TO[self.family]
        else:
            client = seen = self.rng.choice(self.near + far + self.local)
            server = self.rng.choice(self.near + far + self.local * 2 + before)
        return client, server, nat[1] if server == nat[0] else server, seen

    def _seen(self, ends, src, dst):
        """The ends of a packet as the side that it arrives at sees them."""
        client, server, replier, seen = ends
        return {(client, server): (seen, replier), (replier, seen): (server, client)}.get(
            (src, dst), (src, dst))

    def _error(self, src, dst, proto, data):
        """From the destination, or from on the way, about a packet from src to dst."""
        inner = p.ipv4(src, dst, proto, data) if self.family == 4 else p.ipv6(src, dst, proto, data)
        inner = inner[:self.rng.choice([28 if self.family == 4 else 48, 200])]
        if self.chance(15):
            inner = inner[:-4] + self.rng.randbytes(4)
        sender = dst if self.chance(70) else self.rng.choice(self.near + self.far)
        if self.family == 4:
            kind = self.rng.choice([(3, 3), (3, 1), (11, 0)])
            return sender, src, p.ICMP, p.icmp(*kind, payload=inner)
        kind = self.rng.choice([(1, 4), (2, 0), (3, 0)])
        return sender, src, p.ICMPV6, p.icmpv6(sender, src, *kind, payload=inner)

    def _tcp(self, client, server, replier, seen):
        sport, dport = self.port(), self.port()
        sequence = {"c": self.rng.getrandbits(32), "s": self.rng.getrandbits(32)}
        for who, flags, size in self.rng.choice(TCP_TALKS):
            other = "s" if who == "c" else "c"
            seq, ack = sequence[who], sequence[other] if flags & p.ACK else 0
            if self.chance(6):
                seq += self.rng.choice([-1, 1, 70000, 1 << 30, -70000])
            if self.chance(4):
                ack += self.rng.choice([1, 100000, -100000])
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            data = p.tcp(*ends, flags, b"", b"x" * size, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF)
            taken = size + bool(flags & p.SYN) + bool(flags & p.FIN)
            sequence[who] = (sequence[who] + taken) & 0xFFFFFFFF
            yield ends[0], ends[1], p.TCP, data

    def _udp(self, client, server, replier, seen):
        sport, dport = self.port(), self.port()
        for who in self.rng.choice(["c", "cs", "csc", "cscs", "s", "sc", "cc"]):
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            yield ends[0], ends[1], p.UDP, p.udp(*ends, b"x" * self.rng.randrange(20))

    def _echo(self, client, server, replier, seen):
        rest = struct.pack("!HH", self.rng.randrange(4), 1)
        for who in self.rng.choice(["cs", "c", "s", "cscs", "css"]):
            src, dst = (client, server) if who == "c" else (replier, seen)
            if self.family == 4:
                yield src, dst, p.ICMP, p.icmp(8 if who == "c" else 0, 0, rest)
            else:
                yield src, dst, p.ICMPV6, p.icmpv6(src, dst, 128 if who == "c" else 129, 0, rest)

    def _other(self, client, server, replier, seen):
        """What tracks only addresses, or a first packet."""
        sport, dport = self.port(), self.port()
        for src, dst in ((client, server), (replier, seen), (client, server)):
            init = p.sctp(sport, dport, 0, b"\x01\0\0\x04" + b"\0" * 16)  # too short for one
            yield self.rng.choice([(src, dst, p.SCTP, init),
                                   (src, dst, p.DCCP, p.dccp(src, dst, sport, dport)),
                                   (src, dst, p.GRE, b"\0" * 8), (src, dst, p.ESP, b"\0" * 16)])

    def talk(self):
        ends = self._ends()
        kind = self.rng.choices([self._tcp, self._udp, self._echo, self._other], [10, 5, 3, 2])[0]
        for src, dst, proto, data in kind(*ends):
            if not self.chance(8):
                for _ in range(2 if self.chance(8) else 1):
                    yield src, dst, proto, data
            if self.chance(12):
                yield self._error(*self._seen(ends, src, dst), proto, data)

    def probes(self, first, count):
        """So many packets; `ended` counts the conversations of which all were drawn."""
        talks, found, self.ended = [], [], 0
        while len(found) < count:
            while len(talks) < 5:
                talks.append(self.talk())
            talk = self.rng.choice(talks)
            step = next(talk, None)
            if step is None:
                talks.remove(talk)
                self.ended += 1
                continue
            found.append(self.probe(first + len(found), *step))
        return found

    def probe(self, ident, *step):
        return gen.Probe(ident, self.family, self._side(step[0]), self.packets(ident, *step))

    def packets(self, ident, src, dst, proto, data):
        return [p.ipv4(src, dst, proto, data, ident) if self.family == 4 else
                p.ipv6(src, dst, proto, data, ident)]


def weave(rng, lists):
    """One list of several, each in its order."""
    places = [i for i, some in enumerate(lists) for _ in some]
    rng.shuffle(places)
    each = [iter(some) for some in lists]
    return [next(each[i]) for i in places]
