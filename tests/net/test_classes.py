#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes of docs/exactness.md that the differential test does not draw: what routing goes by (5, 6),
wrong checksums (11), source addresses made of MAC addresses that are not there (12), and neighbours that
are not known (14); and what of overlapping fragments (2) a host may get. Each test asks iptables and
every hook, and expects the difference that is named there, or none where there is none.

    test_classes.py [--fence netfilter|tc|xdp|legacy]...
"""
import contextlib
import fcntl
import ipaddress
import itertools
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, fences, hosts, packet as p  # noqa: E402

COUNT = 23  # packets of each kind: a prime
DATAGRAM = itertools.count(1)  # an incomplete one waits for fragments with its number for a minute
TABLE = "77"  # of routes: the default one goes to D
OUT = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -o wan0 -p udp
-A FORWARD -o dmz0 -p udp
-A FORWARD -o vx0 -p udp
COMMIT
"""
SENT = fence.EMPTY.replace("COMMIT", "-A OUTPUT -p udp --dport 1000\nCOMMIT")
STATES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m conntrack --ctstate NEW
-A INPUT -p udp -m conntrack --ctstate INVALID
-A INPUT -p sctp -m conntrack --ctstate NEW
-A INPUT -p sctp -m conntrack --ctstate INVALID
COMMIT
"""


def datagram(family, to, dport=1000, sport=2000, tos=0):
    """From A."""
    source = hosts.of_host(family, "A")
    data = p.udp(source, to, sport, dport, b"picket")
    if family == 4:
        return p.ipv4(source, to, p.UDP, data, tos=tos)
    made = p.ipv6(source, to, p.UDP, data)
    return bytes([0x60 | tos >> 4, tos << 4 & 0xF0]) + made[2:]


def association(family, to, sport):
    """An INIT from A."""
    source = hosts.of_host(family, "A")
    data = p.sctp(sport, 1000, 0, struct.pack("!BBHIIHHI", 1, 0, 20, 7, 65535, 1, 1, 1))
    return (p.ipv4 if family == 4 else p.ipv6)(source, to, p.SCTP, data)


def send(net, firewall, family, frames):
    """Sends them from A; the counters of what has met them."""
    firewall.rebase([family])
    for frame in frames:
        net.frame("A", frame)
    net.settle()
    return firewall.counters(family)


def left_by(net, firewall, family, frame):
    """The device by which FORWARD saw it leave, or None."""
    seen = send(net, firewall, family, [frame] * COUNT)
    met = {dev: seen.of(f"-o {dev} ")[0] for dev in ("wan0", "dmz0", "vx0")}
    assert set(met.values()) <= {0, COUNT}, met
    return next((dev for dev, packets in met.items() if packets), None)


class Rule:
    """An `ip rule` under which packets go to D."""

    def __init__(self, net, family, words):
        self.net, self.family, self.words = net, family, f"{words} lookup {TABLE}"
        self.route = f"default via {hosts.of_host(family, 'D')} table {TABLE}"

    def _ip(self, *commands):
        for command in commands:
            self.net.b.run(["ip", f"-{self.family}", *command.split()])

    def __enter__(self):
        self._ip(f"route replace {self.route}", f"rule add {self.words}")

    def __exit__(self, *_):
        self._ip(f"rule del {self.words}", f"route del {self.route}")


def routes_by_rules(net, firewall, family, _kind):
    """By ports, protocol and TOS: everybody sees the device that the kernel chooses."""
    firewall.load({f: OUT for f in (4, 6)})
    to = hosts.of_host(family, "C")
    plain, other = datagram(family, to), datagram(family, to, 1001, 2001, 0x10)
    assert left_by(net, firewall, family, other) == "wan0"
    for words in ("dport 1001", "sport 2001", "ipproto udp dport 1000-1001 sport 2001", "tos 0x10"):
        with Rule(net, family, words):
            assert left_by(net, firewall, family, other) == "dmz0", words
            assert left_by(net, firewall, family, plain) == "wan0", words


def routes_by_mark(net, firewall, family, kind):
    """Class 5: a mark that PREROUTING sets comes after tc and XDP."""
    tables = ["iptables-legacy" if family == 4 else "ip6tables-legacy", "-w", "-t", "mangle"]
    mark = ["PREROUTING", "-p", "udp", "--dport", "1001", "-j", "MARK", "--set-mark", "7"]
    firewall.load({f: OUT for f in (4, 6)})
    net.b.run([*tables, "-A", *mark])
    try:
        with Rule(net, family, "fwmark 7"):
            found = left_by(net, firewall, family, datagram(family, hosts.of_host(family, "C"), 1001))
        assert found == ("wan0" if kind in ("tc", "xdp") else "dmz0"), found
    finally:
        net.b.run([*tables, "-D", *mark])


def leaves_by_encap(net, firewall, family, kind):
    """Class 6: a route with encap has no outgoing interface for tc and XDP."""
    to, end = ("10.77.0.5", "10.2.0.2") if family == 4 else ("fd77::5", "fd02::2")
    net.b.ip("link add vx0 type vxlan external dstport 4789", "link set vx0 up")
    try:
        encap = f"{to} encap ip{'6' if family == 6 else ''} id 7 dst {end} dev vx0"
        net.b.run(["ip", f"-{family}", "route", "add", *encap.split()])
        firewall.load({f: OUT for f in (4, 6)})
        found = left_by(net, firewall, family, datagram(family, to))
        assert found == (None if kind in ("tc", "xdp") else "vx0"), found
    finally:
        net.b.ip("link del vx0")


def wrong_checksum(net, firewall, family, kind):
    """Class 11: INVALID to Linux, to a frame's own table like any other."""
    firewall.load({f: STATES for f in (4, 6)})
    to = hosts.of_b(family, "A")
    for proto, right in (("udp", [datagram(family, to, sport=2000 + i) for i in range(COUNT)]),
                         ("sctp", [association(family, to, 2000 + i) for i in range(COUNT)])):
        wrong = [frame[:-1] + bytes([frame[-1] ^ 1]) for frame in right]
        for frames, expected in ((wrong, "NEW" if kind in ("tc", "xdp") else "INVALID"),
                                 (right, "NEW")):
            seen = send(net, firewall, family, frames)
            met = {state: seen.of(f"-p {proto} -m conntrack --ctstate {state}")[0]
                   for state in ("NEW", "INVALID")}
            assert met[expected] == COUNT and sum(met.values()) == COUNT, (proto, met, expected)


def no_neighbour(net, firewall, family, kind):
    """Class 14: what waits for a MAC address has passed OUTPUT, and has not come to tc's egress."""
    to = "10.78.0.9" if family == 4 else "fd78::9"
    net.b.run(["ip", f"-{family}", "route", "add", to, "dev", "lan0"])
    try:
        firewall.load({f: SENT for f in (4, 6)})
        firewall.rebase([family])
        with net.b, socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6,
                                  socket.SOCK_DGRAM) as s:
            for _ in range(COUNT):
                s.sendto(b"picket", (to, 1000))
        waiting = firewall.counters(family).of("-A OUTPUT")[0]
        assert waiting == (0 if kind in ("tc", "xdp") else COUNT), waiting
        net.b.ip(f"neigh replace {to} lladdr {net.mac['A'][1]} dev lan0 nud permanent")
        net.settle()
        assert firewall.counters(family).of("-A OUTPUT")[0] == COUNT
    finally:
        net.b.run(["ip", f"-{family}", "route", "del", to, "dev", "lan0"])
        net.b.run(["ip", "neigh", "flush", "to", to, "nud", "all"])


def fragments(family, to, ident, pieces):
    """Packets of one datagram from A: (bytes, offset, whether more follow)."""
    source = hosts.of_host(family, "A")
    if family == 4:
        return [p.ipv4(source, to, p.UDP, data, ident, offset=at // 8, more=more)
                for data, at, more in pieces]
    return [p.ipv6(source, to, p.UDP, data, extensions=[p.fragment(at // 8, more, ident)])
            for data, at, more in pieces]


def overlapping(open_one, shut_one):
    """Ways to hide the header of a datagram to the shut port among fragments of one to the open port."""
    first, rest = (open_one[:16], 0, True), (open_one[16:], 16, False)
    yield [first, (shut_one[:16], 0, True), rest]  # adds nothing: what came first stands
    yield [(shut_one[:16], 0, True), first, rest]
    yield [first, (shut_one[:8], 0, True), rest]
    yield [first, (shut_one[:24], 0, True), rest]  # covers some and adds some: all of it goes
    yield [(open_one[:8], 0, True), (shut_one[:16], 0, True), rest]
    yield [rest, first, (shut_one[:24], 0, True)]


def received(s):
    found = 0
    while True:
        try:
            s.recv(2048)
        except BlockingIOError:
            return found
        found += 1


def overlapping_fragments(net, firewall, family, _kind):
    """Class 2: a datagram to a port that a rule shuts does not come through in fragments that overlap
    those of one to a port that is open; without the rule it does."""
    source, to = hosts.of_host(family, "A"), hosts.of_b(family, "A")
    open_one, shut_one = (p.udp(source, to, 2000, port, bytes(40)) for port in (1001, 1000))
    plain = [(open_one[:16], 0, True), (open_one[16:], 16, False)]
    shut = "-A INPUT -p udp --dport 1000 -j DROP"
    # Parts of datagrams that never become whole stay for a minute, and beyond 4 MB none is taken.
    net.b.sysctl_try(ipv4__ipfrag_high_thresh=1 << 28, ipv6__ip6frag_high_thresh=1 << 28,
                     netfilter__nf_conntrack_frag6_high_thresh=1 << 28)
    with contextlib.closing(net.receiver("B", family, 1000)) as at_shut, \
            contextlib.closing(net.receiver("B", family, 1001)) as at_open:
        for rules, slips in (("", True), (shut, False),
                             (f"-A INPUT -m conntrack --ctstate INVALID -j DROP\n{shut}", False)):
            firewall.load({f: fence.EMPTY.replace("COMMIT", f"{rules}\nCOMMIT") for f in (4, 6)})
            for pieces in [plain, *overlapping(open_one, shut_one)] * COUNT:
                for packet in fragments(family, to, next(DATAGRAM), pieces):
                    net.frame("A", packet)
            net.settle()
            assert bool(received(at_shut)) == slips, rules
            assert received(at_open) >= COUNT, rules


class Tun:
    """A device of B without Ethernet headers, tun0; what is written to it comes in there."""

    SETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000  # linux/if_tun.h

    def __init__(self, net):
        with net.b:
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            wish = struct.pack("16sH22x", b"tun0", self.IFF_TUN | self.IFF_NO_PI)
            fcntl.ioctl(self.fd, self.SETIFF, wish)
        net.b.ip("addr add fd05::1/64 dev tun0 nodad", "link set tun0 up")

    def send(self, packets):
        for packet in packets:
            os.write(self.fd, packet)

    def close(self):
        os.close(self.fd)


def made_of_mac(prefix, mac):
    return str(ipaddress.ip_address(p.eui64(ipaddress.ip_address(prefix).packed[:8], mac)))


def eui64_rules(chain, dev):
    return fence.EMPTY.replace("COMMIT", f"-A {chain} -i {dev} -p udp -m eui64\n"
                               f"-A {chain} -i {dev} -p udp\nCOMMIT")


def met_eui64(net, firewall, chain, dev, emit):
    """Of COUNT packets, how many -m eui64 found to be so, and how many came past it."""
    firewall.load({4: fence.EMPTY, 6: eui64_rules(chain, dev)})
    firewall.rebase([6])
    emit()
    net.settle()
    seen = firewall.counters(6)
    return tuple(value[0] for line, value in zip(seen.lines, seen.values) if line.startswith("-A"))


def eui64_without_ethernet(net, firewall, _family, kind):
    """Class 12: by a device that has no Ethernet headers: dropped. Earlier kernels of iptables read
    something, which is not the address."""
    source = made_of_mac("fd05::", "02:00:00:00:00:05")
    packet = p.ipv6(source, "fd05::1", p.UDP, p.udp(source, "fd05::1", 1000, 2000, b"picket"))
    found = met_eui64(net, firewall, "INPUT", "tun0", lambda: net.tun.send([packet] * COUNT))
    assert found in (((0, 0), (0, COUNT)) if kind == "legacy" else ((0, 0),)), found


def eui64_of_unguarded(net, firewall, _family, kind):
    """Class 12: at egress, where tc judges what comes by a device that is not guarded, the source MAC
    address is gone."""
    source, to = made_of_mac("fd02::", net.mac["C"][1]), hosts.of_host(6, "A")
    packet = p.ipv6(source, to, p.UDP, p.udp(source, to, 1000, 2000, b"picket"))

    def emit():
        for _ in range(COUNT):
            net.frame("C", packet)

    found = met_eui64(net, firewall, "FORWARD", "wan0", emit)
    assert found == ((0, 0) if kind in ("tc", "xdp") else (COUNT, COUNT)), found


TESTS = (routes_by_rules, routes_by_mark, leaves_by_encap, wrong_checksum, no_neighbour,
         overlapping_fragments)
IPV6_TESTS = (eui64_without_ethernet, eui64_of_unguarded)
GUARDED = {"tc": ("lan0", "tun0"), "xdp": ("lan0",)}


def cases(kind):
    """(test, family); XDP is for Ethernet devices."""
    yield from ((test, family) for test in TESTS for family in (4, 6))
    yield from ((test, 6) for test in IPV6_TESTS[kind == "xdp":])


def main():
    with fences.Bench(__doc__, "ACD") as bench:
        bench.net.tun = Tun(bench.net)
        bench.lab.on_close(bench.net.tun.close)
        for kind in bench.kinds:
            firewall = bench.fence(kind, GUARDED.get(kind, ()))
            for test, family in cases(kind):
                bench.run(f"{kind}, IPv{family}: {test.__name__.replace('_', ' ')}",
                          lambda t=test, f=family, k=kind: t(bench.net, firewall, f, k), firewall)
            bench.end(firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
