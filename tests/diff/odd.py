# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of other kinds than talk.py's, drawn beside them so that kept seeds stay what they are.

TCP with its options (window scale, SACK, time stamps, data on the SYN), ports used again while the last
connection there is closing, probes for challenge ACKs, urgent data; headers that lie about their length,
segments cut short; all queries of ICMP and ICMPv6, with checksums that are wrong; UDP-Lite, GRE,
fragments; and errors in every shape: about errors, in other directions, with IP options and extension
headers outside and inside, cut anywhere, and redirects.
"""
import random
import struct

import assoc
import talk
from pktest import packet as p, world

SA, FA, PA, RA = p.SYN | p.ACK, p.FIN | p.ACK, p.PSH | p.ACK, p.RST | p.ACK
OPEN = talk.OPEN
CLOSE = [("c", FA, 0), ("s", p.ACK, 0), ("s", FA, 0), ("c", p.ACK, 0)]
DATA = [("c", PA, 60), ("s", p.ACK, 0), ("s", PA, 300), ("c", p.ACK, 0)]
TCP_TALKS = [
    OPEN + DATA + CLOSE + OPEN + DATA,                       # the ports again, in TIME_WAIT
    OPEN + CLOSE + [("s", p.SYN, 0), ("c", SA, 0), ("s", p.ACK, 0)],
    OPEN + CLOSE[:1] + [("c", p.SYN, 0), ("s", p.ACK, 0), ("c", p.RST, 0), ("c", p.SYN, 0)],
    OPEN + CLOSE[:3] + [("c", p.SYN, 0), ("s", p.ACK, 0), ("c", p.ACK, 0), ("s", SA, 0)],
    OPEN + [("c", p.SYN, 0), ("s", p.ACK, 0), ("c", p.RST, 0), ("c", PA, 5)],  # RFC 5961, 4
    OPEN + [("c", p.SYN, 0), ("s", SA, 0), ("c", p.ACK, 0)] + DATA,
    OPEN + [("s", p.RST, 0), ("c", p.SYN, 0), ("s", SA, 0), ("c", p.ACK, 0)],
    OPEN + [("c", FA, 10), ("s", FA, 20), ("c", p.ACK, 0), ("s", p.ACK, 0)],
    OPEN + [("c", p.ACK | p.URG, 9), ("s", p.ACK, 0), ("c", FA | p.URG, 0)],
    OPEN + DATA * 2,
    [("c", p.SYN, 80), ("s", SA, 0), ("c", p.ACK, 0)] + DATA,
    [("c", p.SYN, 0), ("s", SA, 0), ("s", SA, 0), ("s", p.ACK, 0), ("c", PA, 30), ("s", p.ACK, 0)],
    [("c", p.SYN, 0), ("s", p.SYN, 0), ("s", SA, 0), ("c", p.ACK, 0), ("c", PA, 9), ("s", p.ACK, 0)],
    [("c", p.SYN, 0), ("s", p.ACK, 0), ("c", p.RST, 0), ("c", p.SYN, 0), ("s", SA, 0)],
    [("c", p.SYN, 0), ("s", RA, 0), ("c", p.SYN, 0), ("s", RA, 0)],
    [("c", p.SYN | p.URG, 0), ("s", SA | p.URG, 0), ("s", SA, 0), ("c", p.ACK, 0)],
    [("c", PA, 30), ("c", p.SYN, 0), ("s", SA, 0), ("c", p.ACK, 0)],
]
MALFORMED = [b"\x03\x03\xff", b"\x05\x01\1\1", b"\x05\x0a\0\0", b"\x03\x02\1\1", b"\x04\x03\0\0",
             b"\x03\x00\x07\1", b"\x01\x01\x01\x03", b"\x05\x0a" + b"\xff" * 8 + b"\x05\x0a" + b"\0" * 8,
             b"\x03\x03\x0e\x03\x03\x01\1\1", b"\0\x03\x03\x07"]
QUERIES = {4: [(8, 0), (13, 14), (15, 16), (17, 18)], 6: [(128, 129), (139, 140)]}


class Odd(talk.Talks):
    """As Talks, but for talk()."""

    def _syn_options(self):
        scale = self.rng.choice([0, 2, 7, 14, 15, 255])
        parts = [b"\x02\x04\x05\xb4", b"\x04\x02", bytes([3, 3, scale]), b"\x08\x0a" + b"\1" * 8, b"\1"]
        return b"".join(self.rng.sample(parts, self.rng.randrange(6)))

    def _segment_options(self, heard):
        """heard: what the other end has sent, so far."""
        kind = self.rng.random()
        if kind < 0.4:
            return b"\1\1\x08\x0a" + b"\1" * 8
        if kind < 0.65:
            edge = (heard + self.rng.choice([0, 10, 500, 70000, -100000])) & 0xFFFFFFFF
            blocks = struct.pack("!II", heard, edge) * self.rng.choice([1, 1, 2, 3])
            return b"\1\1" + bytes([5, 2 + len(blocks)]) + blocks
        return self.rng.choice(MALFORMED) if kind < 0.75 else b""

    def _number(self, value):
        """A sequence number, sometimes another."""
        if self.chance(8):
            value += self.rng.choice([-1, 1, -200, 5000, 70000, -70000, 1 << 30, 1 << 31])
        return value & 0xFFFFFFFF

    def _tcp(self, client, server, replier, seen):
        sport, dport = self.rng.randrange(20000, 30000), self.port()  # no port of Talks
        sent = {"c": self.rng.choice([self.rng.getrandbits(32), 0xFFFFFFF0]),
                "s": self.rng.getrandbits(32)}
        for who, flags, size in self.rng.choice(TCP_TALKS):
            heard = sent["s" if who == "c" else "c"]
            if flags & p.SYN and self.chance(15):
                sent[who] = (sent[who] + self.rng.choice([100000, -100000])) & 0xFFFFFFFF
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            data = p.tcp(*ends, flags, self._syn_options() if flags & p.SYN else
                         self._segment_options(heard), b"x" * size, self._number(sent[who]),
                         self._number(heard) if flags & p.ACK else self.rng.choice([0, 0, 7]),
                         self.rng.choice([0, 1, 502, 8192, 65535]),
                         self.rng.randrange(16) if self.chance(3) else None)
            sent[who] = (sent[who] + size + bool(flags & p.SYN) + bool(flags & p.FIN)) & 0xFFFFFFFF
            if self.chance(2):
                data = p.summed(*ends[:2], p.TCP, data[:self.rng.randrange(len(data))])
            yield ends[0], ends[1], p.TCP, data

    def _query(self, client, server, replier, seen):
        asks, answers = self.rng.choice(QUERIES[self.family])
        rest = struct.pack("!HH", self.rng.randrange(4, 8), 1)
        for who in self.rng.choice(["cs", "c", "s", "cscs", "css", "scs"]):
            src, dst = (client, server) if who == "c" else (replier, seen)
            kind, code = asks if who == "c" else answers, self.rng.choice([0, 0, 0, 1])
            proto, data = (p.ICMP, p.icmp(kind, code, rest)) if self.family == 4 else \
                (p.ICMPV6, p.icmpv6(src, dst, kind, code, rest))
            yield src, dst, proto, self._spoilt(src, data)

    def _spoilt(self, src, data):
        """An ICMP message, sometimes cut or with another checksum, which Linux asks only of what B
        does not send itself."""
        if self._side(src) == "own":
            return data
        if self.chance(5):
            return data[:2] + self.rng.randbytes(2) + data[4:]
        return data[:self.rng.randrange(9)] if self.chance(3) else data

    def _ports(self, client, server, replier, seen):
        """What has ports, or none, and no machine."""
        sport, dport = self.rng.randrange(20000, 30000), self.port()  # no port of Talks
        proto = self.rng.choice([p.UDPLITE, p.GRE, p.IPIP, p.UDP])
        for who in self.rng.choice(["c", "cs", "csc", "s", "scsc"]):
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            data = {p.UDPLITE: p.udplite, p.UDP: p.udp}.get(proto, lambda *_: b"\0\0\x08\0" * 3)(
                *ends, b"x" * self.rng.randrange(80))
            if proto == p.UDP and self.chance(10):  # a length that lies; the checksum does not
                size = self.rng.choice([7, 8, len(data) + 1])
                data = p.summed(*ends[:2], proto, data[:4] + struct.pack("!H", size) + data[6:])
            yield ends[0], ends[1], proto, data

    def _inner(self, src, dst, proto, data):
        """The packet that an error is about, as it comes back."""
        if self.family == 4:
            more = {"options": self._options()} if self.chance(20) else {}
            if self.chance(10):
                more["offset"] = self.rng.choice([0, 1, 100])
                more["more"] = self.chance(50)
            found = p.ipv4(src, dst, proto, data, **more)
        else:
            found = p.ipv6(src, dst, proto, data,
                           extensions=self._extensions() if self.chance(25) else ())
        if self.chance(25):
            found = found[:self.rng.choice([0, 8, 20, 24, 28, 40, 44, 48, 60])]
        if self.chance(6):
            found = bytes(b ^ self.rng.choice([0x10, 1, 0x20, 0xF]) for b in found[:1]) + found[1:]
        return found

    def _error(self, src, dst, proto, data):
        """Mostly to src; from dst or elsewhere. Also about an error, and to where it does not belong."""
        inner = self._inner(src, dst, proto, data)
        if self.chance(10):
            inner = self._inner(dst, src, *self._message(dst, src, inner))
        sender = self.rng.choice([dst, dst, self.rng.choice(self.near + self.far)])
        target = src if self.chance(85) else self.rng.choice([dst, *self.local])
        return sender, target, *self._message(sender, target, inner)

    def _message(self, sender, target, inner):
        if self.family == 4:
            kind = self.rng.choice([(3, 3), (3, 4), (4, 0), (5, 1), (11, 0), (11, 1), (12, 0), (6, 0)])
            data = p.icmp(*kind, self.rng.randbytes(4), inner)
        elif self.chance(20):
            redirect = bytes(8) + p.packed(target) + p.packed(sender)
            size = (8 + len(inner) + 7) // 8
            option = bytes([4, self.rng.choice([size, size, 0, 200])]) + bytes(6)
            data = p.icmpv6(sender, target, 137, 0, payload=redirect[4:] + option + inner)
        else:
            kind = self.rng.choice([(1, 4), (2, 0), (3, 0), (3, 1), (4, 1), (100, 0)])
            data = p.icmpv6(sender, target, *kind, rest=self.rng.randbytes(4), payload=inner)
        return (p.ICMP if self.family == 4 else p.ICMPV6), self._spoilt(sender, data)

    def talk(self):
        ends = self._ends()
        kind = self.rng.choices([self._tcp, self._query, self._ports], [6, 2, 2])[0]
        for src, dst, proto, data in kind(*ends):
            if not self.chance(5):
                for _ in range(2 if self.chance(8) else 1):
                    yield src, dst, proto, data
            if self.chance(25):
                yield self._error(*self._seen(ends, src, dst), proto, data)

    def packets(self, ident, src, dst, proto, data):
        """Sometimes with options or extension headers, or in fragments."""
        if self.family == 4:
            more = {"ident": ident, "options": self._options() if self.chance(8) else b""}
            if self.chance(4) and len(data) > 16:
                return self._cut(data, lambda part, at, last: p.ipv4(
                    src, dst, proto, part, offset=at // 8, more=not last, **more))
            return [p.ipv4(src, dst, proto, data, **more)]
        extensions = [p.destination(b"\5\2\0\0")] if self.chance(8) else []
        if self.chance(4) and len(data) > 16:
            return self._cut(data, lambda part, at, last: p.ipv6(
                src, dst, proto, part, ident, extensions=extensions + [
                    p.fragment(at // 8, not last, ident)]))
        return [p.ipv6(src, dst, proto, data, ident, extensions=extensions)]


def values(seed, family, nat):
    """What rules and packets of a case share, and draws rules."""
    drawn = talk.StateRules(random.Random(f"picket talk {seed} {family}"), family, "full", nat)
    if nat:
        drawn.addresses = drawn.addresses + [world.SNAT_FROM[family], world.SNAT_TO[family]]
    return drawn


def case(seed, family, packets, rules, nat):
    """(RuleSet, [Probe], number of conversations) of all kinds, else as gen.case."""
    drawn = values(seed, family, nat)
    rs = drawn.rule_set(rules)
    first = 1 + seed * packets % 60000
    usual = talk.Talks(drawn)
    probes = usual.probes(first, packets)
    drawn.rng = random.Random(f"picket odd {seed} {family}")
    others = Odd(drawn)
    more = others.probes(first + packets, packets)
    woven = talk.weave(drawn.rng, [probes, more])
    drawn.rng = random.Random(f"picket sctp {seed} {family}")
    third = assoc.Associations(drawn)
    return rs, talk.weave(drawn.rng, [woven, third.probes(first + 3 * packets, packets // 2)]), \
        usual.ended + others.ended + third.ended
