#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`picket conn` on real connections (pktest/pair.py): of Linux's table, with DNAT of 10.3.0.77, and of
the own one on tc and XDP."""
import json
import os
import resource
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib/py"), os.path.join(HERE, "../cli")]

import schema  # noqa: E402
from command import PICKET, SCHEMAS, picket, picket_json, same  # noqa: E402
from pktest import fence, ns, pair, tap  # noqa: E402
from pktest.pair import LEFT, PORT, RIGHT  # noqa: E402

LIVE, ROUTED, FLOOD = 101, 1009, 30011
BEFORE = "10.3.0.77"
RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate NEW -j ACCEPT
COMMIT
"""
RULES6 = RULES.replace("NEW", "NEW,UNTRACKED")  # neighbour discovery
NAT = f"""
table ip nat {{
    chain pre {{ type nat hook prerouting priority -100; ip daddr {BEFORE} dnat to {RIGHT[4]}; }}
    chain post {{ type nat hook postrouting priority 100; }}
}}
"""
WAIT = 10  # seconds, after which a test that waits for an event fails


class Rig(pair.Pair):
    def __init__(self, lab, hook="netfilter"):
        super().__init__(lab, hook)
        self.left.ip(f"route add {BEFORE} via {RIGHT[4]}")
        if not self.own:
            self.right.run(["nft", "-f", "-"], text=NAT)
        self.held = []
        self.pairs = [self.connect() for _ in range(LIVE)] if self.own else []
        self.fence.apply({4: RULES, 6: RULES6})

    def open(self, family=4, to=None):
        """A connection that lasts as long as the rig: the left end."""
        self.held += self.connect(family=family, to=to)
        return self.held[-2]

    def udp(self, to, count, port=5000):
        """Datagrams to so many ports, from one: as many connections."""
        with self.left:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((LEFT[4], 0))
        for i in range(count):
            s.sendto(b"x", (to, port + i))
        self.held.append(s)

    def conn(self, *args, status=0):
        return picket_json("conn", *args, space=self.right, status=status)

    def list(self, *args):
        return self.conn("list", *args)["connections"]


def lists(rig):
    """Every connection that was made, with its two ends; and none of the other namespace."""
    ports = {f: {rig.open(f).getsockname()[1] for _ in range(LIVE)} for f in (4, 6)}
    ports[4] |= {s.getsockname()[1] for s, _ in rig.pairs}
    for family, name in ((4, "ipv4"), (6, "ipv6")):
        found = rig.list("--proto", "tcp", "--family", name, "--state", "ESTABLISHED")
        same(f"{name} ports", {c["original"]["sport"] for c in found}, ports[family])
        same(f"{name} ends", {(c["original"]["src"], c["original"]["dst"], c["reply"]["src"])
                              for c in found}, {(LEFT[family], RIGHT[family], RIGHT[family])})
        same(f"{name} status", {tuple(c["status"]) for c in found},
             {("SEEN_REPLY", "ASSURED", "CONFIRMED")})
    same("count", rig.conn("count", "--state", "ESTABLISHED,SYN_SENT")["count"],
         2 * LIVE + len(rig.pairs))
    same("table", rig.conn("count")["table"], "picket" if rig.own else "linux")
    level = rig.conn("count")
    status = picket_json("status", space=rig.right)["connections"]
    same("level", (level["count"], status["count"]), (len(rig.list()), level["count"]))
    same("room", status["max"], level["max"])
    picket("status", space=rig.right, out=[f"{level['count']} connections; there is room for"])


def selects(rig):
    """Each selection finds what it should, and what is selected by something else not."""
    one = rig.list("--proto", "tcp", "--family", "ipv4")[0]["original"]
    for words in (["--sport", str(one["sport"]), "--src", "10.3.0.0/24"],
                  ["--sport", f"{one['sport']}:{one['sport']}", "--dport", str(PORT)],
                  ["-p", "6", "-s", one["src"], "-d", one["dst"], "--sport", str(one["sport"])]):
        same(words, [c["original"] for c in rig.list(*words)], [one])
    for words in (["--src", "10.3.1.0/24"], ["--dport", "1:7"], ["--zone", "5"], ["--mark", "1"],
                  ["--status", "UNREPLIED", "--dport", str(PORT)], ["--state", "LAST_ACK"],
                  ["-p", "udplite"], ["--reply-src", BEFORE]):
        same(words, rig.list(*words), [])


def shows_nat(rig):
    """Behind DNAT the reply direction is another, and stands in a line of its own."""
    port = rig.open(4, BEFORE).getsockname()[1]
    found, = rig.list("--status", "DST_NAT")
    same("ends", (found["original"]["dst"], found["reply"]["src"], found["original"]["sport"]),
         (BEFORE, RIGHT[4], port))
    same("by its reply", rig.list("--reply-src", RIGHT[4], "--dst", BEFORE), [found])
    picket("conn", "--dst", BEFORE, space=rig.right,
           out=[f"{BEFORE}:{PORT}", "reply", f"{RIGHT[4]}:{PORT} "])


def fits_a_terminal(rig):
    """No line has 100 columns, whatever the addresses."""
    for space, address in ((rig.left, "fd03:1111:2222:3333:4444:5555:6666:7777"),
                           (rig.right, "fd03:1111:2222:3333:4444:5555:6666:8888")):
        space.ip(f"addr add {address}/64 dev wire nodad")
    with rig.left:
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("fd03:1111:2222:3333:4444:5555:6666:7777", 40000))
    s.sendto(b"x", ("fd03:1111:2222:3333:4444:5555:6666:8888", 50000))
    s.close()
    shown = picket("conn", space=rig.right, out=["[fd03:1111:2222:3333:4444:5555:6666:8888]:50000",
                                                 "proto", "ESTABLISHED"]).stdout
    same("wide lines", [line for line in shown.splitlines() if len(line) >= 100], [])


def counts_what_was_sent(rig):
    """With nf_conntrack_acct, packets and bytes of each side."""
    rig.right.sysctl(netfilter__nf_conntrack_acct=1)
    rig.udp(RIGHT[4], 1, 6000)
    rig.right.sysctl(netfilter__nf_conntrack_acct=0)
    found, = rig.list("--dport", "6000")
    same("sent", (found["original"]["sent"], found["reply"]["sent"]["packets"]),
         ({"packets": 1, "bytes": 29}, 0))
    picket("conn", "--dport", "6000", space=rig.right, out=["sent", "1 pkt, 29 B"])


def deletes(rig):
    """Only what is selected, and everything only when it is said."""
    picket("conn", "delete", status=2, err=["--all"], space=rig.right)
    rig.udp(RIGHT[4], 23, 7000)
    before = rig.conn("count", "-p", "tcp")["count"]
    same("deleted", rig.conn("delete", "-p", "udp", "--dport", "7000:7009")["deleted"], 10)
    same("left", len(rig.list("--dport", "7000:7022")), 13)
    same("again", rig.conn("delete", "--dport", "7000:7009", status=1)["deleted"], 0)
    same("others", rig.conn("count", "-p", "tcp")["count"], before)
    rig.conn("delete", "--all")
    same("all", rig.list("-p", "tcp"), [])


def deletes_in_a_zone(rig):
    """Of two entries that differ in nothing but the zone, the one that is meant."""
    rig.right.run(["nft", "-f", "-"], text="table ip zone { chain c { type filter hook prerouting "
                  "priority -300; udp dport 7100 ct zone set 5; }; }")
    rig.udp(RIGHT[4], 1, 7100)
    rig.right.run(["nft", "delete", "table", "ip", "zone"])
    rig.held[-1].sendto(b"x", (RIGHT[4], 7100))
    same("zones", sorted(c["original"]["zone"] for c in rig.list("--dport", "7100")), [0, 5])
    same("deleted", rig.conn("delete", "--dport", "7100", "--zone", "5")["deleted"], 1)
    same("left", [c["original"]["zone"] for c in rig.list("--dport", "7100")], [0])


def listening(space):
    """Whether somebody in the namespace listens to events of netfilter."""
    with space, open("/proc/thread-self/net/netlink", encoding="ascii") as f:
        return any(words[1] == "12" and words[3] != "00000000" for words in map(str.split, f))


class Watch:
    """A watch that listens by the time it is there."""

    def __init__(self, rig, *args):
        self.process = rig.right.popen([PICKET, "conn", "watch", *args], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, encoding="utf-8")
        while not listening(rig.right):
            if self.process.poll() is not None:
                raise AssertionError(self.process.communicate())

    def documents(self):
        """Its lines, each as its schema says; the last is the closing one."""
        out, err = self.process.communicate(timeout=WAIT)
        same("stderr", err, "")
        found = [json.loads(line) for line in out.splitlines()]
        for document, name in [(d, "conn-event") for d in found[:-1]] + [(found[-1], "conn")]:
            same("breaches", schema.breaches(schema.load(SCHEMAS, name), document), [])
        return found


def watches(rig):
    """23 new connections, told as 23, each with its end; and nothing that is not selected."""
    watch = Watch(rig, "--json", "--event", "new,destroy", "--dport", "7200:7222", "--count", "46")
    rig.udp(RIGHT[4], 23, 7200)
    rig.udp(RIGHT[4], 7, 7300)
    same("deleted", rig.conn("delete", "--dport", "7200:7222")["deleted"], 23)
    *events, end = watch.documents()
    for name in ("new", "destroy"):
        same(name, [e["connection"]["original"]["dport"] for e in events if e["event"] == name],
             list(range(7200, 7223)) if name == "new" else
             [e["connection"]["original"]["dport"] for e in events if e["event"] == "destroy"])
        same(f"how many {name}", len([e for e in events if e["event"] == name]), 23)
    same("end", (end["events"], end["lost"], end["exit"]), (46, 0, 0))


def watches_until_told(rig):
    """^C ends it well, with what it saw; and as text."""
    watch = Watch(rig, "--dport", "7400")
    rig.udp(RIGHT[4], 1, 7400)
    lines = [watch.process.stdout.readline() for _ in range(2)]
    watch.process.send_signal(signal.SIGINT)
    rest, err = watch.process.communicate(timeout=WAIT)
    same("line", lines[1].split()[:4], ["new", "udp", "-", lines[1].split()[3]])
    same("rest", (rest, err, watch.process.returncode), ("", "", 0))


def tells_of_loss(rig):
    """A reader that stands still loses events, is told so, and goes on."""
    watch = Watch(rig, "--json", "--event", "new")
    watch.process.send_signal(signal.SIGSTOP)
    rig.udp(RIGHT[4], FLOOD, 10000)
    watch.process.send_signal(signal.SIGCONT)
    lost, later = 0, 50000
    while True:
        event = json.loads(watch.process.stdout.readline())
        lost += event["event"] == "lost"
        if event["event"] == "new" and event["connection"]["original"]["dport"] >= 50000:
            break
        rig.held[-1].sendto(b"x", (RIGHT[4], later))  # lost, too, as long as the rest is in the way
        later += 1
    watch.process.send_signal(signal.SIGTERM)
    end = json.loads(watch.process.communicate(timeout=WAIT)[0].splitlines()[-1])
    same("told", (lost >= 1, end["lost"] >= lost, end["events"] < FLOOD + later - 50000), (True,) * 3)


def says_that_linux_is_mute(rig):
    rig.right.sysctl(netfilter__nf_conntrack_events=0)
    watch = Watch(rig, "--json")
    watch.process.send_signal(signal.SIGINT)
    rig.right.sysctl(netfilter__nf_conntrack_events=2)
    same("code", [d["code"] for d in watch.documents()[-1]["diagnostics"]], ["PK2918"])


def lists_many(rig):
    """A table of tens of thousands comes whole."""
    rig.fence.command("conn", "delete", "--all", check=False)
    rig.udp(RIGHT[4], FLOOD, 10000)
    same("many", len({c["original"]["dport"] for c in rig.list("--dport", "10000:")}), FLOOD)
    same("deleted", rig.conn("delete", "--dport", "10000:")["deleted"], FLOOD)


def seed(rig, space, source):
    """Lines of seed-dump: {(proto, state, status, scales, flags): {ends}}"""
    found = {}
    for line in space.run([os.environ["SEED_DUMP"]]).stdout.splitlines():
        words = line.split()
        if words[0] == source:
            key = words[1], words[2], words[3], words[5], words[6], words[8]
            found.setdefault(key, set()).add(tuple(words[9:17]))
    return found


def reads_sockets(rig):
    """Live sockets, tracked or not: who called, both families, and IPv4 on a socket of IPv6."""
    with rig.right:
        both = socket.create_server(("::", PORT + 1), family=socket.AF_INET6, dualstack_ipv6=True)
    with rig.left:
        tcp = [socket.create_connection((to, PORT + 1), WAIT) for to in (RIGHT[4], RIGHT[6])]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.connect((RIGHT[4], 5353))
    held = [both.accept()[0] for _ in tcp]
    ends = []
    for s, family in zip(tcp, (4, 6)):
        here, there = (LEFT[family], str(s.getsockname()[1])), (RIGHT[family], str(PORT + 1))
        ends.append(here + there + there + here)
    for space in (rig.left, rig.right):
        found = {e: key for key, some in seed(rig, space, "socket").items() for e in some}
        for one in ends:
            same(f"{one} in {space.name}", found[one][:3], ("6", "ESTABLISHED", "0xe"))
            same("scales and SACK", (found[one][3] != "0", found[one][3:5] == found[one][4:2:-1],
                                     found[one][5]), (True, True, "0x3"))
    here, there = (LEFT[4], str(udp.getsockname()[1])), (RIGHT[4], "5353")
    same("UDP", seed(rig, rig.left, "socket")["17", "-", "0x8", "0", "0", "0"],
         {here + there + there + here})
    tcp[0].shutdown(socket.SHUT_WR)
    held[0].recv(1)
    same("half closed", {key[1] for key, some in seed(rig, rig.right, "socket").items()
                         if ends[0] in some}, {"CLOSE_WAIT"})


def seeds_both_sides_of_nat(rig):
    """A connection through DNAT is two on the wire."""
    rig.conn("delete", "--all")
    port = str(rig.open(4, BEFORE).getsockname()[1])
    found = {e for key, some in seed(rig, rig.right, "seed").items() for e in some if e[1] == port}
    same("seeds", found, {(LEFT[4], port, to, str(PORT), to, str(PORT), LEFT[4], port)
                          for to in (BEFORE, RIGHT[4])})


def knows_who_was_there(rig):
    """Connections of before the fence, on hooks that nobody tracked for, are in the new table."""
    same("seeds", {c["original"]["sport"] for c in rig.list("--dport", str(PORT), "--src", LEFT[4])},
         {s.getsockname()[1] for s, _ in rig.pairs})
    rules = rig.fence.now(4)
    rig.talk()
    same("NEW", rig.fence.now(4).of("NEW"), rules.of("NEW"))
    same("ESTABLISHED", rig.fence.now(4).of("ESTABLISHED")[0] >= LIVE, True)


def looks_again(rig):
    """The own table tells nobody; a watch finds what came, and then what went."""
    with rig.right.popen([PICKET, "conn", "watch", "--dport", "7200:7222"], stdout=subprocess.PIPE,
                         encoding="utf-8") as watch:
        watch.stdout.readline()  # of titles: it knows by now what was there before
        rig.udp(RIGHT[4], 23, 7200)
        for event in ("new", "destroy"):
            found = [watch.stdout.readline().split() for _ in range(23)]
            same(event, {(w[0], w[4]) for w in found},
                 {(event, f"{RIGHT[4]}:{port}") for port in range(7200, 7223)})
            if event == "new":
                same("deleted", rig.conn("delete", "--dport", "7200:7222")["deleted"], 23)
        watch.send_signal(signal.SIGINT)
        same("exit", watch.wait(WAIT), 0)


def forwarded(lab, hook):
    """A router has no sockets of what goes through: Linux's table, if it tracks, knows of it."""
    hosts = left, router, right = [lab.netns(f"{hook}-{name}") for name in ("a", "router", "b")]
    for space in hosts:
        ns.quiet(space)
    for i, end in enumerate((left, right)):
        ns.veth(end, "wire", f"02:00:00:00:0{i}:01", router, f"wire{i}", f"02:00:00:00:0{i}:02")
        end.ip(f"addr add 10.{i}.0.1/24 dev wire", f"route add default via 10.{i}.0.2")
        router.ip(f"addr add 10.{i}.0.2/24 dev wire{i}")
    router.sysctl(ipv4__ip_forward=1)
    router.run(["nft", "-f", "-"], text="table ip t { chain c { type filter hook forward priority 0; "
               "ct state new counter; }; }")
    with right:
        server = socket.create_server(("10.1.0.1", PORT), backlog=ROUTED)
    pairs = []
    for _ in range(ROUTED):
        with left:
            one = socket.create_connection(("10.1.0.1", PORT), pair.WAIT)
        other = server.accept()[0]
        other.settimeout(pair.WAIT)
        pairs.append((one, other))
    gate = fence.Picket(router, hook, ("wire0", "wire1"))
    lab.on_close(gate.clear)
    gate.apply({4: "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                   "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n"})
    for one, other in pairs:
        one.sendall(b"?")
        assert other.recv(1) == b"?"
        other.sendall(b"!")
        assert one.recv(1) == b"!"
    assert gate.now(4).of("ESTABLISHED")[0] >= 2 * ROUTED


def words(rig):
    """What is no selection is refused by name."""
    for bad in (["frob"], ["list", "more"], ["--proto", "frob"], ["--src", "10.3.0.1/33"],
                ["--src", "nowhere"], ["--dport", "2:1"], ["--dport", "65536"], ["--state", "UP"],
                ["--status", "ASSURED,"], ["--mark", "x"], ["--zone", "65536"], ["--family", "ipx"],
                ["watch", "--event", "birth"], ["watch", "--count", "0"], ["list", "--all"],
                ["delete", "--count", "1"], ["--event", "new"]):
        picket("conn", *bad, status=2, err=["picket conn: "], space=rig.right)


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8 * ROUTED, 8 * ROUTED))
    with ns.Lab() as lab:
        for hook in sys.argv[1:] or ("tc", "xdp"):
            rig = Rig(lab, hook)
            for test in (knows_who_was_there, lists, selects, fits_a_terminal, deletes, looks_again,
                         lists_many, words):
                t.run(f"{hook}: {test.__name__.replace('_', ' ')}", test, rig)
            t.run(f"{hook}: forwarded", forwarded, lab, hook)
        if not sys.argv[1:]:
            t.run("netfilter links", fence.need_netfilter_link)
        if t.skipped or sys.argv[1:]:
            return t.done()
        rig = Rig(lab)
        for test in (lists, selects, shows_nat, fits_a_terminal, counts_what_was_sent, deletes,
                     deletes_in_a_zone, watches, watches_until_told, tells_of_loss,
                     says_that_linux_is_mute, lists_many, reads_sockets,
                     seeds_both_sides_of_nat, words):
            t.run(test.__name__.replace("_", " "), test, rig)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
