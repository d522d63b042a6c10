# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of SCTP, drawn beside talk.py's and odd.py's so that kept seeds stay what they are.

A step is (who, tag, chunks). Handshakes whole, half, repeated, crossing and begun again; wrong tags,
ABORT and SHUTDOWN COMPLETE with and without T, paths that begin with a HEARTBEAT, shutdowns of one end
and of both, mid-stream packets, bundles, chunks that are cut or lie about their length; and chunks in no
order at all.
"""
import struct

import talk
from pktest import packet as p

DATA, INIT, INIT_ACK, SACK, BEAT, BEAT_ACK, ABORT, DOWN, DOWN_ACK, ERROR, ECHO, ACK = range(12)
COMPLETE = 14
T = 0x100  # in a step: with this flag
ALL = [DATA, INIT, INIT_ACK, SACK, BEAT, BEAT_ACK, ABORT, ABORT | T, DOWN, DOWN_ACK, ERROR, ECHO, ACK,
       COMPLETE, COMPLETE | T, 12, 0x80, 0xC1]

# Tags: of the direction, 0, the sender's own, one that nobody has.
RIGHT, ZERO, OWN, WRONG = range(4)
OPEN = [("c", ZERO, [INIT]), ("s", RIGHT, [INIT_ACK]), ("c", RIGHT, [ECHO]), ("s", RIGHT, [ACK])]
MIDDLE = [("c", RIGHT, [DATA]), ("s", RIGHT, [SACK, DATA]), ("c", RIGHT, [SACK])]
CLOSE = [("c", RIGHT, [DOWN]), ("s", RIGHT, [DOWN_ACK]), ("c", RIGHT, [COMPLETE])]
TALKS = [
    OPEN + MIDDLE + CLOSE + OPEN[:2],
    OPEN + [("s", RIGHT, [DOWN, SACK]), ("c", RIGHT, [DOWN_ACK]), ("s", RIGHT, [COMPLETE])] + OPEN,
    OPEN + CLOSE[:1] + [("s", RIGHT, [DOWN]), ("c", RIGHT, [DOWN_ACK]), ("s", RIGHT, [DOWN_ACK])],
    OPEN[:2] + [("c", RIGHT, [ECHO, DATA, DATA]), ("s", RIGHT, [ACK, SACK])] + MIDDLE,
    OPEN[:1] * 3 + OPEN[1:2] * 2 + OPEN[2:3] * 2 + OPEN[3:] + MIDDLE,
    OPEN[:1] + [("s", RIGHT, [ABORT])] + OPEN[:1],
    OPEN[:3] + [("s", RIGHT, [ERROR])] + OPEN,
    OPEN + [("c", RIGHT, [ABORT])] + MIDDLE[:1] + OPEN,
    OPEN + [("s", OWN, [ABORT | T]), ("c", RIGHT, [DATA])],
    OPEN + CLOSE[:2] + [("c", OWN, [COMPLETE | T])],
    OPEN + MIDDLE + OPEN + MIDDLE,  # begun again
    OPEN + OPEN[:1] + [("s", RIGHT, ["new", INIT_ACK])] + MIDDLE,  # an answer to an INIT that is late
    OPEN[:1] + [("s", ZERO, [INIT]), ("c", RIGHT, [INIT_ACK]), ("s", RIGHT, [INIT_ACK])] + OPEN[2:] +
    [("s", RIGHT, [ECHO]), ("c", RIGHT, [ACK])] + MIDDLE,  # both ends begin (RFC 9260, 5.2.1)
    OPEN[:1] + [("s", ZERO, [INIT]), ("c", RIGHT, [INIT_ACK]), ("s", RIGHT, [ECHO]),
                ("c", RIGHT, [ACK])],
    [("c", RIGHT, [BEAT]), ("s", RIGHT, [BEAT_ACK])] + MIDDLE + CLOSE,  # another path
    [("c", RIGHT, [BEAT]), ("s", RIGHT, [BEAT]), ("s", RIGHT, [BEAT_ACK]),
     ("c", RIGHT, [BEAT_ACK])] + MIDDLE,
    OPEN + [("c", WRONG, [BEAT]), ("s", WRONG, [BEAT_ACK])] + MIDDLE,
    OPEN + [("c", WRONG, [BEAT]), ("s", RIGHT, [BEAT]), ("s", WRONG, [BEAT_ACK])] + MIDDLE,
    MIDDLE + CLOSE,
    [("s", RIGHT, [DOWN_ACK]), ("c", OWN, [COMPLETE | T])],
    [("c", RIGHT, [ECHO]), ("s", RIGHT, [ACK])] + MIDDLE,
]


class Associations(talk.Talks):
    """As Talks, but for talk()."""

    def _chunk(self, kind, tag):
        flags = 1 if kind & T else 0
        kind &= 0xFF
        if kind in (INIT, INIT_ACK):
            body = struct.pack("!IIHHI", tag, 65535, 10, 10, 1)
            body = body[:self.rng.randrange(16)] if self.chance(3) else body
        else:
            body = b"x" * self.rng.choice([0, 0, 4, 8, 12, 13, 15, 40])
        size = 4 + len(body)
        if self.chance(2):
            size = self.rng.choice([0, 1, 3, size + 1, size + 40, 65535])
        return struct.pack("!BBH", kind, flags, size) + body + bytes(-len(body) % 4)

    def _packet(self, ends, who, tag, kinds, tags):
        """tags: of both ends, each what the other one's packets carry."""
        other = "s" if who == "c" else "c"
        if "new" in kinds:
            tags[who] = self.rng.getrandbits(32)
        if kinds[0] == INIT and self.chance(30):
            tags[who] = self.rng.choice([tags[who] ^ 1, tags[other]])
        if self.chance(6):
            tag = self.rng.randrange(4)
        kinds = [kind for kind in kinds if kind != "new"]
        if self.chance(8):
            kinds = kinds + [self.rng.choice(ALL)]
        if self.chance(1):
            kinds = kinds + [self.rng.choice([ERROR, BEAT, DATA])] * self.rng.randrange(7)
        vtag = (tags[other], 0, tags[who], self.wrong)[tag]
        rest = b"".join(self._chunk(kind, tags[who]) for kind in kinds)
        if self.chance(3):
            rest = rest[:self.rng.randrange(len(rest) + 1)]
        return p.sctp(*ends, vtag, rest)

    def _steps(self):
        if self.chance(65):
            return self.rng.choice(TALKS)
        steps = [(self.rng.choice("cs"), self.rng.choice([RIGHT] * 6 + [ZERO, OWN, WRONG]),
                  [self.rng.choice(ALL[:-2])]) for _ in range(self.rng.randrange(2, 12))]
        return self.rng.choice([OPEN, OPEN[:1], OPEN[:2], OPEN[:3], []]) + steps

    def talk(self):
        client, server, replier, seen = self._ends()
        sport, dport = self.rng.randrange(20000, 30000), self.port()
        tags = {who: self.rng.getrandbits(32) for who in "cs"}
        self.wrong = self.rng.getrandbits(32)
        for who, tag, kinds in self._steps():
            src, dst = (client, server) if who == "c" else (replier, seen)
            ends = (sport, dport) if who == "c" else (dport, sport)
            data = self._packet(ends, who, tag, kinds, tags)
            if not self.chance(5):
                for _ in range(2 if self.chance(8) else 1):
                    yield src, dst, p.SCTP, data
            if self.chance(6):
                yield self._error(*self._seen((client, server, replier, seen), src, dst), p.SCTP, data)

    def packets(self, ident, src, dst, proto, data):
        """Sometimes behind options or extension headers."""
        if self.family == 4:
            return [p.ipv4(src, dst, proto, data, ident,
                           options=self._options() if self.chance(4) else b"")]
        return [p.ipv6(src, dst, proto, data, ident,
                       extensions=[p.destination(b"\5\2\0\0")] if self.chance(4) else ())]
