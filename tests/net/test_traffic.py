#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real ping, TCP and UDP over IPv4 and IPv6 through each hook: what the rules accept arrives, what they
drop does not, and the counters say how much.

    test_traffic.py [--fence netfilter|tc|xdp|legacy]...     legacy proves the test itself
"""
import os
import sys
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fences, hosts, packet as p  # noqa: E402

# Ports: 80 and 53 pass, 81 and 54 fall to a rule, 82 and 55 to OUTPUT's, anything else to a policy.
SERVICES = """\
-A {chain} -p {icmp} -m {match} --{option} echo-request -j ACCEPT
-A {chain} -p tcp -m tcp --dport 80 -j ACCEPT
-A {chain} -p tcp -m tcp --dport 81 -j DROP
-A {chain} -p udp -m udp --dport 53 -j ACCEPT
-A {chain} -p udp -m udp --dport 54 -j DROP
-A {chain} -p {icmp} -m {match} --{option} echo-reply -j ACCEPT
-A {chain} -p tcp -m tcp --sport 80 -j ACCEPT
-A {chain} -p tcp -m tcp --tcp-flags RST RST -j ACCEPT
"""
RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:own - [0:0]
{input}{forward}-A OUTPUT -o lo -j own
-A OUTPUT -p tcp -m tcp --dport 82 -j DROP
-A OUTPUT -p udp -m udp --dport 55 -j DROP
-A own -p udp -m udp --dport 56 -j DROP
COMMIT
"""


def rules(family):
    names = {"icmp": "icmp", "match": "icmp", "option": "icmp-type"} if family == 4 else {
        "icmp": "ipv6-icmp", "match": "icmp6", "option": "icmpv6-type"}
    return RULES.format(input=SERVICES.format(chain="INPUT", **names),
                        forward=SERVICES.format(chain="FORWARD", **names))


class Case:
    """One hook and family: loads the rules anew, so that counters start at nothing."""

    def __init__(self, net, firewall, family):
        self.net, self.firewall, self.family = net, firewall, family
        firewall.load({f: rules(f) for f in (4, 6)})

    def count(self, text):
        return self.firewall.counters(self.family).of(text)[0]

    def expect(self, what, got, wanted):
        if got != wanted:
            raise AssertionError(f"{what}: {got}, expected {wanted}")

    def services(self, client, server, to, chain):
        """The services of SERVICES from one host to another, through a chain."""
        net, family = self.net, self.family
        self.expect("ping", net.ping(client, family, to), True)
        self.expect("echo-request counter", self.count(f"-A {chain} -p {self.icmp} "), 1)
        for port, good in ((80, True), (81, False), (99, False)):
            with closing(net.listener(server, family, port)):
                self.expect(f"tcp {port}", net.tcp(client, family, to, port), good)
        self.expect("dropped SYN counter", self.count(f"-A {chain} -p tcp -m tcp --dport 81"), 1)
        for port, wanted in ((53, 23), (54, 0), (98, 0)):
            with closing(net.receiver(server, family, port)) as receiver:
                self.expect(f"udp {port}", net.udp(client, family, to, port, receiver, 23), wanted)
        for port in (53, 54):
            self.expect(f"udp {port} counter", self.count(f"-A {chain} -p udp -m udp --dport {port}"),
                        23)
        self.expect("policy counter", self.count(f":{chain} "), 24)
        size = 23 * (28 if family == 4 else 48) + 23 * len(b"picket")
        self.expect("udp bytes", self.firewall.counters(family).of(f"-A {chain} -p udp")[1], size)

    @property
    def icmp(self):
        return "icmp" if self.family == 4 else "ipv6-icmp"


def through_input(case):
    case.services("A", "B", hosts.of_b(case.family, "A"), "INPUT")
    case.expect("FORWARD policy", case.count(":FORWARD"), 0)


def through_forward(case):
    case.services("A", "C", hosts.of_host(case.family, "C"), "FORWARD")
    case.expect("INPUT policy", case.count(":INPUT"), 0)


def through_output(case):
    net, family, to = case.net, case.family, hosts.of_host(case.family, "C")
    case.expect("ping", net.ping("B", family, to), True)
    for port, good in ((80, True), (82, False)):
        with closing(net.listener("C", family, port)):
            case.expect(f"tcp {port}", net.tcp("B", family, to, port), good)
    case.expect("dropped SYN counter", case.count("-A OUTPUT -p tcp"), 1)
    for port, wanted in ((53, 23), (55, 0)):
        with closing(net.receiver("C", family, port)) as receiver:
            case.expect(f"udp {port}", net.udp("B", family, to, port, receiver, 23), wanted)
    case.expect("udp 55 counter", case.count("-A OUTPUT -p udp"), 23)


def over_loopback(case):
    net, family = case.net, case.family
    to = "127.0.0.1" if family == 4 else "::1"
    case.expect("ping", net.ping("B", family, to), True)
    case.expect("echo-request at INPUT", case.count(f"-A INPUT -p {case.icmp}"), 1)
    for port, good in ((80, True), (81, False), (82, False)):
        with closing(net.listener("B", family, port)):
            case.expect(f"tcp {port}", net.tcp("B", family, to, port), good)
    for port, wanted in ((53, 23), (54, 0), (56, 0)):
        with closing(net.receiver("B", family, port)) as receiver:
            case.expect(f"udp {port}", net.udp("B", family, to, port, receiver, 23), wanted)
    case.expect("user chain counter", case.count("-A own -p udp"), 23)
    case.expect("udp 56 at INPUT", case.count(":INPUT"), 0)


def with_vlan_tags(case):
    """Priority tags (VLAN 0), one and two: the stack takes them off; a program must look past them."""
    net, family = case.net, case.family
    source, to = hosts.of_host(family, "A"), hosts.of_b(family, "A")
    make = p.ipv4 if family == 4 else p.ipv6
    for tags in (((0x8100, 0),), ((0x88A8, 0), (0x8100, 0))):
        for port, wanted in ((53, 1), (54, 0)):
            with closing(net.receiver("B", family, port)) as receiver:
                data = p.udp(source, to, 4000, port, b"tagged")
                net.frame("A", make(source, to, p.UDP, data), tags)
                net.settle()
                case.expect(f"udp {port} behind {len(tags)} tags", len(hosts.drain(receiver)), wanted)
    for port in (53, 54):
        case.expect(f"udp {port} counter", case.count(f"-A INPUT -p udp -m udp --dport {port}"), 2)


TESTS = (through_input, through_forward, through_output, over_loopback, with_vlan_tags)


def main():
    with fences.Bench(__doc__, "AC") as bench:
        bench.run_all(TESTS, Case, ("lan0", "wan0", "lo"))
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
