#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Swaps under traffic: 200 times between sets A and B, built so that any mixture gives a third verdict.

    test_swap.py [--must-notice] [--fence netfilter|tc|xdp|legacy]... [--swaps N]

Every packet is accepted by A and by B, and by no mixture of them: each chain and each field of A meets,
in B, something that sends its packets to a rule named `mixed`, which drops.

    chains   A: FORWARD jumps to one, one accepts, two drops.   B: the other way round.
    fields   A: (sport 1000, dport 7) is rule 1, (1001, 8) rule 2.   B: rules 2 and 1, after others: the
             row of one field taken from A and the other from B have no rule in common.
    families v4 and v6 packets go in pairs; flow 3 is accepted by A alone. One word switches both, so
             a pair differs only if a swap falls between its two packets, which is rare.
"""
import argparse
import ast
import contextlib
import os
import select
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fences, hosts, ns, packet as p, wire, world  # noqa: E402

FLOWS = ((1000, 7), (1001, 8), (1002, 9))  # the third is A's alone
UNKNOWN = 253  # a protocol that both drop; sent by test_upgrade.py
BATCH = 32
FLOOD = 100003


def accepts(order):
    rules = [f"-p udp -m udp --sport {s} --dport {d} -j ACCEPT" for s, d in FLOWS[:2]]
    return [rules[i] for i in order]


def swap_set(kind):
    """Set A or B as iptables-save text; the same for both families."""
    here, there = ("one", "two") if kind == "A" else ("two", "one")
    third = "-p udp -m udp --sport 1002 --dport 9 -m comment --comment only-A -j " + (
        "ACCEPT" if kind == "A" else "DROP")
    filler = [f"-p udp -m udp --sport {s} --dport {d} -m comment --comment mixed -j DROP"
              for s, d in ((1000, 8), (1001, 7), (1000, 9), (1002, 7))]
    body = (accepts((0, 1)) + [third] + filler) if kind == "A" else (
        filler + [third] + accepts((1, 0)))
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
             ":one - [0:0]", ":two - [0:0]"]
    lines += ["-A FORWARD -p udp -m comment --comment stays", f"-A FORWARD -p {UNKNOWN} -j DROP",
              f"-A FORWARD -p udp -m udp --dport 7:9 -j {here}"]
    lines += [f"-A {here} {rule}" for rule in body]
    lines += [f"-A {here} -m comment --comment mixed -j DROP",
              f"-A {there} -m comment --comment mixed -j DROP"]
    return "\n".join(lines + ["COMMIT", ""])


class Sender:
    """A child that sends pairs of packets (v4, v6) of each flow from A until told to stop, and reads
    what comes out at C. On another CPU than the swaps where there is one."""

    def __init__(self, net):
        self.frames = [(self._frame(net, 4, flow), self._frame(net, 6, flow)) for flow in FLOWS]
        self.out = wire.Port(net.spaces["A"], "eth0")
        self.into = wire.Port(net.spaces["C"], "eth0")

    @staticmethod
    def _frame(net, family, flow):
        inner, outer = net.mac["A"]
        source, to = hosts.of_host(family, "A"), hosts.of_host(family, "C")
        make = p.ipv4 if family == 4 else p.ipv6
        data = p.udp(source, to, *flow, b"\0" * 8)
        return p.ethernet(inner, outer, make(source, to, p.UDP, data))

    def _read(self, wanted):
        """(family, sport) of each packet that came through; waits for `wanted` unless flow 3."""
        found, end = [], time.monotonic() + hosts.DEADLINE
        while True:
            for frame in self.into.read():
                at = {0x0800: 34, 0x86DD: 54}.get(int.from_bytes(frame[12:14], "big"))
                if at:
                    found.append((4 if at == 34 else 6, int.from_bytes(frame[at:at + 2], "big")))
            if len(found) >= wanted or time.monotonic() > end:
                return found
            select.select([self.into.socket], [], [], 0.01)

    def run(self, stop):
        """[pairs sent of each flow, arrived by flow and family…, pairs of flow 3 that differed]"""
        pairs, arrived, unlike = 0, {(f, flow[0]): 0 for f in (4, 6) for flow in FLOWS}, 0
        while not select.select([stop], [], [], 0)[0]:
            for sport, pair in ((flow[0], frames) for flow, frames in zip(FLOWS, self.frames)):
                for _ in range(BATCH if sport != FLOWS[2][0] else 1):
                    for frame in pair:
                        self.out.send(frame)
                wanted = 2 * BATCH if sport != FLOWS[2][0] else 0
                found = self._read(wanted)
                for key in found:
                    arrived[key] += 1
                if sport == FLOWS[2][0]:
                    unlike += len({(4, sport), (6, sport)} & set(found)) == 1
                if len(found) < wanted:  # lost: the totals will say so, do not wait again and again
                    return pairs, arrived, unlike, "packets did not arrive"
            pairs += 1
        return pairs, arrived, unlike, ""


def in_child(function, cpu):
    """Runs function(stop) in a child; returns a callable that stops it and gives its result."""
    stop_read, stop_write = os.pipe()
    out_read, out_write = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        ns.die_with_parent()
        try:
            os.sched_setaffinity(0, {cpu})
            os.write(out_write, repr(function(stop_read)).encode())
            status = 0
        finally:
            os._exit(status)  # not the parent's cleaning up
    os.close(stop_read)
    os.close(out_write)

    def finish():
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            os.write(stop_write, b".")
        with os.fdopen(out_read) as f:
            text = f.read()
        os.close(stop_write)
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("the sender failed")
        return ast.literal_eval(text)
    return finish


def sets_of(kind):
    return {f: swap_set(kind) for f in (4, 6)}


def under_traffic(net, firewall, count, step, sender=Sender):
    """From set A on, step(i) for i up to count while packets come; says how long, and how many."""
    firewall.load(sets_of("A"))
    base = {f: firewall.now(f) for f in (4, 6)}
    cpus = sorted(os.sched_getaffinity(0))
    finish = in_child(sender(net).run, cpus[-1])
    os.sched_setaffinity(0, {cpus[0]})
    begin = time.monotonic()
    try:
        mixed = 0
        for i in range(count):
            step(i)
            mixed += count_mixed(firewall) if i % 20 == 19 else 0
    finally:
        spent = time.monotonic() - begin
        pairs, arrived, unlike, trouble = finish()
        os.sched_setaffinity(0, set(cpus))
    judge(firewall, base, pairs, arrived, unlike, trouble, mixed, count)
    return (f"{count} times in {spent:.1f} s under {pairs * (2 * BATCH + 1) * 2} packets; "
            f"{unlike} pairs met a swap")


def swaps_under_traffic(net, firewall, count, sender=Sender):
    sets = [sets_of(kind) for kind in "BA"]
    return under_traffic(net, firewall, count, lambda i: firewall.replace(sets[i % 2]), sender)


def listings_lose_no_packet(net, firewall, count):
    """Nor do rules that come and go: what is counted while somebody reads or changes is kept."""
    def step(i):
        for family in (4, 6):
            firewall.now(family)
        if firewall.keeps:
            firewall.command("rule", "delete" if i % 2 else "insert", "FORWARD", "-p", "tcp")
    return under_traffic(net, firewall, max(count // 4, 4), step)


def count_mixed(firewall):
    """Packets counted so far by rules no packet may meet."""
    total = 0
    for family in (4, 6):
        now = firewall.now(family)
        total += sum(value[0] for line, value in zip(now.lines, now.values) if "mixed" in line)
    return total


def judge(firewall, base, pairs, arrived, unlike, trouble, mixed, count):
    problems = [trouble] if trouble else []
    for (family, sport), number in arrived.items():
        if sport != FLOWS[2][0] and number != pairs * BATCH:
            problems.append(f"v{family} flow {sport}: {number} of {pairs * BATCH} arrived")
    mixed += count_mixed(firewall)
    if mixed:
        problems.append(f"{mixed} packets met a mixture of the sets")
    if firewall.together and unlike > count // 10:
        problems.append(f"{unlike} pairs of v4 and v6 differed in {count} swaps")
    for family in (4, 6):
        now = firewall.now(family)
        stays = now.of("stays")[0] - base[family].of("stays")[0]
        if firewall.keeps and stays != pairs * (2 * BATCH + 1):
            problems.append(f"v{family} the rule that stays counted {stays}, "
                            f"{pairs * (2 * BATCH + 1)} were sent")
    if not pairs:
        problems.append("no traffic ran")
    if problems:
        raise AssertionError("; ".join(problems))


FLOOD_RULES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:both - [0:0]
-A INPUT -i lo -p udp -j both
-A OUTPUT -o lo -p udp -j both
-A both -p udp -m udp --dport 9
COMMIT
"""


def flood_one(net, family):
    """FLOOD datagrams over loopback in one go; how many were sent."""
    to = "127.0.0.1" if family == 4 else "::1"
    with contextlib.closing(net.socket("B", family, socket.SOCK_DGRAM)) as s:
        s.setblocking(True)
        s.connect((to, 9))
        sent = 0
        for _ in range(FLOOD):
            try:
                s.send(b"picket")
            except ConnectionRefusedError:  # the answer to an earlier one; this one was not sent
                s.send(b"picket")
            sent += 1
        return sent


def loopback_flood(net, firewall, _count):
    """Two senders on one CPU: INPUT interrupts OUTPUT in the middle, and no count may be lost."""
    firewall.load({f: FLOOD_RULES for f in (4, 6)})
    cpus = os.sched_getaffinity(0)
    world.one_cpu()
    sinks = [net.receiver("B", family, 9) for family in (4, 6)]
    try:
        children = [in_child(lambda _stop, f=family: flood_one(net, f), min(cpus))
                    for family in (4, 4, 6, 6)]
        sent = [finish() for finish in children]
        net.settle()
    finally:
        for sink in sinks:
            sink.close()
        os.sched_setaffinity(0, cpus)
    for family, number in ((4, sent[0] + sent[1]), (6, sent[2] + sent[3])):
        got = firewall.now(family).of("-A both")[0]
        if got != 2 * number:
            raise AssertionError(f"v{family}: counted {got} of {2 * number}")
    return f"{2 * sum(sent)} packets counted, none missing"


def split_switch_noticed(net, firewall, count):
    """Under a build whose families switch one after the other, the swaps must fail."""
    try:
        swaps_under_traffic(net, firewall, count)
    except AssertionError as noticed:
        return str(noticed)
    raise AssertionError(f"{count} swaps of a split switch went unnoticed")


def main():
    a = argparse.ArgumentParser(add_help=False)
    a.add_argument("--swaps", type=int, default=200)
    a.add_argument("--must-notice", action="store_true")
    options, rest = a.parse_known_args()
    with fences.Bench(__doc__, "AC", one_cpu=False, arguments=rest) as bench:
        for firewall in bench.fences(("lan0", "wan0", "lo")):
            for test in ((split_switch_noticed,) if options.must_notice else
                         (swaps_under_traffic, listings_lose_no_packet, loopback_flood)):
                bench.run(f"{firewall.name}: {test.__name__.replace('_', ' ')}",
                          lambda t=test: t(bench.net, firewall, options.swaps), firewall)
            bench.end(firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
