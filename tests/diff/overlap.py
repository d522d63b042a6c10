# SPDX-License-Identifier: GPL-2.0-or-later
"""Fragments that overlap, drawn beside the other probes so that kept seeds stay what they are.

Kernels do not put together a datagram of which two fragments cover the same bytes in part: all of it
goes (inet_frag_queue_insert(), RFC 5722). One that adds nothing is left out, and what came first
stands: so a second first fragment, with other ports, changes nothing for the receiver. Either way
nothing is left in a reassembly queue, since the last fragment of a probe ends it.
"""
import random

import gen
import talk
from pktest import packet as p


class Overlaps(talk.Talks):
    """As Talks, but for talk() and packets()."""

    def talk(self):
        client, server, replier, seen = self._ends()
        ports = self.rng.randrange(20000, 30000), self.port()
        for who in self.rng.choice(["c", "cs", "ccs"]):
            ends = (client, server, *ports) if who == "c" else (replier, seen, *reversed(ports))
            yield ends[0], ends[1], *self._datagram(ends)

    def _datagram(self, ends):
        if self.chance(60):
            return p.UDP, p.udp(*ends, b"x" * self.rng.choice([40, 56, 100]))
        return p.TCP, p.tcp(*ends, self.rng.choice([p.SYN, p.ACK]), b"", b"x" * 60)

    def _pieces(self, data):
        """(offset, bytes, whether more follow) in the order in which they are sent."""
        size = self.rng.choice([8, 16, 24, 32])
        parts = [(at, data[at:at + size], at + size < len(data)) for at in range(0, len(data), size)]
        first = data[:2] + self.port().to_bytes(2, "big") + data[4:size]  # to another port
        again = (0, first, True)
        if self.chance(50):  # adds nothing, behind the one that stands, or before it
            return self.rng.choice([[parts[0], again] + parts[1:], [again] + parts])
        reach = data[4:4 + size + 8]  # of the first one's bytes and of some behind it
        return parts[:1] + parts[2:-1] + [self.rng.choice([
            (0, first + b"y" * 8, True), (size - 8, reach[:len(reach) // 8 * 8], True)])]

    def packets(self, ident, src, dst, proto, data):
        if self.family == 4:
            return [p.ipv4(src, dst, proto, part, ident, offset=at // 8, more=more)
                    for at, part, more in self._pieces(data)]
        return [p.ipv6(src, dst, proto, part, ident, extensions=[p.fragment(at // 8, more, ident)])
                for at, part, more in self._pieces(data)]


def case(seed, family, packets, state, nat):
    """[Probe] for the rule set of such a case: one for each ten packets."""
    kind, word = (talk.StateRules, " talk") if state else (gen.Rules, "")
    values = kind(random.Random(f"picket{word} {seed} {family}"), family, "full", nat)
    values.rng = random.Random(f"picket overlap {seed} {family}")
    return Overlaps(values).probes(1 + seed * packets % 60000 + 4 * packets, packets // 10)
