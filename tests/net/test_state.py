#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that ask for a state on tc and XDP, where the table of connections is picket's own
(pktest/pair.py). Floods are in test_flood.py."""
import json
import os
import resource
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, ns, packet as p, pair, tap  # noqa: E402
from pktest.pair import CLOSED, PORT  # noqa: E402

LIVE = 1009
LEFT, RIGHT = pair.LEFT[4], pair.RIGHT[4]
TEXTS = pair.strict("-m conntrack --ctstate INVALID", "-m conntrack --ctstate RELATED")
EMPTY = {4: fence.EMPTY, 6: fence.EMPTY}
SMALL = 3000  # connections that the table is made for


def strict(rig):
    """Only ESTABLISHED and a SYN to one port: what was there before the fence, and what comes, lives
    through any change of rules. Nobody tracks in this namespace: its sockets tell."""
    rig.pairs = [rig.connect(PORT) for _ in range(LIVE)]
    rig.fence.apply(TEXTS, extra=("--state-max", str(SMALL)))
    rig.talk()
    assert rig.count("NEW") == 0, rig.count("NEW")
    rig.pairs += [rig.connect(PORT) for _ in range(23)]
    assert rig.count("NEW") == 23, rig.count("NEW")
    rig.fence.apply(TEXTS)
    rig.talk()
    rig.fence.command("rule", "append", "INPUT", "-p", "tcp", "--dport", "9")
    rig.talk()
    rig.fence.command("undo")
    rig.talk()
    assert rig.count("NEW") == 23
    assert rig.refused(CLOSED)


def without_rules_that_ask(rig):
    """A set that asks for nothing follows no connection, and the table stays for the next one."""
    rig.fence.apply(EMPTY)
    rig.talk()
    rig.fence.apply(TEXTS)
    rig.talk()


def told_by_name(rig):
    """The table is in `status`, and `conn` reads that one."""
    rig.fence.apply(TEXTS)
    assert rig.fence.status()["own_table"]["max"] == SMALL
    found = json.loads(rig.fence.command("conn", "--json").stdout)
    assert found["table"] == "picket" and len(found["connections"]) >= LIVE, found


def size_is_fixed(rig):
    error = rig.fence.apply(TEXTS, check=False, extra=("--state-max", "7"))
    assert error.returncode == 3 and "PK2011" in error.stderr, error.stderr
    rig.fence.apply(TEXTS, extra=("--state-max", str(SMALL)))
    rig.talk()


def failed_change(rig):
    assert rig.fence.apply(TEXTS, check=False, extra=("--memory-max", "1")).returncode
    rig.talk()


def unsolicited(rig):
    """An ACK out of nowhere is NEW, as Linux has it (nf_conntrack_tcp_loose), and never ESTABLISHED."""
    before = rig.count(":INPUT")
    for i in range(23):
        rig.send(p.TCP, p.tcp(LEFT, RIGHT, 5000 + i, PORT, p.ACK, seq=7, ack=9))
    # all of them reach the policy; ESTABLISHED may count acknowledgements of what was said before
    assert rig.count(":INPUT") == before + 23


def out_of_window(rig):
    """A segment that a blind attacker makes up for a live connection is INVALID."""
    port = rig.pairs[0][0].getsockname()[1]
    before = rig.count("INVALID")
    for i in range(23):
        rig.send(p.TCP, p.tcp(LEFT, RIGHT, port, PORT, p.RST, seq=(i * 0x0B000001 + 5) & 0xFFFFFFFF))
    assert rig.count("INVALID") >= before + 21  # two of them may be near by chance
    rig.talk()


def errors(rig):
    """ICMP errors about a live connection are RELATED if they go to its sender, and sound."""
    mine = rig.pairs[0][1].getsockname()
    peer = rig.pairs[0][0].getsockname()
    sent = p.ipv4(RIGHT, LEFT, p.TCP, p.tcp(RIGHT, LEFT, mine[1], peer[1], p.ACK))[:28]
    other = p.ipv4(RIGHT, LEFT, p.TCP, p.tcp(RIGHT, LEFT, mine[1], 1, p.ACK))[:28]
    before = rig.count("RELATED"), rig.count("INVALID")
    for _ in range(23):
        rig.send(p.ICMP, p.icmp(3, 1, payload=sent))
    assert rig.count("RELATED") == before[0] + 23
    rig.send(p.ICMP, p.icmp(3, 1, payload=other))
    broken = bytearray(p.icmp(3, 1, payload=sent))
    broken[-1] ^= 1
    rig.send(p.ICMP, bytes(broken))
    assert (rig.count("RELATED"), rig.count("INVALID")) == (before[0] + 23, before[1] + 2)
    rig.talk()


def later_fragments(rig):
    """A fragment without ports is what its datagram's first one was; of nothing it is INVALID."""
    rule = "-p udp -m conntrack --ctstate"
    texts = {**TEXTS, 4: TEXTS[4].replace("COMMIT", f"-A INPUT {rule} NEW -m udp --dport 53 -j ACCEPT\n"
                                          "-A INPUT -p udp -m state --state NEW\nCOMMIT")}
    whole = p.udp(LEFT, RIGHT, 1053, 53, b"x" * 64)
    rig.fence.apply(texts)
    before = rig.count("INVALID")
    rig.send(p.UDP, whole[40:], ident=77, offset=40)
    assert rig.count("INVALID") == before + 1
    rig.send(p.UDP, whole[:40], ident=77, more=True)
    assert rig.count("--dport 53") == 1
    rig.send(p.UDP, whole[40:], ident=77, offset=40)
    assert rig.count("INVALID") == before + 1
    assert rig.count("-p udp -m state --state NEW") == 1  # NEW as the first one, but without a port
    assert rig.count("--dport 53") == 1
    rig.fence.apply(TEXTS)


def mid_stream(rig):
    """A segment of a live connection that the table has lost is NEW."""
    left, right = rig.pairs.pop()
    rig.fence.command("conn", "delete", "--sport", str(left.getsockname()[1]))
    before = rig.count("ESTABLISHED")
    left.sendall(b"?")
    right.settimeout(0.3)
    try:
        right.recv(1)
    except socket.timeout:
        assert rig.count("ESTABLISHED") == before
        return
    raise AssertionError("it came through")


def timeouts(rig):
    """As Linux's at first; changed at once, kept by every change of rules, and told."""
    def expires(port):
        found = rig.fence.command("conn", "--json", "--dport", str(port)).stdout
        return [c["expires"] for c in json.loads(found)["connections"]]

    texts = {**TEXTS, 4: TEXTS[4].replace("COMMIT", "-A INPUT -p udp -j ACCEPT\nCOMMIT")}
    usual = rig.fence.status()["own_table"]["timeouts"]
    assert (usual["udp"], usual["tcp-established"]) == (30, 432000), usual
    rig.fence.apply(texts, extra=("--state-timeout", "udp=3600", "--state-timeout", "icmp=7"))
    rig.send(p.UDP, p.udp(LEFT, RIGHT, 1053, 5300, b"x"))
    assert 3500 < expires(5300)[0] <= 3600, expires(5300)
    rig.fence.apply(texts)
    rig.fence.command("rule", "append", "INPUT", "-p", "tcp", "--dport", "9")
    rig.fence.command("undo")
    rig.send(p.UDP, p.udp(LEFT, RIGHT, 1053, 5301, b"x"))
    assert 3500 < expires(5301)[0] <= 3600, expires(5301)
    assert rig.fence.status()["own_table"]["timeouts"] == {**usual, "udp": 3600, "icmp": 7}
    assert "udp lasts 3600 s, not 30" in rig.fence.command("status").stdout
    rig.fence.apply(texts, extra=("--state-timeout", "udp=default", "--state-timeout", "icmp=default"))
    assert rig.fence.status()["own_table"]["timeouts"] == usual
    rig.send(p.UDP, p.udp(LEFT, RIGHT, 1053, 5300, b"x"))
    assert expires(5300)[0] <= 30, expires(5300)
    for bad in ("udp", "udp=0", "udp=x", "udp=31536001", "frob=1", "=1", "udp=1s"):
        assert rig.fence.apply(texts, check=False, extra=("--state-timeout", bad)).returncode == 2, bad
    rig.fence.apply(TEXTS)


def liberal(rig):
    """Told so, a segment out of window is of its connection; else it is INVALID, or at most ignored."""
    port = rig.pairs[0][0].getsockname()[1]

    def invalid():
        before = rig.count("INVALID")
        for i in range(23):
            seq = (i * 0x0B000001 + 5) & 0xFFFFFFFF
            rig.send(p.TCP, p.tcp(LEFT, RIGHT, port, PORT, p.ACK, seq=seq))
        return rig.count("INVALID") - before

    assert invalid() >= 7
    rig.fence.apply(TEXTS, extra=("--state-liberal", "on"))
    assert rig.fence.status()["own_table"]["liberal"] is True
    assert "liberal" in rig.fence.command("status").stdout
    assert invalid() == 0
    rig.fence.apply(TEXTS, extra=("--state-liberal", "off"))
    assert rig.fence.status()["own_table"]["liberal"] is False
    assert rig.fence.apply(TEXTS, check=False, extra=("--state-liberal", "1")).returncode == 2
    rig.pairs.pop(0)  # whose windows are now what was made up


def seeded_anew(rig):
    """The table goes with the fence, and the next one begins with what is there then."""
    rig.fence.clear()
    rig.fence.apply(TEXTS)
    rig.talk()
    assert rig.count("NEW") == 0


def full_from_the_start(rig):
    """More live connections than the table has places for: told by name."""
    rig.fence.clear()
    told = rig.fence.apply(TEXTS, extra=("--state-max", "64")).stderr
    assert "PK2024" in told and "larger --state-max" in told, told
    assert 64 <= json.loads(rig.fence.command("conn", "count", "--json").stdout)["count"] <= 96
    before = rig.fence.status()["own_table"]["refused"]
    for i in range(23):
        rig.send(p.TCP, p.tcp(LEFT, RIGHT, 5000 + i, PORT, p.SYN, seq=7))
    status = rig.fence.status()
    dropped, = [r["counters"]["packets"] for r in status["reasons"] if r["reason"] == "drop-state"]
    assert status["own_table"]["refused"] - before == dropped >= 20, status["own_table"]


def leaves_nothing(rig):
    rig.fence.clear()
    assert rig.fence.command("status", check=False).returncode == 1


def netfilter_has_its_own(lab):
    space = lab.netns("own")
    other = fence.Picket(space)
    for words, sysctl in ((("--state-max", "9"), "nf_conntrack_max"),
                          (("--state-timeout", "udp=9"), "nf_conntrack_*_timeout"),
                          (("--state-liberal", "on"), "nf_conntrack_tcp_be_liberal"),
                          (("--state-zone", "vlan:7=1"), "-j CT --zone")):
        error = other.apply(TEXTS, check=False, extra=words)
        assert error.returncode == 3 and sysctl in error.stderr, error.stderr


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8 * LIVE, 8 * LIVE))
    with ns.Lab() as lab:
        for hook in ("tc", "xdp"):
            rig = pair.Pair(lab, hook)
            for test in (strict, without_rules_that_ask, size_is_fixed, told_by_name, failed_change,
                         unsolicited, pair.tags_open_nothing, out_of_window, errors, later_fragments,
                         mid_stream, timeouts, liberal, seeded_anew, full_from_the_start,
                         leaves_nothing):
                t.run(f"{hook}: {test.__name__.replace('_', ' ')}", test, rig)
        try:
            fence.need_netfilter_link()
            t.run("netfilter has its own", netfilter_has_its_own, lab)
        except tap.Skip:
            pass
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
