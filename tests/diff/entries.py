# SPDX-License-Identifier: GPL-2.0-or-later
"""What two tables of connections say of the same conversations: picket's own (tc, XDP) and that of the
kernel in which the oracle stands.

Compared are both tuples, the state of TCP and SCTP, ASSURED and UNREPLIED, of TCP, SCTP, UDP and echo
requests that a case has sent. Both sides are read as text that people read, too: `picket conn --json`,
and the kernel's own list, /proc/net/nf_conntrack, which is what `conntrack -L` prints.
"""
import ipaddress
import json
import struct

from pktest import packet as p

LISTED = "/proc/thread-self/net/nf_conntrack"
NUMBERS = {"tcp": p.TCP, "udp": p.UDP, "icmp": p.ICMP, "icmpv6": p.ICMPV6,
           "ipv6-icmp": p.ICMPV6, "sctp": p.SCTP}
FIELDS = ("src", "dst", "sport", "dport", "type", "code", "id")
ECHO = {p.ICMP: (0, 8), p.ICMPV6: (128, 129)}


def _tuple(fields):
    """Of a dict: addresses packed, numbers as numbers, in one order."""
    ends = [ipaddress.ip_address(fields[name]).packed for name in FIELDS[:2]]
    return (*ends, *(int(fields[name]) for name in FIELDS[2:] if name in fields))


def _line(line):
    """(protocol's name, state or "", original, reply, flags) of a line of the kernel's list."""
    words, tuples, flags = line.split(), [], set()
    for word in words:
        name, _, value = word.partition("=")
        if name == "src":
            tuples.append({})
        if value and name in FIELDS:
            tuples[-1][name] = value
        elif word[0] == "[":
            flags.add(word[1:-1])
    return words[2], words[5] if words[2] in ("tcp", "sctp") else "", *tuples, flags


def kernels(space):
    """{original tuple with the protocol's number: what is said of it}; None if there is no such list."""
    with space:
        try:
            with open(LISTED, encoding="ascii") as f:
                lines = [_line(line) for line in f]
        except FileNotFoundError:
            return None
    return {(NUMBERS[name], *_tuple(one)): (state, _tuple(two), "ASSURED" in flags, "UNREPLIED" in flags)
            for name, state, one, two, flags in lines if name in NUMBERS}


def pickets(fence):
    found = json.loads(fence.command("conn", "--json").stdout)["connections"]
    return {(NUMBERS[c["protocol"]], *_tuple(c["original"])):
            (c.get("state", ""), _tuple(c["reply"]), "ASSURED" in c["status"],
             "SEEN_REPLY" not in c["status"]) for c in found if c["protocol"] in NUMBERS}


def talk_of(proto, src, dst, *rest):
    """What both directions of a conversation have in common."""
    if proto in ECHO:
        return proto, frozenset((src, dst)), rest[-1]
    return proto, frozenset(((src, rest[0]), (dst, rest[1])))


def talks(probes):
    """The conversations that probes belong to."""
    found = set()
    for probe in probes:
        q = p.Parsed(probe.packets[0])
        if len(q.payload) < 8:
            continue
        if q.proto in (p.TCP, p.UDP, p.SCTP):
            found.add(talk_of(q.proto, q.src, q.dst, *struct.unpack("!HH", q.payload[:4])))
        elif q.proto in ECHO and q.payload[0] in ECHO[q.proto]:
            found.add(talk_of(q.proto, q.src, q.dst, *struct.unpack("!H", q.payload[4:6])))
    return found


def differences(kernel, picket, wanted):
    """Lines that say how the entries of wanted conversations differ."""
    both = [{key: said for key, said in table.items() if talk_of(*key) in wanted}
            for table in (kernel, picket)]
    return [f"entry {_show(key)}: the kernel {both[0].get(key)}, picket {both[1].get(key)}"
            for key in sorted(set(both[0]) | set(both[1])) if both[0].get(key) != both[1].get(key)]


def _show(key):
    return f"{key[0]} {ipaddress.ip_address(key[1])} {ipaddress.ip_address(key[2])} {key[3:]}"
