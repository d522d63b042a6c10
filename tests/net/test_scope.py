#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scope: what --dev guards and what it leaves alone, FORWARD judged once, interfaces and addresses that
come later.

    test_scope.py [--fence netfilter|tc|xdp|legacy]...     legacy runs what needs no --dev
"""
import os
import socket
import sys
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fences, hosts, packet  # noqa: E402

IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0  # linux/in.h
COUNT = 23  # datagrams in a batch: a prime
PORT = 1000
PASS = "-p udp -m udp --dport 1000 -j ACCEPT"
RULES = f"""\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT {PASS}
-A FORWARD {PASS}
-A OUTPUT {PASS}
COMMIT
"""
CLOSED = RULES.replace(f"-A INPUT {PASS}\n", "").replace(f"-A FORWARD {PASS}\n", "")


class Case:
    def __init__(self, net, firewall, family, text=RULES):
        self.net, self.firewall, self.family = net, firewall, family
        firewall.load({f: text for f in (4, 6)})

    def udp(self, name, to_host, to, port=PORT):
        with closing(self.net.receiver(to_host, self.family, port)) as receiver:
            return self.net.udp(name, self.family, to, port, receiver, COUNT)

    def forwarded(self, source, target):
        return self.udp(source, target, hosts.of_host(self.family, target))

    def counts(self):
        """Packets judged by each built-in chain, in whatever way: a packet judged twice shows."""
        found, counters = {}, self.firewall.counters(self.family)
        for line, (packets, _) in zip(counters.lines, counters.values):
            chain = line.split()[1] if line.startswith("-A") else line[1:].split()[0]
            found[chain] = found.get(chain, 0) + packets
        return found

    def expect(self, what, got, wanted):
        if got != wanted:
            raise AssertionError(f"{what}: {got}, expected {wanted}")

    def expect_counts(self, **wanted):
        counts = self.counts()
        for chain in ("INPUT", "FORWARD", "OUTPUT"):
            self.expect(f"packets judged by {chain}", counts[chain], wanted.get(chain, 0))


def forward_judged_once(net, firewall, family):
    """One or both interfaces guarded, each way: FORWARD sees every packet once, other chains none."""
    for source, target in (("A", "C"), ("C", "A")):
        case = Case(net, firewall, family)
        case.expect("delivered", case.forwarded(source, target), COUNT)
        case.expect_counts(FORWARD=COUNT)
        case = Case(net, firewall, family, CLOSED)
        case.expect("delivered though dropped", case.forwarded(source, target), 0)
        case.expect_counts(FORWARD=COUNT)


def others_untouched(net, firewall, family):
    """wan0 and dmz0 are not guarded: neither their INPUT nor what is forwarded between them."""
    case = Case(net, firewall, family, CLOSED)
    case.expect("to B by dmz0", case.udp("D", "B", hosts.of_b(family, "D")), COUNT)
    case.expect("D to C", case.forwarded("D", "C"), COUNT)
    case.expect("from B by dmz0", case.udp("B", "D", hosts.of_host(family, "D")), COUNT)
    case.expect_counts()
    case.expect("to B by lan0", case.udp("A", "B", hosts.of_b(family, "A")), 0)
    case.expect_counts(INPUT=COUNT)
    case.expect("from B by lan0", case.udp("B", "A", hosts.of_host(family, "A")), COUNT)
    case.expect_counts(INPUT=COUNT, OUTPUT=COUNT)


def bridge_guarded(net, firewall, family):
    """The bridge instead of its port, which is refused: FORWARD sees every packet once."""
    net.bridge("A", "br0")
    try:
        for devs in (("br0",), ("br0", "wan0")):
            firewall.devs = devs
            forward_judged_once(net, firewall, family)
            firewall.clear()
        firewall.devs = ("lan0",)
        refused = firewall.apply({4: RULES}, check=False)
        if refused.returncode != 3 or "lan0 is a port of br0" not in refused.stderr:
            raise AssertionError(f"a bridge port is not refused: {refused}")
    finally:
        firewall.clear()
        net.unbridge("A", "br0")


def interface_later(net, firewall, family):
    """Without --dev, an interface that appears after apply is covered."""
    case = Case(net, firewall, family, CLOSED)
    net.connect("D")
    try:
        case.expect("to B by the new interface", case.udp("D", "B", hosts.of_b(family, "D")), 0)
        case.expect_counts(INPUT=COUNT)
        case.expect("forwarded from it", case.forwarded("D", "C"), 0)
        case.expect_counts(INPUT=COUNT, FORWARD=COUNT)
    finally:
        net.disconnect("D")


def whole_namespace_or_refused(net, firewall, family):
    """Without --dev a hook either covers interfaces that appear later or refuses, saying why."""
    result = firewall.apply({f: CLOSED for f in (4, 6)}, check=False)
    if result.returncode:
        if "--dev" not in result.stderr:
            raise AssertionError(f"the refusal does not name --dev: {result.stderr!r}")
        return f"refused: {result.stderr.strip()}"
    return interface_later(net, firewall, family)


def address_later(net, firewall, family):
    """An address added after apply is judged by INPUT, not FORWARD, with nothing running."""
    to = "10.9.9.9" if family == 4 else "fd09::9"
    net.b.ip(f"route replace {to} via {hosts.of_host(family, 'C')}")
    case = Case(net, firewall, family)
    case.expect("before it is there", case.udp("A", "B", to), 0)
    before = case.counts()["FORWARD"]
    case.expect("judged by FORWARD before", before, COUNT)
    net.b.ip(f"addr add {to}/{32 if family == 4 else 128} dev lo")
    try:  # IPv6 has its route a moment later (addrconf_dad_work)
        hosts.until(lambda: "local" in net.b.run(["ip", "route", "get", to]).stdout, "no local route")
        case.expect("delivered", case.udp("A", "B", to), COUNT)
        counts = case.counts()
        case.expect("judged by INPUT", counts["INPUT"], COUNT)
        case.expect("judged by FORWARD", counts["FORWARD"], before)
    finally:
        net.b.ip(f"addr del {to}/{32 if family == 4 else 128} dev lo")


def forwarding_off(net, firewall, family):
    """With forwarding off nothing is forwarded: what is not local is dropped by the stack, not judged
    by FORWARD on netfilter; on tc and XDP it may only be judged by INPUT."""
    knob = {"ipv4__ip_forward": 0} if family == 4 else {"ipv6__conf__all__forwarding": 0}
    net.b.sysctl(**knob)
    try:
        case = Case(net, firewall, family)
        case.expect("delivered", case.forwarded("A", "C"), 0)
        case.expect("judged by FORWARD", case.counts()["FORWARD"], 0)
        case.expect("to B", case.udp("A", "B", hosts.of_b(family, "A")), COUNT)
    finally:
        net.b.sysctl(**{name: 1 for name in knob})


def larger_than_mtu(net, firewall, family):
    """A packet that must be fragmented on its way out still goes out by an interface with a name."""
    if family == 6:  # no router fragments; "packet too big" comes before FORWARD
        return "IPv4 only"
    big = b"x" * 1400
    by_name = RULES.replace(f"-A FORWARD {PASS}", "-A FORWARD -o wan0 -j ACCEPT")
    case = Case(net, firewall, family, by_name)
    net.b.ip("link set wan0 mtu 1300")
    try:
        with closing(net.receiver("C", family, PORT)) as to, \
                closing(net.socket("A", family, socket.SOCK_DGRAM)) as s:
            s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            for _ in range(COUNT):
                s.sendto(big, (hosts.of_host(family, "C"), PORT))
            net.settle()
            case.expect("delivered", sum(got == big for got in hosts.drain(to)), COUNT)
        case.expect("matched by -o", firewall.counters(family).of("-A FORWARD -o wan0")[0], COUNT)
    finally:
        net.b.ip("link set wan0 mtu 1500")
    return None


def from_nowhere_to_nowhere(net, firewall, family):
    """0.0.0.0 to 0.0.0.0 is broadcast input to the kernel, whatever the routing table says."""
    if family == 6:
        return "IPv4 only"
    nowhere = ("0.0.0.0", "0.0.0.0")
    case = Case(net, firewall, family)
    net.b.ip(f"route add default via {hosts.of_host(family, 'C')}")
    try:
        for _ in range(COUNT):
            net.frame("A", packet.ipv4(*nowhere, 17, packet.udp(*nowhere, PORT, PORT)))
        net.settle()
        case.expect_counts(INPUT=COUNT)
    finally:
        net.b.ip("route del default")
    return None


def all_runs(kind):
    """(name, devs, tests) of a fence; devs None: needs no --dev."""
    if kind == "legacy":
        yield "", (), (forward_judged_once, address_later, forwarding_off, interface_later)
        return
    for devs in (("lan0",), ("wan0",), ("lan0", "wan0")):
        yield f" --dev {','.join(devs)}", devs, (forward_judged_once,)
    yield " --dev lan0", ("lan0",), (others_untouched, address_later, forwarding_off,
                                     larger_than_mtu, from_nowhere_to_nowhere)
    if kind == "netfilter":
        yield "", (), (forward_judged_once, address_later, forwarding_off, interface_later)
    else:
        yield "", (), (whole_namespace_or_refused,)
        yield " --dev br0", ("br0",), (bridge_guarded,)


def main():
    with fences.Bench(__doc__, "AC") as bench:
        for kind in bench.kinds:
            for name, devs, tests in all_runs(kind):
                firewall = bench.fence(kind, devs)
                for test in tests:
                    if test is others_untouched:
                        bench.net.connect("D")
                    for family in (4, 6):
                        bench.run(f"{kind}{name}, IPv{family}: {test.__name__.replace('_', ' ')}",
                                  lambda t=test, f=family: t(bench.net, firewall, f), firewall)
                    if test is others_untouched:
                        bench.net.disconnect("D")
                bench.end(firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
