# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of tests/net share: their command line, their hosts, each fence in turn."""
import argparse
import os
import sys

from . import fence, hosts, ns, tap, world


class Bench:
    """Hosts and TAP output for one test file. `with Bench(...) as bench:`, then bench.status."""

    def __init__(self, about, sides, one_cpu=True, arguments=None):
        a = argparse.ArgumentParser(description=about.split("\n\n")[0])
        a.add_argument("--fence", action="append", choices=("netfilter", "tc", "xdp", "legacy"))
        self.kinds = a.parse_args(arguments).fence or ["netfilter", "tc", "xdp"]
        self.tap, self.status, self._sides = tap.Tap(), 1, sides
        if one_cpu:
            world.one_cpu()

    def __enter__(self):
        if os.geteuid():
            print("1..0 # SKIP needs root")
            sys.exit(0)
        self.lab = ns.Lab()
        self.net = hosts.Hosts(self.lab, self._sides)
        return self

    def __exit__(self, kind, *_):
        self.lab.close()
        if kind is None:
            self.status = self.tap.done()

    def fences(self, devs):
        """Each fence asked for. devs: what tc and XDP guard; netfilter guards the namespace."""
        for kind in self.kinds:
            yield self.fence(kind, () if kind in ("netfilter", "legacy") else devs)

    def fence(self, kind, devs):
        if kind == "legacy":
            return fence.Iptables(self.net.b, "legacy")
        firewall = fence.Picket(self.net.b, kind, devs)
        self.lab.on_close(firewall.clear)
        return firewall

    def run(self, name, test, firewall):
        def guarded():
            if isinstance(firewall, fence.Picket):
                fence.need_picket()
                if firewall.hook == "netfilter":
                    fence.need_netfilter_link()
            return test()
        self.tap.run(name, guarded)

    def run_all(self, tests, case, devs):
        """Each test on each fence in both families: test(case(net, firewall, family))."""
        for firewall in self.fences(devs):
            for family in (4, 6):
                for test in tests:
                    self.run(f"{firewall.name}, IPv{family}: {test.__name__.replace('_', ' ')}",
                             lambda t=test, f=family: t(case(self.net, firewall, f)), firewall)
            self.end(firewall)

    def end(self, firewall):
        """Takes the fence down; that it can is a test too."""
        self.run(f"{firewall.name}: taken down", firewall.clear, firewall)
