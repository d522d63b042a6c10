# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets at the edges of what is tracked, drawn beside talk.py's and odd.py's so that kept seeds stay.

Calls of PPTP in GRE, and GRE of any version cut short; bytes behind the packet's end that look like the
rest of it; redirects of IPv6, sound and unsound; chains of extension headers that end with none or that
an error carries; jumbo payloads that are none; ports 0; groups and broadcasts as destinations, and as
sources; priority tags; protocols of the other family.
"""
import random
import struct

import gen
import odd
import talk
from pktest import packet as p

GROUPS = {4: ["10.1.0.3", "224.0.0.1", "255.255.255.255"], 6: ["ff02::1"]}
# Not the networks' own broadcasts: what the host answers to one comes back to it.
MARTIANS = {4: ["224.0.0.9", "255.255.255.255"], 6: ["fe80::2", "ff02::9"]}
ROUTER = "fe80::2"
TAGS = [((0x8100, 0),), ((0x88A8, 0),), ((0x88A8, 0), (0x8100, 0))]
# Number and first bytes of payload, of protocols that only their addresses tell apart, or none.
OTHERS = [(0, b"\6\0\1\4\0\0\0\0"), (41, b"`" * 40), (43, b"\x3b" + b"\0" * 7), (50, b"\0" * 8),
          (51, b"\x3b\4" + b"\0" * 22), (59, b""), (60, b"\x3b" + b"\0" * 7), (255, b"\0" * 8)]
PING = {4: (p.ICMPV6, b"\x80\0\0\0\0\0\0\1"), 6: (p.ICMP, p.icmp(8, 0))}  # the other family's


class Edges(odd.Odd):
    """As Odd, but steps are (source, destination, protocol, data, more): what packets() is told."""

    def _gre(self, client, server, replier, seen):
        """Of a call, each direction has its own number (RFC 2637, 4.1)."""
        calls = {"c": self.rng.choice([0, 7, 512]), "s": self.rng.choice([0, 7, 512])}
        for who in self.rng.choice(["c", "cs", "csc", "ccss"]):
            version = self.rng.choice([1, 1, 1, 0, 2])
            kind = self.rng.choice([0x880B, 0x880B, 0x880B, 0x0800])
            data = struct.pack("!BBHHHI", 0x30, 0x80 | version, kind, 4, calls[who], 1) + b"call"
            data = data[:self.rng.choice([16, 16, 12, 8, 7, 4, 3, 0])]
            yield (*((client, server) if who == "c" else (replier, seen)), p.GRE, data, {})

    def _port_0(self, client, server, replier, seen):
        sport, dport = self.rng.choice([(0, 0), (0, self.port()), (self.rng.randrange(30000, 30100), 0)])
        build = self.rng.choice([p.udp, p.tcp])
        for who in self.rng.choice(["c", "cs", "csc"]):
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            yield ends[0], ends[1], p.UDP if build is p.udp else p.TCP, build(*ends), {}

    def _group(self, client, _server, _replier, _seen):
        """To many; the answer comes from one. And what pretends to come from many."""
        sport, dport = self.rng.randrange(30000, 30100), self.port()
        group = self.rng.choice(GROUPS[self.family])
        if self._side(client) == "own":
            client = self.rng.choice(self.near)
        yield client, group, p.UDP, p.udp(client, group, sport, dport), {}
        yield self.local[0], client, p.UDP, p.udp(self.local[0], client, dport, sport), {}
        if self.chance(50):
            src, dst = self.rng.choice(MARTIANS[self.family]), self.rng.choice(self.local)
            yield src, dst, p.UDP, p.udp(src, dst, sport, dport), {}

    def _protocol_of_few(self, client, server, replier, seen):
        proto, data = self.rng.choice(OTHERS + [PING[self.family]])
        for src, dst in ((client, server), (replier, seen), (client, server)):
            yield src, dst, proto, data, {}

    def _chain(self, client, server, replier, seen):
        """UDP behind more headers than usual, or none; a length of 0, which only a jumbo payload has."""
        sport, dport = self.rng.randrange(30000, 30100), self.port()
        for who in self.rng.choice(["c", "cs"]):
            ends = (client, server, sport, dport) if who == "c" else (replier, seen, dport, sport)
            more = {}
            if self.family == 6:
                count = self.rng.choice([0, 1, 14, 15, 16])
                more["extensions"] = [p.destination()] * count
                if self.chance(15):
                    more = {"extensions": [p.hop_by_hop(b"\5\2\0\0")], "length": 0}
            proto = p.NONE if self.chance(25) else p.UDP
            yield ends[0], ends[1], proto, p.udp(*ends, b"chain"), more

    def _unsummed(self, client, server, replier, seen):
        """Pings whose checksum may be wrong, which Linux asks only of what comes in."""
        kind = (8, 128)[self.family == 6]
        for who in self.rng.choice(["cs", "scs", "cscs"]):
            src, dst = (client, server) if who == "c" else (replier, seen)
            rest = struct.pack("!HH", self.rng.choice([0, 9]), 0)
            data = p.icmp(kind, 0, rest) if self.family == 4 else p.icmpv6(src, dst, kind, 0, rest)
            yield src, dst, p.ICMP if self.family == 4 else p.ICMPV6, \
                data[:2] + self.rng.choice([data[2:4], b"\0\0", b"\xff\xff"]) + data[4:], {}
            kind = (0, 129)[self.family == 6] if who == "c" else kind

    def _redirect(self, *_):
        """To one of B's own, about what it has sent (nf_conntrack_icmpv6_redirect())."""
        src, dst = self.rng.choice(self.local), self.rng.choice(self.near + self.far)
        sport, dport = self.rng.randrange(30000, 30100), self.port()
        data = p.udp(src, dst, sport, dport)
        yield src, dst, p.UDP, data, {}
        inner = p.ipv6(src, dst, p.UDP, data)[:self.rng.choice([48, 48, 44, 39, 8])]
        option = bytes([self.rng.choice([4, 4, 4, 1]), self.rng.choice([7, 7, 7, 1, 0])]) + bytes(6)
        sender = self.rng.choice([ROUTER, ROUTER, ROUTER, "fd01::2"])
        message = p.icmpv6(sender, src, 137, self.rng.choice([0, 0, 0, 1]), payload=(
            p.packed(ROUTER) + p.packed(dst) + option + inner)[:self.rng.choice([200] * 5 + [33, 20])])
        yield sender, src, p.ICMPV6, message, {"hops": self.rng.choice([255, 255, 255, 64])}

    def _with_error(self, talk, ends):
        for src, dst, proto, data, more in talk:
            yield src, dst, proto, data, more
            if self.chance(30) and src not in MARTIANS[self.family]:
                extensions = more.get("extensions", ())
                inner = p.ipv6(*self._seen(ends, src, dst), proto, data, extensions=extensions) \
                    if self.family == 6 else p.ipv4(*self._seen(ends, src, dst), proto, data)
                back, forth = self._seen(ends, src, dst)
                yield forth, back, *self._message(forth, back, inner), {}

    def talk(self):
        ends = self._ends()
        kinds = [self._gre, self._port_0, self._group, self._protocol_of_few, self._chain,
                 self._unsummed]
        kinds += [self._redirect] * (self.family == 6)
        for step in self._with_error(self.rng.choice(kinds)(*ends), ends):
            yield step

    def probe(self, ident, *step):
        side, packets = self._side(step[0]), self.packets(ident, *step)
        if side == "own":
            return gen.Probe(ident, self.family, side, packets)
        tags = self.rng.choice(TAGS) if self.chance(5) else ()
        pad = self.rng.randbytes(30) if self.chance(10) else b""
        if self.chance(15):  # an end that is behind the end
            packets, pad = self._shorter(packets[0])
        return gen.Probe(ident, self.family, side, packets, tags, pad)

    def _shorter(self, data):
        """([packet], the bytes behind it): the packet's length says less than there is."""
        q = p.Parsed(data)
        keep = q.header + self.rng.randrange(len(q.payload) + 1)
        if self.family == 6 and not q.length > 40:
            return [data], b""
        head = bytearray(data[:keep])
        if self.family == 4:
            head[2:4] = struct.pack("!H", keep)
            head[10:12] = b"\0\0"
            head[10:12] = struct.pack("!H", p.checksum(bytes(head[:q.header])))
        else:
            head[4:6] = struct.pack("!H", keep - 40)
        return [self._resummed(bytes(head), q)], data[keep:]

    def _resummed(self, data, q):
        """Checksums that hold for what is left."""
        rest = data[q.header:]
        if q.proto in (p.TCP, p.UDP):
            return data[:q.header] + p.summed(q.src, q.dst, q.proto, rest)
        if q.proto == p.ICMP and self.family == 4 and len(rest) >= 8:
            return data[:q.header] + p.icmp(rest[0], rest[1], rest[4:8], rest[8:])
        if q.proto == p.ICMPV6 and self.family == 6 and len(rest) >= 8:
            return data[:q.header] + p.icmpv6(q.src, q.dst, rest[0], rest[1], rest[4:8], rest[8:])
        return data

    def packets(self, ident, src, dst, proto, data, more):
        if self.family == 4:
            return [p.ipv4(src, dst, proto, data, ident, **more)]
        return [p.ipv6(src, dst, proto, data, ident, **more)]


def case(seed, family, packets, rules, nat):
    """As odd.case, and half as many packets of these again."""
    rs, probes, ended = odd.case(seed, family, packets, rules, nat)
    drawn = odd.values(seed, family, nat)
    drawn.rng = random.Random(f"picket edge {seed} {family}")
    edges = Edges(drawn)
    more = edges.probes(1 + seed * packets % 60000 + 2 * packets, packets // 2)
    return rs, talk.weave(drawn.rng, [probes, more]), ended + edges.ended
