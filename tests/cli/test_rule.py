#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket rule: one rule of the live set changed. What it says and refuses, in both families; counters
to the packet; several at once; and the same random changes through iptables, the texts compared after
each. PK_SEED starts the random ones from another seed; PK_AMONG puts so many rules of no use beside
each set, enough of which make changes go into a delta (docs/adr/0009) rather than a new image.
"""
import json
import os
import random
import select
import shlex
import socket
import sys
import tempfile

sys.dont_write_bytecode = True
import command  # noqa: E402
import schema  # noqa: E402
from command import picket, picket_json, same  # noqa: E402
from pktest import fence, ns  # noqa: E402

SEED = int(os.environ.get("PK_SEED", "1"))
AMONG = int(os.environ.get("PK_AMONG", "0"))
FOLDER = tempfile.TemporaryDirectory(prefix="picket-test-")
LAB = ns.Lab()
FAMILIES = (4, 6)
START = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:a - [0:0]
:b - [0:0]
-A INPUT -i lo -j a
-A a -p udp -j ACCEPT
-A a -p udp -j ACCEPT
COMMIT
"""


def among(text, family):
    """A set with AMONG rules more, in a chain that nothing leads to."""
    if not AMONG:
        return text
    net = {4: "10.200.{}.{}/32", 6: "2001:db8:200::{:x}{:02x}/128"}[family]
    more = "".join(f"-A zz -s {net.format(i >> 8, i & 255)} -p tcp -m tcp --dport {i + 1} -j DROP\n"
                   for i in range(AMONG))
    return text.replace("COMMIT", more + "COMMIT").replace("*filter\n", "*filter\n:zz - [0:0]\n")


def is_among(line):
    return line.startswith(("-A zz ", ":zz "))


class Space:
    """A namespace with a fence of START; on leaving, the fence goes first and then the namespace."""

    number = 0

    def __init__(self, *families, text=START):
        self.families, self.text = families, text

    def __enter__(self):
        fence.need_netfilter_link()
        Space.number += 1
        self.space = LAB.netns(f"rule{Space.number}")
        ns.quiet(self.space)
        for family in self.families:
            path = os.path.join(FOLDER.name, f"r.v{family}")
            with open(path, "w", encoding="utf-8") as f:
                f.write(among(self.text, family))
            picket("apply", path, space=self.space)
        return self.space

    def __exit__(self, *_):
        self.space.run([command.PICKET, "detach"], check=False)
        LAB.drop(self.space)


def rule_json(space, *args, status=0):
    """picket rule --json: the document, which must be as its schema says."""
    document = json.loads(picket("rule", "--json", *args, status=status, space=space).stdout)
    problems = schema.breaches(schema.load(command.SCHEMAS, "rule"), document)
    if problems or document["exit"] != status:
        raise AssertionError(f"{problems}\n{document}")
    return document


def generation(space):
    return picket_json("status", space=space)["generation"]


def rules(space, family=4):
    return [line for line in picket("save", f"-{family}", space=space, err=()).stdout.splitlines()
            if line.startswith("-A") and not is_among(line)]


def test_nothing_stands():
    with Space() as space:
        picket("rule", "append", "INPUT", "-j", "DROP", status=1, err=["no fence stands"], space=space)
        same("change", "change" in rule_json(space, "delete", "INPUT", "1", status=1), False)
        picket(status=1, out=["none stands"], space=space)


def test_each_change():
    with Space(4) as space:
        picket("rule", "append", "INPUT", "-p", "6", "--dport", "ssh", "-j", "ACCEPT", space=space,
               out=["+ -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", "ipv4 INPUT 2, ", "generation 2"])
        document = rule_json(space, "insert", "INPUT", "-m", "comment", "--comment", 'a "b" \\')
        same("insert", [document[k] for k in ("change", "family", "chain", "number", "after")],
             ["insert", "ipv4", "INPUT", 1, '-m comment --comment "a \\"b\\" \\\\"'])
        same("id", document["id"], picket_json("status", space=space)["id"])
        document = rule_json(space, "replace", "a", "2", "-j", "b")
        same("replace", [document[k] for k in ("number", "before", "after", "generation")],
             [2, "-p udp -j ACCEPT", "-j b", 4])
        picket("rule", "delete", "a", "-p", "17", "--jump", "ACCEPT", space=space,
               out=["- -A a -p udp -j ACCEPT\nipv4 a 1, "])
        picket("rule", "delete", "INPUT", "2", out=["- -A INPUT -i lo -j a\n"], space=space)
        same("rules", rules(space), ['-A INPUT -m comment --comment "a \\"b\\" \\\\"',
                                     "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "-A a -j b"])
        same("generation", generation(space), 6)


REFUSED = (
    (2, "append NONE -j DROP", "no IPv4 chain is called 'NONE'"),
    (2, "append INPUT -p tcp --dport x", "picket rule:1:41: error PK0201"),
    (2, "append INPUT --dport 1", "picket rule:1:26: error PK0036"),
    (2, "insert INPUT 2 --dport 1", "picket rule:1:28: error PK0036"),
    (2, "append INPUT -j NONE", "picket rule:1:29: error PK0028"),
    (2, "append INPUT -o lo", "-o cannot be used with INPUT"),
    (2, "append INPUT -m recent --set", "error PK0027"),
    (2, "append INPUT -j LOG", "error PK0029"),
    (2, "append INPUT -s 1.1.1.1,2.2.2.2", "2 rules, and one is changed"),
    (2, "append INPUT -s ::1", "error PK0033"),
    (2, "append INPUT -j DROP -6", "write -4 or -6 before the chain"),
    (2, "append INPUT -j DROP --json", "--json"),
    (2, "append INPUT -c 1 2", "counts from 0"),
    (2, "append INPUT 1 -j DROP", "'1' belongs to no option"),
    (2, "append a -j a", "chains go round in a loop: a -> a"),
    (2, "insert INPUT 3 -j DROP", "the number can be at most 2"),
    (2, "insert INPUT 0 -j DROP", "rule numbers count from 1"),
    (2, "replace INPUT 2 -j DROP", "there is no number 2"),
    (2, "replace INPUT -j DROP", "the number of the rule to replace is missing"),
    (2, "delete INPUT 2", "there is no number 2"),
    (2, "delete INPUT 1 -j DROP", "not both"),
    (1, "delete INPUT -j DROP", "has no such rule: -j DROP"),
    (1, "delete -6 INPUT 1", "IPv6 has no rules: it was never set"),
    (1, "append -6 INPUT -j DROP", "IPv6 has no rules: it was never set"),
    (2, "flush INPUT", "flush: no such change"),
    (2, "append", "needs a CHAIN"),
    (2, "", "needs a CHANGE"),
    (2, "--twice append INPUT", "no such option"),
)


def test_what_is_refused_changes_nothing():
    with Space(4) as space:
        before = picket_json("status", space=space)
        for status, words, says in REFUSED:
            picket("rule", *words.split(), status=status, err=[says], space=space)
        document = rule_json(space, "append", "INPUT", "-p", "tcp", "--dport", "x", status=2)
        place = [document["diagnostics"][0][k] for k in ("file", "line", "column")]
        same("place", place, ["picket rule", 1, 48])
        same("status", picket_json("status", space=space), before)


def test_nesting_and_memory_are_bounded_as_for_apply():
    chains = [f"c{i}" for i in range(33)]
    text = START.replace("-A INPUT", "".join(f":{c} - [0:0]\n" for c in chains) + "-A INPUT", 1)
    text = text.replace("COMMIT", "".join(f"-A {c} -j {d}\n" for c, d in zip(chains, chains[1:]))
                        + "COMMIT")
    with Space(4, text=text) as space:
        picket("rule", "append", "INPUT", "-j", "c0", status=2, err=["33 jumps deep"], space=space)
        picket("rule", "append", "INPUT", "-j", "c1", space=space)
        same("generation", generation(space), 2)


def test_each_family_for_itself():
    with Space(4, 6) as space:
        picket("rule", "append", "-6", "OUTPUT", "-p", "icmpv6", "-j", "ACCEPT",
               out=["ipv6 OUTPUT 1, "], space=space)
        picket("rule", "-4", "insert", "OUTPUT", "-p", "icmp", space=space)
        same("IPv4", rules(space)[1], "-A OUTPUT -p icmp")
        same("IPv6", rules(space, 6)[1], "-A OUTPUT -p ipv6-icmp -j ACCEPT")
        same("lengths", [len(rules(space, f)) for f in FAMILIES], [4, 4])


def test_changes_are_counted_where_they_are_kept_apart():
    """Until there are too many of them, or a new rule jumps; the id is that of a file of the same."""
    with Space(4) as space:
        for i in range(4):
            picket("rule", "append", "a", "-p", "tcp", "--dport", str(i + 1), space=space)
        picket("rule", "delete", "INPUT", "1", space=space)
        picket("rule", "delete", "a", "3", space=space)
        document = picket_json("status", space=space)
        same("since compiled", document["since_compiled"],
             {"added": 3, "deleted": 1} if AMONG else {"added": 0, "deleted": 0})
        saved = picket("save", "-4", space=space, err=()).stdout
        picket("rule", "append", "a", "-j", "b", space=space)
        same("compiled", picket_json("status", space=space)["since_compiled"],
             {"added": 0, "deleted": 0})
        path = os.path.join(FOLDER.name, "saved.v4")
        with open(path, "w", encoding="utf-8") as f:
            f.write(saved)
        picket("apply", path, space=space)
        same("id", picket_json("status", space=space)["id"], document["id"])


def test_more_changes_than_a_delta_holds():
    with Space(4) as space:
        for i in range(120):
            picket("rule", "insert", "a", "-p", "tcp", "--dport", str(i + 1), "-j", "DROP", space=space)
        got = rules(space)
        same("rules", [r.split()[7] for r in got if r.startswith("-A a -p tcp")],
             [str(i) for i in range(120, 0, -1)])
        if AMONG:
            added = picket_json("status", space=space)["since_compiled"]["added"]
            same("compiled meanwhile", 0 < added < 120, True)


def test_explain_names_the_place():
    with Space(4) as space:
        picket("rule", "insert", "INPUT", "-p", "tcp", "-j", "DROP", space=space)
        asked = ["explain", "tcp 1.2.3.4 to 1.2.3.5:22"]
        picket(*asked, status=1, out=["    picket rule\n"], space=space)
        rule = picket_json(*asked, status=1, space=space)["rule"]
        same("place", [rule["file"], rule["line"]], ["picket rule", 0])


def test_undo():
    with Space(4) as space:
        first = rules(space)
        picket("rule", "delete", "a", "1", space=space)
        picket("rule", "replace", "a", "1", "-j", "b", space=space)
        last = rules(space)
        picket("undo", space=space)
        same("one back", rules(space), first[:1] + first[2:])
        picket("undo", space=space)
        same("and forth", rules(space), last)


def test_many_at_once():
    loop = ('for i in 1 2 3 4 5; do "$0" rule append $2 OUTPUT -m comment --comment $1x$i '
            '>/dev/null || exit; done')
    with Space(4, 6) as space:
        runs = [space.popen(["sh", "-c", loop, command.PICKET, str(n), f"-{FAMILIES[n % 2]}"])
                for n in range(8)]
        same("exits", [run.wait(ns.TIMEOUT) for run in runs], [0] * 8)
        same("generation", generation(space), 2 + 40)
        for family in FAMILIES:
            got = [r.split()[-1] for r in rules(space, family) if "comment" in r]
            mine = [n for n in range(8) if FAMILIES[n % 2] == family]
            same("rules", sorted(got), sorted(f'{n}x{i}' for n in mine for i in range(1, 6)))
            for n in mine:  # and each one's own in order
                same("order", [g for g in got if g.startswith(f"{n}x")],
                     [f"{n}x{i}" for i in range(1, 6)])


# What both take, and what both refuse. {net}: an address of the family; chains jump a > b only.
SPECS = ["", "-j ACCEPT", "-p tcp", "-p 6 -m tcp --dport 80:90 -j DROP", "-p udp --sport 53",
         "-p tcp ! --syn -j RETURN", "-s {net}", "! -d {net} -j ACCEPT", "-i eth+ -j DROP", "-o lo",
         "-p tcp -m multiport --dports 1,2,5:6 -j ACCEPT", "-m comment --comment 'two words'",
         "-p {icmp} --{icmp}-type echo-request -j ACCEPT", "-j DROP", "-p udp -j DROP", "-j DROP"]
BAD_SPECS = ["--dport 1", "-j nix", "-p tcp --dport 99999", "-p tcp --nix", "-j INPUT",
             "-s {net}/x", "x"]
CHAINS = ("INPUT", "FORWARD", "OUTPUT", "a", "b")
NET = {4: "10.1.0.0/16", 6: "2001:db8::/32"}
ICMP = {4: "icmp", 6: "icmpv6"}
EDITS = 200


def random_edit(rng, family, lengths):
    """(change, chain, number or None, rule as words or None)"""
    change, chain = rng.choice(("append", "insert", "insert", "replace", "delete")), rng.choice(CHAINS)
    if rng.random() < 0.03:
        chain = "nix"
    pool = list(SPECS)
    pool += ["-j b"] if chain != "b" else []
    pool += ["-g a"] if chain not in "ab" else []
    spec = rng.choice(BAD_SPECS if rng.random() < 0.1 else pool)
    number = rng.randint(1, lengths.get(chain, 0) + 2) if rng.random() < 0.9 else 0
    if change == "append" or (change in ("insert", "delete") and rng.random() < 0.5):
        number = None
    words = shlex.split(spec.format(net=NET[family], icmp=ICMP[family]))
    return change, chain, number, None if change == "delete" and number is not None else words


def as_words(change, chain, number, words):
    return [chain, *([str(number)] if number is not None else []), *(words or [])]


def script(commands, save):
    """Runs each, then save; its answer is split by answers()."""
    lines = [f"{shlex.join(c)} >/dev/null 2>&1; echo \"== $?\"; {save}" for c in commands]
    return "\n".join(lines) + "\n"


def answers(text):
    """(was it done, the set after it) of each"""
    found = []
    for part in text.split("== ")[1:]:
        status, *lines = part.splitlines()
        found.append((status == "0", [line for line in lines
                                      if not line.startswith("#") and not is_among(line)]))
    return found


def lengths_of(lines):
    return {c: sum(line.startswith(f"-A {c}") for line in lines) for c in CHAINS}


def against(space, other, family, rng):
    """Batches of edits, the next with the lengths that the last has left."""
    flags = {"append": "-A", "insert": "-I", "replace": "-R", "delete": "-D"}
    lines, seen = START.splitlines(), {True: 0, False: 0}
    for _ in range(EDITS // 10):
        edits = [random_edit(rng, family, lengths_of(lines)) for _ in range(10)]
        theirs = script([[other.command, flags[e[0]], *as_words(*e)] for e in edits],
                        f"{other.command}-save -t filter")
        ours = script([[command.PICKET, "rule", e[0], f"-{family}", *as_words(*e)] for e in edits],
                      f"{command.PICKET} save -{family}")
        left = answers(other.space.run(["sh"], text=theirs, private_run=True).stdout)
        right = answers(space.run(["sh"], text=ours).stdout)
        same("answers", len(left), 10)
        for edit, (their_exit, their_text), (our_exit, our_text) in zip(edits, left, right):
            same(f"{edit} was done", our_exit, their_exit)
            if other.texts:
                same(f"the set after {edit}", our_text, their_text)
            seen[our_exit] += 1
            lines = our_text
    return seen


class Other:
    """iptables in a namespace of its own, with START in it."""

    def __init__(self, space, family):
        kind = "legacy" if fence.legacy_available(space) else "nft"
        self.space, self.texts = space, kind == "legacy"
        self.command = f"ip{'6' if family == 6 else ''}tables-{kind}"
        space.run([f"{self.command}-restore"], text=START, private_run=True)


def test_the_same_changes_through_iptables():
    for family in FAMILIES:
        with Space(4, 6) as space:
            theirs = LAB.netns(f"other{family}")
            seen = against(space, Other(theirs, family), family, random.Random(f"{SEED} {family}"))
            LAB.drop(theirs)
            print(f"# IPv{family}, seed {SEED}: {seen[True]} changes, {seen[False]} refused by both")
            if min(seen[True] - EDITS // 2, seen[False] - EDITS // 10) < 0:
                raise AssertionError(f"too few of a kind: {seen}")


PORT, DATA = 7, b"picket!"
SIZE = {4: 28 + len(DATA), 6: 48 + len(DATA)}
HOST = {4: "127.0.0.1", 6: "::1"}
UDP = "-p udp -m udp --dport"
TRAFFIC = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:user - [0:0]
COMMIT
"""
# Rules of OUTPUT and user, and what a packet to PORT does there.
COUNTED = {f"{UDP} {PORT}": "count", f"{UDP} 9": "pass by", f"{UDP} {PORT} -j ACCEPT": "ACCEPT",
           f"{UDP} {PORT} -j DROP": "DROP", "-p udp -j user": "user", "-p udp -j RETURN": "RETURN",
           "-p udp -g user": "goto", "-p udp": "count"}


class Model:
    """OUTPUT and user as lists of [text, packets], and what a packet does to them."""

    def __init__(self):
        self.chains, self.policy = {"OUTPUT": [], "user": []}, 0

    def send(self):
        verdict = self._walk("OUTPUT")
        if verdict is None:
            self.policy += 1
        return verdict != "DROP"

    def _walk(self, chain):
        for rule in self.chains[chain]:
            does = COUNTED[rule[0]]
            if does == "pass by":
                continue
            rule[1] += 1
            verdict = self._walk("user") if does in ("user", "goto") else None
            if does in ("ACCEPT", "DROP") or verdict:
                return verdict or does
            if does in ("RETURN", "goto"):
                return None
        return None

    def edit(self, rng):
        """A random change, made: its words."""
        chain = rng.choice(list(self.chains))
        mine = self.chains[chain]
        change = rng.choice(("append", "insert") + ("replace", "delete") * bool(mine))
        pool = [t for t, d in COUNTED.items() if chain == "OUTPUT" or d not in ("user", "goto")]
        new, number = [rng.choice(pool), 0], rng.randint(1, len(mine) + (change == "insert") or 1)
        by_text = change == "delete" and rng.random() < 0.5
        if by_text:  # the first of its text goes
            number = 1 + [r[0] for r in mine].index(mine[number - 1][0])
            new = mine[number - 1]
        words = [change, chain, *([str(number)] if change != "append" and not by_text else []),
                 *(new[0].split() if change != "delete" or by_text else [])]
        at = number - 1 if change != "append" else len(mine)
        mine[at:at + (change in ("replace", "delete"))] = [new] if change != "delete" else []
        return words

    def state(self, family):
        lines = [(":OUTPUT ACCEPT", self.policy)]
        lines += [(f"-A {c} {text}", n) for c, rs in self.chains.items() for text, n in rs]
        return [(line, (n, n * SIZE[family])) for line, n in lines]


def udp_socket(space, family, bind=False):
    with space:
        s = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    if bind:
        s.bind((HOST[family], PORT))  # somebody listens: no ICMP error comes back
    return s


def send(s, family):
    """False: dropped in OUTPUT, which sendto() says."""
    try:
        s.sendto(DATA, (HOST[family], PORT))
    except PermissionError:
        return False
    return True


def state_of(space, family):
    counters = fence.Counters(picket("save", "-c", f"-{family}", space=space).stdout)
    return [(line, value) for line, value in zip(counters.lines, counters.values)
            if line.startswith((":OUTPUT", "-A")) and not is_among(line)]


def test_counters_to_the_packet():
    """101 changes, 1 to 13 packets between two; duplicates of a rule are told apart."""
    for family in FAMILIES:
        rng, model = random.Random(f"counters {SEED} {family}"), Model()
        with Space(4, 6, text=TRAFFIC) as space, udp_socket(space, family, True), \
                udp_socket(space, family) as s:
            for i in range(101):
                words = model.edit(rng)
                picket("rule", words[0], f"-{family}", *words[1:], space=space)
                for _ in range(rng.randint(1, 13)):
                    same(f"passes after {words}", send(s, family), model.send())
                if i % 10 == 0:
                    same(f"counters after {words}", state_of(space, family), model.state(family))
            same("other family", [v for _, v in state_of(space, 10 - family)], [(0, 0)])
            twice = [r[0] for rs in model.chains.values() for r in rs]
            same("duplicates occur", len(set(twice)) < len(twice), True)


def test_rules_that_went_do_not_make_a_walk_too_long():
    """A chain entered 2^17 times, whose first rule ended the walk each time: without its rules the
    walk passes them, which an image under a delta may not be asked to do too often."""
    levels, ends = [f"c{i}" for i in range(17)] + ["user"], 70
    chains = "".join(f":{c} - [0:0]\n" for c in levels[:-1])
    jumps = "".join(f"-A {c} -j {d}\n" * 2 for c, d in zip(levels, levels[1:]))
    text = TRAFFIC.replace(":user", chains + ":user").replace(
        "COMMIT", f"-A OUTPUT {UDP} {PORT} -j c0\n{jumps}" + "-A user -p udp -j ACCEPT\n" * ends
        + "COMMIT")
    with Space(4, text=text) as space, udp_socket(space, 4, True), udp_socket(space, 4) as s:
        for _ in range(ends):
            picket("rule", "delete", "user", "1", space=space)
        same("passes", send(s, 4), True)
        same("by the policy", [v[0] for line, v in state_of(space, 4) if line[0] == ":"], [1])


def test_undo_and_counters():
    with Space(4, text=TRAFFIC) as space, udp_socket(space, 4, True), udp_socket(space, 4) as s:
        first = f"{UDP} {PORT}"
        for _ in range(2):
            picket("rule", "append", "OUTPUT", *first.split(), space=space)
        for _ in range(23):
            send(s, 4)
        picket("rule", "insert", "OUTPUT", *first.split(), space=space)
        for _ in range(5):
            send(s, 4)
        same("three", [v[0] for _, v in state_of(space, 4)], [28, 5, 28, 28])
        picket("undo", space=space)
        send(s, 4)
        same("two", [v[0] for _, v in state_of(space, 4)], [29, 29, 29])


def flood(space, stop):
    """Sends one packet of each family in turn until told to stop: how many of each."""
    sockets, sent = {f: udp_socket(space, f) for f in FAMILIES}, {f: 0 for f in FAMILIES}
    while not select.select([stop], [], [], 0)[0]:
        for family, s in sockets.items():
            sent[family] += send(s, family)
    return sent


def flooding(space):
    """Runs flood() in a child: a function that ends it and gives what it sent."""
    stop_read, stop_write = os.pipe()
    out_read, out_write = os.pipe()
    pid = os.fork()
    if not pid:
        ns.die_with_parent()
        try:
            os.write(out_write, json.dumps(flood(space, stop_read)).encode())
        finally:
            os._exit(0)

    def end():
        os.write(stop_write, b"x")
        os.waitpid(pid, 0)
        return {int(f): n for f, n in json.loads(os.read(out_read, 4096)).items()}

    return end


def test_no_packet_is_lost_or_counted_twice_under_traffic():
    """Two equal rules stay while rules come and go around them, 101 times, as packets flow."""
    stays, rng = f"{UDP} {PORT}", random.Random(f"flood {SEED}")
    text = TRAFFIC.replace("COMMIT", f"-A OUTPUT {stays}\n-A OUTPUT {stays}\nCOMMIT")
    lists = {f: ["stays", "stays"] for f in FAMILIES}
    with Space(4, 6, text=text) as space, udp_socket(space, 4, True), udp_socket(space, 6, True):
        end = flooding(space)
        try:
            for _ in range(101):
                family = rng.choice(FAMILIES)
                mine = lists[family]
                others = [i for i, name in enumerate(mine) if name != "stays"]
                if others and rng.random() < 0.5:
                    at = rng.choice(others)
                    picket("rule", "delete", f"-{family}", "OUTPUT", str(at + 1), space=space)
                    del mine[at]
                else:
                    at = rng.randint(0, len(mine))
                    picket("rule", "insert", f"-{family}", "OUTPUT", str(at + 1), *stays.split(),
                           space=space)
                    mine.insert(at, "other")
        finally:
            sent = end()
        for family in FAMILIES:
            counters = [v[0] for _, v in state_of(space, family)]
            policy, values = counters[0], counters[1:]
            kept = [v for v, name in zip(values, lists[family]) if name == "stays"]
            others = [v for v, name in zip(values, lists[family]) if name != "stays"]
            same(f"IPv{family} counters", [policy, *kept], [sent[family]] * 3)
            same("later ones", all(v < sent[family] for v in others), True)
        if min(sent.values()) < 1000:
            raise AssertionError(f"hardly any traffic: {sent}")
        print(f"# {sent} packets")


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
