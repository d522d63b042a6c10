#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The differential test: one random rule set in the kernel's iptables and in picket, the same random
packets through both, and every delivered packet and every counter compared.

    run.py [--seed N] [--rounds K | --talks K] [--hook netfilter|tc|xdp] [--classifier lbvs]
           [--family 4|6|both] [--nat] [--state] [--shrink]
    run.py --against legacy|nft     iptables against itself: proves the harness
    run.py --mutate                 a changed rule in one copy must be noticed: proves it too

A round's seed is N + its number; a failure prints the seed and the command that replays it. Cases
that once failed stand in cases/ and seeds.txt and go first. Must be root. Worlds: see pktest.world.
"""
import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib/py")]

import cases  # noqa: E402
import classes  # noqa: E402
import edges  # noqa: E402
import entries  # noqa: E402
import gen  # noqa: E402
import overlap  # noqa: E402
import talk  # noqa: E402
from pktest import fence, ns, packet as p, tap, world  # noqa: E402

SHOW = 12  # differences printed of each kind
# SCTP's time-outs in state runs, in seconds: the usual ones of 3 are over before tables are compared.
SCTP_TIMES = {"closed": 30, "cookie_wait": 60, "cookie_echoed": 70, "established": 210,
              "shutdown_sent": 120, "shutdown_recd": 125, "shutdown_ack_sent": 300, "heartbeat_sent": 35}
CLASSES_EACH = 8  # in one of so many rule sets, probes that may differ are sent, too: see Duel.round


class Outcome:
    """What one firewall did: delivered packets, counters by family, errnos of B's own packets."""

    def __init__(self, delivered, counters, errors):
        self.delivered, self.counters, self.errors = delivered, counters, errors


def outside(parsed):
    return parsed.family, parsed.ident, parsed.src, parsed.dst, parsed.proto


def own_key(parsed, sent):
    """What identifies a packet seen at A or C: itself; for what B's kernel made, its outside.

    The kernel's ICMP errors have random ids, and precedence 6, which no probe has.
    """
    if outside(parsed) in sent and parsed.data[1] & 0xC0 != 0xC0:
        if classes.CONNTRACK and p.FRAGMENT in parsed.extensions:  # cut anew, under a random id
            return b"fragment %d %d %d " % (parsed.ident, parsed.offset, parsed.size) + parsed.src
        return parsed.data
    return b"kernel %d %d %d " % (parsed.family, parsed.proto, parsed.size) + parsed.src + parsed.dst


def play(place, firewall, probes, families):
    """Sends the probes and collects what came of them."""
    errors = {}
    for probe in probes:
        for data in probe.packets:
            if probe.side == "own":
                number = place.send_own(data)
                if number not in (0, 1):  # EPERM is a drop
                    errors[probe.ident, probe.family] = os.strerror(number)
            else:
                place.send_frame(probe.side, data, probe.tags, probe.pad)
    idents = {(probe.family, probe.ident) for probe in probes}
    sent = {outside(p.Parsed(data)) for probe in probes for data in probe.packets}
    delivered = Counter()
    for side, frames in place.settle().items():
        for frame in frames:
            kind = int.from_bytes(frame[12:14], "big")
            if kind in (p.ETH_P_IP, p.ETH_P_IPV6):
                delivered[side, own_key(p.Parsed(frame[14:]), sent)] += 1
            else:
                delivered[side, b"frame %#x" % kind] += 1
    for (family, ident, source), count in place.received().items():
        if (family, ident) in idents:
            delivered["B", b"%d %d " % (family, ident) + source] += count
    return Outcome(delivered, {f: firewall.counters(f) for f in families}, errors)


def differences(left, right, names, texts):
    """Lines that say how two outcomes differ; empty if they do not."""
    found = []
    keys = sorted(set(left.delivered) | set(right.delivered))
    for key in keys:
        a, b = left.delivered[key], right.delivered[key]
        if a != b:
            where, what = key
            if where != "B" and not what.startswith((b"kernel", b"frame", b"fragment")):
                what = f"{p.Parsed(what)}\n      {what.hex()}"
            found.append(f"reached {where}: {names[0]} {a}, {names[1]} {b}: {what}")
    for family, ours in left.counters.items():
        theirs = right.counters[family]
        if texts and ours.lines != theirs.lines:
            found += [f"v{family} text: {names[0]} {a!r}, {names[1]} {b!r}"
                      for a, b in zip(ours.lines, theirs.lines) if a != b]
            if len(ours.lines) != len(theirs.lines):
                found.append(f"v{family}: {len(ours.lines)} lines against {len(theirs.lines)}")
        found += [f"v{family} counters {line}: {names[0]} {a}, {names[1]} {b}"
                  for line, a, b in zip(ours.lines, ours.values, theirs.values) if a != b]
    if left.errors != right.errors:
        found.append(f"sending failed: {names[0]} {left.errors}, {names[1]} {right.errors}")
    return found


def drops_past_the_end(place, firewall, rule):
    """Whether this kernel's ip6tables drops, at such a rule, a header past the end (classes.py)."""
    options = bytes([p.TCP, 1, 0, 0])  # 16 bytes, it says
    probe = p.ipv6("fd01::2", "fd01::1", p.DSTOPTS, options)
    firewall.load({6: fence.EMPTY.replace("COMMIT", f"-A INPUT {rule} -j ACCEPT\nCOMMIT")})
    place.send_frame("A", probe)
    place.settle()
    judged = firewall.counters(6).of(":INPUT")[0]
    firewall.clear()
    place.received()
    return not judged


class Duel:
    """Two worlds, a firewall in each."""

    def __init__(self, lab, options):
        self.options = options
        self.worlds = [world.World(lab, name, options.nat) for name in ("left", "right")]
        for place in self.worlds:
            place.b.sysctl(ipv4__ipfrag_time=1, ipv6__ip6frag_time=1)
        left, right = (place.b for place in self.worlds)
        kind = "legacy" if fence.legacy_available(left) else "nft"
        reference = fence.Iptables(left, kind)
        if options.against == "picket":
            # netfilter guards the namespace; tc and XDP what they are told to
            devs = () if options.hook == "netfilter" else ("lan0", "wan0", "lo")
            other = fence.Picket(right, options.hook, devs, options.classifier)
            lab.on_close(other.clear)
        else:
            other = fence.Iptables(right, options.against)
        self.fences = [reference, other]
        self.names = [reference.name, other.name]
        if self.names[0] == self.names[1]:
            self.names = [name + mark for name, mark in zip(self.names, (" (left)", " (right)"))]
        self.classed, self.counters, self.rounds, self.looked = Counter(), {}, 0, 0
        self.own_table = (options.state and options.against == "picket"
                          and options.hook != "netfilter" and entries.kernels(left) is not None)
        self.entries = 0
        self.classes = {}
        if options.against == "picket":
            classes.STRICT = drops_past_the_end(self.worlds[0], reference, "-p udp")
            classes.LOOSE = not drops_past_the_end(self.worlds[0], reference, "-m dst")
            self.classes = classes.KERNELS if options.hook == "netfilter" else classes.CLASSES
            if options.state and options.hook != "netfilter":
                self.classes = {**classes.STATE, **self.classes}
                self.fences[1].apply({4: fence.EMPTY, 6: fence.EMPTY}, extra=[
                    word for name, seconds in SCTP_TIMES.items()
                    for word in ("--state-timeout", f"sctp-{name.replace('_', '-')}={seconds}")])
        self.texts = options.against != "nft" and kind != "nft"

    def load(self, sets, altered=None):
        for firewall, rule_sets in zip(self.fences, (sets, altered or sets)):
            firewall.load({family: rs.text() for family, rs in rule_sets.items()})
        if self.options.state:  # which loads Linux's tracking
            for place in self.worlds:
                place.b.sysctl_try(**{f"netfilter__nf_conntrack_sctp_timeout_{name}": seconds
                                      for name, seconds in SCTP_TIMES.items()})

    def compare(self, probes, families, texts=True):
        left, right = (play(place, firewall, probes, families)
                       for place, firewall in zip(self.worlds, self.fences))
        self.counters = left.counters
        return differences(left, right, self.names, texts and self.texts)

    def again(self, probes, families):
        """Differences of some probes, with the rules as they stand."""
        for firewall in self.fences:
            firewall.rebase(families)
        return self.compare(probes, families, False)

    def excused(self, probe):
        return classes.of(probe, self.classes)

    def round(self, sets, probes, altered=None):
        """Differences of one case. Where a class may differ, its probes are sent apart: what they do
        proves nothing and is only counted, so not in each round.
        """
        families = sorted(sets)
        if self.options.state or self.options.nat:
            self.forget()
        self.load(sets, altered)
        groups = {}
        for probe in probes:
            groups.setdefault(self.excused(probe), []).append(probe)
        plain = groups.pop(None, [])
        found = self.compare(plain, families, altered is None)
        exact = self.counters
        if self.own_table:
            found += self.compare_entries(plain, groups)
        self.rounds += 1
        if self.rounds % CLASSES_EACH != 1:
            return found
        self.looked += 1
        for name, some in groups.items():
            self.classed[name] += bool(self.again(some, families))
        self.counters = exact
        return found

    def compare_entries(self, plain, classed):
        """What the two tables say of the conversations of which nothing was in a class."""
        wanted = entries.talks(plain) - entries.talks(sum(classed.values(), []))
        kernel = entries.kernels(self.worlds[0].b)
        self.entries += sum(entries.talk_of(*key) in wanted for key in kernel)
        return entries.differences(kernel, entries.pickets(self.fences[1]), wanted)

    def forget(self):
        """No entry of what was sent before stays: a case is the same alone, after others, and again."""
        command = [fence.Picket.binary, "conn", "delete", "--all"]
        for place in self.worlds:
            result = place.b.run(command, check=False)
            if result.returncode > 1:  # 1: there was none
                raise ns.CommandError(command, result)


def draw(seed, options):
    """(rule sets by family, probes of all families in a random order, number of conversations)"""
    sets, drawn, overlaps, talks = {}, [], [], 0
    for family in options.families:
        count = options.packets // len(options.families)
        if options.state:
            rs, some, ended = edges.case(seed, family, count, options.rules, options.nat)
            talks += ended
        else:
            rs, some = gen.case(seed, family, count, options.rules, options.profile, options.nat)
        sets[family] = rs
        drawn.append(some)
        overlaps += overlap.case(seed, family, count, options.state, options.nat)
    if options.state:
        probes = talk.weave(random.Random(seed), drawn)
    else:
        probes = sum(drawn, [])
        random.Random(seed).shuffle(probes)
    if options.profile != "plain":
        probes = talk.weave(random.Random(f"overlaps {seed}"), [probes, overlaps])
    return sets, probes, talks


def shrink(duel, sets, probes):
    """Removes probes, then rules, as long as the difference stays. Greedy, halving."""
    def cut(items, holds):
        step = max(1, len(items) // 2)
        while True:
            at = 0
            while at < len(items):
                fewer = items[:at] + items[at + step:]
                if holds(fewer):
                    items = fewer
                else:
                    at += step
            if step == 1:
                return items
            step //= 2

    def with_rules(places):
        kept = {}
        for family, rs in sets.items():
            chains = {name: [rule for i, rule in enumerate(rules) if (family, name, i) in places]
                      for name, rules in rs.chains.items()}
            used = {rule.split()[-1] for rules in chains.values() for rule in rules if rule}
            kept[family] = gen.RuleSet(rs.policies, {
                name: rules for name, rules in chains.items()
                if rules or name in used or name in rs.policies})
        return kept

    probes = cut([q for q in probes if not duel.excused(q)],
                 lambda fewer: bool(duel.round(sets, fewer)))
    places = cut([(family, *place) for family, rs in sets.items() for place in rs.places()],
                 lambda fewer: bool(duel.round(with_rules(set(fewer)), probes)))
    return with_rules(set(places)), probes


def comment(text):
    """TAP comment lines."""
    print("\n".join("# " + line for line in text.splitlines()))


def report(name, options, found, duel, sets, probes):
    print(f"# {name} differs in {len(found)} places")
    if options.shrink:
        sets, probes = shrink(duel, sets, probes)
        found = duel.round(sets, probes) or ["the reduced case no longer differs"]
        for family, rs in sets.items():
            comment(f"rules v{family}:\n{rs.text().rstrip()}")
        for probe in probes[:SHOW]:
            comment(f"probe {probe}\n  " + " ".join(data.hex() for data in probe.packets))
        if options.keep:
            cases.keep(options.keep, found[0], sets, probes)
    for line in found[:SHOW]:
        comment(f"  {line}")
    if isinstance(name, int):
        classifier = f" --classifier {options.classifier}" if options.classifier else ""
        print(f"# replay: tests/diff/run.py --no-seeds --seed {name} --rounds 1 --family "
              f"{options.family} --hook {options.hook}{classifier} --against {options.against} "
              f"--packets {options.packets} --rules {options.rules} --profile {options.profile}"
              f"{' --nat' * options.nat}{' --state' * options.state} --shrink")
    sys.stdout.flush()


def kept_seeds(options):
    """Seeds of seeds.txt for this hook: lines `hook|any seed [state]`, # comments."""
    with open(os.path.join(HERE, "seeds.txt"), encoding="utf-8") as f:
        words = [line.split("#", 1)[0].split() for line in f]
    return [int(w[1]) for w in words if w and w[0] in ("any", options.hook)
            and w[2:] == ["state"] * options.state]


def options_hit(counters):
    """(option, whether a packet met a rule with it) for each option of each rule."""
    for line, value in zip(counters.lines, counters.values):
        line = re.sub(r'"[^"]*"|-j user', lambda m: "-j chain" if m[0][0] == "-" else "", line)
        for word in re.findall(r" ((?:! )?-(?:[sdpiofg]|-[a-z0-9-]+|j \w+))(?= |$)", line):
            yield word, value[0] > 0


def all_cases(options):
    """(name or seed, rule sets, probes, conversations): kept cases, kept seeds, then the rounds asked
    for, or as many as have so many conversations."""
    if not options.no_seeds:
        for case in () if options.state else cases.read_all():
            yield (*case, 0)
        for seed in kept_seeds(options):
            yield (seed, *draw(seed, options))
    seed, talks = options.seed, 0
    while talks < options.talks if options.talks else seed < options.seed + options.rounds:
        drawn = draw(seed, options)
        yield (seed, *drawn)
        seed, talks = seed + 1, talks + drawn[2]


class Tally:
    """Figures of a run, for its last lines."""

    def __init__(self):
        self.sets = self.packets = self.talks = self.hit = self.rules = 0
        self.coverage, self.begin = Counter(), time.monotonic()

    def add(self, probes, talks, counters):
        self.sets += 1
        self.talks += talks
        self.packets += sum(len(probe.packets) for probe in probes)
        for one in counters:
            self.rules += len(one.values)
            self.hit += sum(value[0] > 0 for value in one.values)
            self.coverage.update(options_hit(one))

    def show(self, duel, coverage):
        print(f"# {' against '.join(duel.names)}: {self.sets} rule sets, {self.packets} packets, "
              f"{self.talks} conversations, {self.hit} of {self.rules} rules and policies hit, "
              f"{time.monotonic() - self.begin:.1f} s")
        for word in sorted({word for word, _ in self.coverage}) if coverage else ():
            hit, missed = self.coverage[word, True], self.coverage[word, False]
            print(f"# {word}: hit {hit} of {hit + missed}")
        if duel.own_table:
            print(f"# {duel.entries} entries compared")
        for name, count in sorted(duel.classed.items()):
            print(f"# named class {name}: differed in {count} of {duel.looked} rule sets")


def run_rounds(duel, options):
    """Prints differing cases; returns the number of them."""
    tally, failed = Tally(), 0
    for name, sets, probes, talks in all_cases(options):
        try:
            found = duel.round(sets, probes)
            tally.add(probes, talks, duel.counters.values())
            if found:
                report(name, options, found, duel, sets, probes)
        except (ns.CommandError, subprocess.TimeoutExpired, TimeoutError, ValueError) as error:
            found = [str(error)]
            comment(f"{name}: {type(error).__name__}: {error}")
        failed += bool(found)
        if failed >= options.max_failures:
            print(f"# stopped after {failed} failures")
            break
    tally.show(duel, options.coverage)
    return failed


def number_plus_one(rule):
    """The rule with one port or number raised by one, or None."""
    m = re.search(r"(--(?:sport|dport|sports|dports|ports) )(\d+)(?=$| |,)", rule)
    return m and rule[:m.start(2)] + str((int(m[2]) + 1) % 65536) + rule[m.end(2):]


def verdict_flipped(rule):
    for a, b in (("ACCEPT", "DROP"), ("DROP", "ACCEPT")):
        if rule.endswith("-j " + a):
            return rule[:-len(a)] + b
    return None


def negation_changed(rule):
    if "! " in rule:
        return rule.replace("! ", "", 1)
    return re.sub(r"(?=-[sdp] )", "! ", rule, count=1) if re.search(r"-[sd] ", rule) else None


def return_lost(rule):
    return rule[:-len(" -j RETURN")] if rule.endswith(" -j RETURN") else None


def goto_jumps(rule):
    return rule.replace("-g ", "-j ") if "-g " in rule else None


MUTANTS = {"port + 1": number_plus_one, "verdict flipped": verdict_flipped,
           "negation changed": negation_changed, "RETURN lost": return_lost,
           "goto for jump": goto_jumps}


def mutate(duel, options):
    """Each kind of change to a rule that is hit must be noticed at least once, and half of all: a
    change need not matter to any packet of its case.
    """
    noticed, tried = Counter(), Counter()
    for seed in range(options.seed, options.seed + options.rounds):
        sets, probes, _ = draw(seed, options)
        duel.load(sets)
        play(duel.worlds[0], duel.fences[0], probes, sorted(sets))
        hits = {family: duel.fences[0].counters(family) for family in sets}
        duel.worlds[0].settle()
        rng = random.Random(seed)
        for kind, change in MUTANTS.items():
            places = list(mutable(sets, hits, change))
            if not places:
                continue
            family, name, i = rng.choice(places)
            altered = dict(sets)
            chains = {n: list(rules) for n, rules in sets[family].chains.items()}
            chains[name][i] = change(chains[name][i])
            altered[family] = gen.RuleSet(sets[family].policies, chains)
            tried[kind] += 1
            noticed[kind] += bool(duel.round(sets, probes, altered))
    for kind in MUTANTS:
        print(f"# {kind}: noticed {noticed[kind]} of {tried[kind]}")
    never = [kind for kind in MUTANTS if not noticed[kind]]
    return len(never) + (sum(noticed.values()) * 2 < sum(tried.values()))


def mutable(sets, hits, change):
    """Places of rules that were hit and that the change applies to."""
    for family, rs in sets.items():
        values = iter(value for line, value in zip(hits[family].lines, hits[family].values)
                      if line.startswith("-A"))
        for name, i in rs.places():
            if next(values)[0] and change(rs.chains[name][i]):
                yield family, name, i


def arguments():
    a = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--rounds", type=int, default=20)
    a.add_argument("--talks", type=int, help="with --state: rounds until there were so many "
                   "conversations")
    a.add_argument("--hook", choices=("netfilter", "tc", "xdp"), default="netfilter")
    a.add_argument("--classifier", choices=("auto", "lbvs"))
    a.add_argument("--family", choices=("4", "6", "both"), default="both")
    a.add_argument("--against", choices=("picket", "legacy", "nft"), default="picket")
    a.add_argument("--profile", choices=("full", "plain"))
    a.add_argument("--packets", type=int, default=200)
    a.add_argument("--rules", type=int, default=8, help="mean rules a chain")
    a.add_argument("--max-failures", type=int, default=5)
    a.add_argument("--nat", action="store_true", help="with NAT and connection tracking")
    a.add_argument("--state", action="store_true", help="conversations, and rules about their state")
    a.add_argument("--coverage", action="store_true", help="which options of rules were hit")
    a.add_argument("--mutate", action="store_true")
    a.add_argument("--shrink", action="store_true", help="reduce failing cases")
    a.add_argument("--keep", metavar="NAME", help="write the reduced case to cases/NAME.json")
    a.add_argument("--no-seeds", action="store_true", help="leave kept cases and seeds out")
    options = a.parse_args()
    classes.CONNTRACK = options.nat or options.state
    options.families = (4, 6) if options.family == "both" else (int(options.family),)
    options.profile = options.profile or ("plain" if options.against == "nft" else "full")
    return options


def main():
    options = arguments()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    if options.against == "picket":
        fence.need_picket()
        if options.hook == "netfilter":
            try:
                fence.need_netfilter_link()
            except tap.Skip as reason:
                print(f"1..0 # SKIP {reason}")
                return 0
    world.one_cpu()
    with ns.Lab() as lab:
        duel = Duel(lab, options)
        failed = (mutate if options.mutate else run_rounds)(duel, options)
    what = "mutants" if options.mutate else f"differential {duel.names[0]} {duel.names[1]}"
    print(f"{'not ok' if failed else 'ok'} 1 - {what}\n1..1")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
