#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that ask for a state on tc and XDP, where the table of connections is picket's own.

    left (no firewall)  10.3.0.1 wire ------ wire 10.3.0.2  right (the fence)
                        fd03::1                     fd03::2
"""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, ns, packet as p, tap  # noqa: E402

PORT, CLOSED, LIVE = 2222, 2223, 101
LEFT, RIGHT = "10.3.0.1", "10.3.0.2"
STRICT = f"""\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport {PORT} --syn -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID
-A INPUT -m conntrack --ctstate RELATED
COMMIT
"""
STRICT6 = STRICT.replace("-A INPUT -m conntrack --ctstate ESTABLISHED",
                         "-A INPUT -m state --state UNTRACKED -j ACCEPT\n"
                         "-A INPUT -m conntrack --ctstate ESTABLISHED")
TEXTS = {4: STRICT, 6: STRICT6}
EMPTY = {4: fence.EMPTY, 6: fence.EMPTY}
WAIT = 5  # seconds; a connection that is cut ends the test by this
SMALL = 1000  # connections that the table of the flood is made for


class Rig:
    def __init__(self, lab, hook):
        self.left, self.right = lab.netns("left" + hook), lab.netns("right" + hook)
        for space in (self.left, self.right):
            ns.quiet(space)
        ns.veth(self.left, "wire", "02:00:00:00:03:01", self.right, "wire", "02:00:00:00:03:02")
        for space, host in ((self.left, 1), (self.right, 2)):
            space.ip(f"addr add 10.3.0.{host}/24 dev wire", f"addr add fd03::{host}/64 dev wire nodad",
                     "link set lo up")
        self.fence = fence.Picket(self.right, hook, ("wire",))
        lab.on_close(self.fence.clear)
        self.listeners = {port: self.listen(port) for port in (PORT, CLOSED)}
        self.pairs = []
        with self.left:
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        lab.on_close(self.raw.close)

    def listen(self, port):
        with self.right:
            s = socket.socket(socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((RIGHT, port))
        s.listen(LIVE)
        return s

    def connect(self, port, wait=WAIT):
        with self.left:
            s = socket.socket(socket.AF_INET)
        s.settimeout(wait)
        s.connect((RIGHT, port))
        other = self.listeners[port].accept()[0]
        other.settimeout(WAIT)
        return s, other

    def refused(self, port):
        try:
            self.connect(port, 0.3)
        except socket.timeout:
            return True
        return False

    def talk(self):
        """A word each way over every live connection."""
        for left, right in self.pairs:
            left.sendall(b"?")
            assert right.recv(1) == b"?"
            right.sendall(b"!")
            assert left.recv(1) == b"!"

    def send(self, proto, data, src=LEFT, **more):
        self.raw.sendto(p.ipv4(src, RIGHT, proto, data, **more), (RIGHT, 0))

    def count(self, text, family=4):
        return self.fence.now(family).of(text)[0]

    def pins(self):
        return self.fence.status()["pins"]


def strict(rig):
    """Only ESTABLISHED and a SYN to one port: connections live through any change of rules."""
    rig.fence.apply(TEXTS, extra=("--state-max", str(SMALL)))
    rig.pairs = [rig.connect(PORT) for _ in range(LIVE)]
    assert rig.count("NEW") == LIVE, rig.count("NEW")
    rig.fence.apply(TEXTS)
    rig.talk()
    rig.fence.command("rule", "append", "INPUT", "-p", "tcp", "--dport", "9")
    rig.talk()
    rig.fence.command("undo")
    rig.talk()
    assert rig.count("NEW") == LIVE
    assert rig.refused(CLOSED)


def without_rules_that_ask(rig):
    """A set that asks for nothing follows no connection, and the table stays for the next one."""
    rig.fence.apply(EMPTY)
    rig.talk()
    rig.fence.apply(TEXTS)
    rig.talk()


def told_by_name(rig):
    """The table is in `status`; `conn`, which reads Linux's, is refused."""
    rig.fence.apply(TEXTS)
    assert rig.fence.status()["own_table"]["max"] == SMALL
    error = rig.fence.command("conn", check=False)
    assert error.returncode == 3 and "PK2919" in error.stderr, error.stderr


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
    texts = {4: STRICT.replace("COMMIT", f"-A INPUT {rule} NEW -m udp --dport 53 -j ACCEPT\n"
                                         "-A INPUT -p udp -m state --state NEW\nCOMMIT"), 6: STRICT6}
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


def flood(rig):
    """Made-up SYNs drive out half-open connections, and no other; what is held is dropped by name."""
    for i in range(20 * SMALL):
        src = f"10.{64 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"
        rig.send(p.TCP, p.tcp(src, RIGHT, 1024 + i % 60000, PORT, p.SYN, seq=i), src=src)
    assert rig.count("NEW") >= 20 * SMALL
    rig.talk()
    rig.pairs.append(rig.connect(PORT))
    rig.talk()
    reasons = {r["reason"] for r in rig.fence.status()["reasons"] if r["counters"]["packets"]}
    assert "drop-state" not in reasons, reasons


def mid_stream(rig):
    """After the table has gone with the fence, a segment of a live connection is NEW."""
    rig.fence.clear()
    rig.fence.apply(TEXTS)
    left, right = rig.pairs[0]
    before = rig.count("ESTABLISHED")
    left.sendall(b"?")
    right.settimeout(0.3)
    try:
        right.recv(1)
    except socket.timeout:
        assert rig.count("ESTABLISHED") == before
        return
    raise AssertionError("it came through")


def leaves_nothing(rig):
    rig.fence.clear()
    assert rig.fence.command("status", check=False).returncode == 1


def netfilter_has_its_own(lab):
    space = lab.netns("own")
    other = fence.Picket(space)
    error = other.apply(TEXTS, check=False, extra=("--state-max", "9"))
    assert error.returncode == 3 and "nf_conntrack_max" in error.stderr, error.stderr


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    with ns.Lab() as lab:
        for hook in ("tc", "xdp"):
            rig = Rig(lab, hook)
            for test in (strict, without_rules_that_ask, size_is_fixed, told_by_name, failed_change,
                         unsolicited, out_of_window, errors, later_fragments, flood, mid_stream,
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
