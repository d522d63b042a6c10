#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Another version of picket takes over a standing fence under constant traffic, to and fro.

    test_upgrade.py [--fence netfilter|tc|xdp]... [--swaps N]

PICKET and PICKET_NEXT apply sets A and B of test_swap.py in turn: what both accept must arrive, what
a mixture would drop with it, what both drop must not, and the rule that stays counts every packet.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, fences, hosts, packet as p  # noqa: E402
import test_swap  # noqa: E402

NEXT = os.environ.get("PICKET_NEXT") or os.path.join(fence.ROOT, "build/src/cli/picket-next")


class Versions(fence.Picket):
    """A fence that each change hands to the other version."""

    binaries = (fence.Picket.binary, NEXT)
    turn = 0

    def replace(self, texts):
        self.binary = self.binaries[self.turn % 2]
        self.turn += 1
        self.apply(texts)

    def judged(self, binary):
        """Packets that the programs of one version say they have judged."""
        self.binary = binary
        return sum(reason["counters"]["packets"] for reason in self.status()["reasons"]
                   if reason["at"] == "FORWARD")


class Pairs:
    """A port that sends behind each packet one of the same family that both sets drop."""

    def __init__(self, net, port):
        self.port = port
        source, to = (hosts.of_host(4, name) for name in "AC")
        source6, to6 = (hosts.of_host(6, name) for name in "AC")
        body = b"\xff" * 16
        self.dropped = {
            b"\x08\x00": p.ethernet(*net.mac["A"], p.ipv4(source, to, test_swap.UNKNOWN, body)),
            b"\x86\xdd": p.ethernet(*net.mac["A"], p.ipv6(source6, to6, test_swap.UNKNOWN, body))}

    def send(self, frame):
        self.port.send(frame)
        self.port.send(self.dropped[frame[12:14]])


class Sender(test_swap.Sender):
    """Fails if anything arrives that is of no flow of test_swap.py."""

    def __init__(self, net):
        super().__init__(net)
        self.out = Pairs(net, self.out)


def taken_over(net, firewall, count):
    told = test_swap.swaps_under_traffic(net, firewall, count, Sender)
    for family in (4, 6):
        stays = firewall.counters(family).of("stays")[0]
        dropped = firewall.counters(family).of(f"-p {test_swap.UNKNOWN}")[0]
        if not stays or dropped != stays:
            raise AssertionError(f"v{family}: {dropped} dropped of {stays}")
    judged = {binary: firewall.judged(binary) for binary in firewall.binaries}
    for binary, packets in judged.items():  # on tc and XDP a packet is counted in and out
        if not 0.05 < packets / sum(judged.values()) < 0.95:
            raise AssertionError(f"{packets} of {sum(judged.values())} were judged by {binary}")
    return told


def detached_by_other(net, firewall, _count):
    """Either version takes down what the other built."""
    firewall.load({4: test_swap.swap_set("A"), 6: test_swap.swap_set("A")})
    firewall.binary = firewall.binaries[firewall.turn % 2]
    firewall.clear()
    if firewall.command("status", check=False).returncode != 1:
        raise AssertionError("something still stands")


def main():
    a = argparse.ArgumentParser(add_help=False)
    a.add_argument("--swaps", type=int, default=20)
    options, rest = a.parse_known_args()
    with fences.Bench(__doc__, "AC", one_cpu=False, arguments=rest) as bench:
        for kind in bench.kinds:
            firewall = Versions(bench.net.b, kind,
                                () if kind == "netfilter" else ("lan0", "wan0", "lo"))
            bench.lab.on_close(firewall.clear)
            for test in (taken_over, detached_by_other):
                bench.run(f"{firewall.name}: {test.__name__.replace('_', ' ')}",
                          lambda t=test, f=firewall: t(bench.net, f, options.swaps), firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
