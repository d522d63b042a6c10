#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What bpf-iptables (polycube a143e3c) got wrong, by packets, on each hook.

    test_mistakes.py [--fence netfilter|tc|xdp|legacy]...     legacy proves the test itself

Its other mistakes have tests where they belong:

    options and fragments move ports        unit/test_packet.c
    tagged frames go round the rules        test_traffic.py, test_state.py, test_conntrack.py
    ports of a packet before, in a ping     unit/test_state.c: ping has no ports
    errors written into, undirected         unit/test_state.c: error direction, checksum, is not written
    entries that never end                  unit/test_tcp.c: entries expire, rst ends
    ECN SYN, data on the first ACK          unit/test_tcp.c
    a flood drives real connections out     unit/test_state.c, test_flood.py
    counters lost by listings and changes   test_swap.py: listings lose no packet
    forwarding that knows no marks          test_classes.py: routes by mark
"""
import os
import sys
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fences, hosts, packet as p, wire  # noqa: E402

COUNT = 23
HIGH = 70000  # number of an interface


def rules(*lines, policy="ACCEPT"):
    """The same for both families; `{net}` is half of A's network, and not A's half."""
    text = "\n".join(["*filter", f":INPUT {policy} [0:0]", f":FORWARD {policy} [0:0]",
                      ":OUTPUT ACCEPT [0:0]", *(f"-A {line}" for line in lines), "COMMIT", ""])
    return {4: text.replace("{net}", "10.1.128.0/17"), 6: text.replace("{net}", "fd01:8000::/17")}


class Case:
    def __init__(self, net, firewall, family):
        self.net, self.firewall, self.family = net, firewall, family
        self.a, self.c = (hosts.of_host(family, name) for name in "AC")
        self.b = hosts.of_b(family, "A")

    def ip(self, src, dst, proto, data):
        return (p.ipv4 if self.family == 4 else p.ipv6)(src, dst, proto, data)

    def udp(self, side, src, dst, sport, dport, count=1):
        """Datagrams from the wire of a side."""
        for _ in range(count):
            self.net.frame(side, self.ip(src, dst, p.UDP, p.udp(src, dst, sport, dport, b"picket")))
        self.net.settle()

    def count(self, text):
        return self.firewall.counters(self.family).of(text)[0]


def prefix_is_part_of_its_rule(case):
    """A rule of network, protocol and port is not one of protocol and port, whoever came first."""
    inside = "10.1.200.7" if case.family == 4 else "fd01:8000::7"
    case.firewall.load(rules("INPUT -s {net} -i lan0 -p udp -m udp --dport 53 -j DROP",
                             "INPUT -i wan0 -p udp -m udp --dport 53 -j DROP"))
    with closing(case.net.receiver("B", case.family, 53)) as receiver:
        for source, arrive in ((inside, 0), (case.a, COUNT), (inside, 0), (case.a, COUNT)):
            case.udp("A", source, case.b, 4000, 53, COUNT)
            assert len(hosts.drain(receiver)) == arrive, source
    assert case.count("-i lan0") == 2 * COUNT and case.count("-i wan0") == 0


def forwarded_is_not_judged_by_input(case):
    case.firewall.load(rules("INPUT -p udp -m udp --dport 53 -j DROP",
                             "FORWARD -p udp -m udp --dport 54 -j DROP"))
    with closing(case.net.receiver("C", case.family, 53)) as at_c, \
            closing(case.net.receiver("B", case.family, 54)) as at_b:
        case.udp("A", case.a, case.c, 4000, 53, COUNT)
        case.udp("A", case.a, case.b, 4000, 54, COUNT)
        assert len(hosts.drain(at_c)) == COUNT and len(hosts.drain(at_b)) == COUNT
    assert case.count("-A INPUT") == 0 and case.count("-A FORWARD") == 0


def foreign_source_meets_output(case):
    """What the host sends under an address that is not its own is still what it sends."""
    source = "10.66.0.1" if case.family == 4 else "fd66::1"
    case.firewall.load(rules("OUTPUT -p udp -m udp --dport 53 -j DROP",
                             "OUTPUT -p udp -m udp --dport 54",
                             "FORWARD -p udp -j DROP"))
    with closing(wire.RawIP(case.net.b)) as raw, \
            closing(case.net.receiver("C", case.family, 53)) as dropped, \
            closing(case.net.receiver("C", case.family, 54)) as passed:
        for port in (53, 54):
            for _ in range(COUNT):
                raw.send(case.ip(source, case.c, p.UDP, p.udp(source, case.c, 4000, port, b"x")))
        case.net.settle()
        assert not hosts.drain(dropped) and len(hosts.drain(passed)) == COUNT
    assert (case.count("--dport 53"), case.count("--dport 54")) == (COUNT, COUNT)
    assert case.count("-A FORWARD") == 0


def no_flag_at_all(case):
    """`ALL NONE` asks for a segment without flags; nothing else matches it, and it does."""
    case.firewall.load(rules("INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"))
    for flags in (0, p.SYN, p.ACK, p.RST, 0, p.FIN | p.PSH | p.URG, p.ACK | p.FIN, 0):
        data = p.tcp(case.a, case.b, 4000, 9, flags)
        case.net.frame("A", case.ip(case.a, case.b, p.TCP, data))
    case.net.settle()
    assert case.count("-A INPUT") == 3


def established_of_one_chain(case):
    """Taking ESTABLISHED out of one chain leaves it in the others."""
    lines = {chain: f"{chain} -m conntrack --ctstate ESTABLISHED -j ACCEPT"
             for chain in ("INPUT", "FORWARD")}
    new = "FORWARD -i wan0 -p udp -m conntrack --ctstate NEW -j ACCEPT"
    case.firewall.load(rules(*lines.values(), new, policy="DROP"))
    with closing(case.net.receiver("B", case.family, 4000)) as mine:
        mine.sendto(b"?", (case.a, 5000))
        case.udp("C", case.c, case.a, 6000, 7000)
        hosts.drain(mine)  # perhaps an error about a closed port
        for chains in (("INPUT", "FORWARD"), ("FORWARD",), ("INPUT",)):
            case.firewall.load(rules(*(lines[chain] for chain in chains), new, policy="DROP"))
            case.udp("A", case.a, case.b, 5000, 4000, COUNT)
            case.udp("A", case.a, case.c, 7000, 6000, COUNT)
            assert len(hosts.drain(mine)) == (COUNT if "INPUT" in chains else 0), chains
            for chain in chains:
                assert case.count(f"-A {chain} -m conntrack --ctstate ESTABLISHED") == COUNT, chains


def forwarded_to_any_interface(case):
    """Also one with a high number, and whose other end has no program: the stack forwards."""
    net, far = case.net, "10.77.0.2" if case.family == 4 else "fd77::2"
    mac = "02:00:00:00:77:02"
    net.b.ip(f"link add high0 index {HIGH} type veth peer name high1 address {mac} "
             f"netns {net.spaces['C'].name}", "link set high0 up")
    try:
        net.spaces["C"].ip("link set high1 up")
        net.b.ip(f"route add {far} dev high0",
                 f"neigh replace {far} lladdr {mac} dev high0 nud permanent")
        case.firewall.load(rules("FORWARD -i lan0 -p udp -m udp --dport 53 -j ACCEPT", policy="DROP"))
        with closing(wire.Port(net.spaces["C"], "high1")) as end:
            case.udp("A", case.a, far, 4000, 53, COUNT)
            case.udp("A", case.a, far, 4000, 54, COUNT)
            seen = [p.Parsed(f[14:]) for f in end.read() if f[12:14] in (b"\x08\0", b"\x86\xdd")]
        there = [s for s in seen if s.proto == p.UDP and s.dst == p.packed(far)]
        assert len(there) == COUNT and {s.ttl for s in there} == {63}, list(map(str, there))
        assert case.count("-A FORWARD") == case.count(":FORWARD") == COUNT
    finally:
        net.b.ip("link del high0")


TESTS = (prefix_is_part_of_its_rule, forwarded_is_not_judged_by_input, foreign_source_meets_output,
         no_flag_at_all, established_of_one_chain, forwarded_to_any_interface)


def main():
    with fences.Bench(__doc__, "AC") as bench:
        bench.run_all(TESTS, Case, ("lan0", "wan0", "lo"))
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
