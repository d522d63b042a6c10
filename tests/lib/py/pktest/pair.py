# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients on the left, the fence and servers on the right, and one wire between them.

    left (clients)  10.3.0.1 wire ------ wire 10.3.0.2  right (the fence, servers)
                    fd03::1                     fd03::2
"""
import socket
from contextlib import closing

from . import fence, ns, packet as p, wire

PORT, CLOSED = 2222, 2223
LEFT, RIGHT = {4: "10.3.0.1", 6: "fd03::1"}, {4: "10.3.0.2", 6: "fd03::2"}
MAC = {"left": "02:00:00:00:03:01", "right": "02:00:00:00:03:02"}
WAIT = 5  # seconds; a connection that is cut ends the test by this
BACKLOG = 1024


def strict(*more):
    """Texts by family that take ESTABLISHED and a SYN to PORT; `more` rules for INPUT count."""
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
             "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
             f"-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport {PORT} --syn -j ACCEPT",
             *(f"-A INPUT {rule}" for rule in more), "COMMIT", ""]
    neighbours = "-A INPUT -m state --state UNTRACKED -j ACCEPT"
    return {4: "\n".join(lines), 6: "\n".join(lines[:4] + [neighbours] + lines[4:])}


class Pair:
    def __init__(self, lab, hook="netfilter"):
        self.left, self.right = lab.netns(f"{hook}-left"), lab.netns(f"{hook}-right")
        for space in (self.left, self.right):
            ns.quiet(space)
        ns.veth(self.left, "wire", MAC["left"], self.right, "wire", MAC["right"])
        for space, addresses in ((self.left, LEFT), (self.right, RIGHT)):
            space.ip(f"addr add {addresses[4]}/24 dev wire",
                     f"addr add {addresses[6]}/64 dev wire nodad", "link set lo up")
        self.own = hook != "netfilter"  # the table of connections is the fence's
        self.fence = fence.Picket(self.right, hook, ("wire",) if self.own else ())
        lab.on_close(self.fence.clear)
        self.listeners = {}
        self.pairs = []  # live connections: the socket on the left, and on the right
        self.dumb = []  # of those that have lost count; open, since a FIN would be sent again and again
        with self.left:
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        lab.on_close(self.raw.close)

    def listen(self, port=PORT, family=4):
        with self.right:
            s = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((RIGHT[family], port))
        s.listen(BACKLOG)
        self.listeners[port, family] = s

    def connect(self, port=PORT, family=4, wait=WAIT, to=None):
        """A new live connection, which is not yet one of `pairs`."""
        if (port, family) not in self.listeners:
            self.listen(port, family)
        with self.left:
            s = socket.socket(self.listeners[port, family].family)
        s.settimeout(wait)
        s.connect((to or RIGHT[family], port))
        other = self.listeners[port, family].accept()[0]
        other.settimeout(WAIT)
        return s, other

    def refused(self, port):
        try:
            self.connect(port, wait=0.3)
        except socket.timeout:
            return True
        return False

    def talk(self):
        """A word each way over every live connection. The left speaks first: what is sent from the
        right would be let out."""
        for left, right in self.pairs:
            left.sendall(b"?")
            assert right.recv(1) == b"?"
            right.sendall(b"!")
            assert left.recv(1) == b"!"

    def send(self, proto, data, src=LEFT[4], **more):
        self.raw.sendto(p.ipv4(src, RIGHT[4], proto, data, **more), (RIGHT[4], 0))

    def count(self, text, family=4):
        return self.fence.now(family).of(text)[0]


def tags_open_nothing(rig):
    """Behind VLAN tags a packet has the state that it has without: of nothing it falls to the policy,
    and a segment of a live connection is ESTABLISHED. There is no VLAN 7: the stack drops what is of
    it, before netfilter."""
    kinds = (((0x8100, 0),), ((0x88A8, 0), (0x8100, 0)), ((0x8100, 7),))
    before = rig.count(":INPUT"), rig.count("NEW")
    with closing(wire.Port(rig.left, "wire", p.ETH_P_IP)) as port:
        for i, tags in enumerate(kinds):
            for sport in range(5000 + 100 * i, 5023 + 100 * i):
                tagged(port, p.tcp(LEFT[4], RIGHT[4], sport, CLOSED, p.SYN, seq=7), tags)
                tagged(port, p.tcp(LEFT[4], RIGHT[4], sport, PORT, p.ACK, seq=7, ack=9), tags)
        rig.talk()
        judged = len(kinds) if rig.own else len(kinds) - 1
        assert (rig.count(":INPUT"), rig.count("NEW")) == (before[0] + 46 * judged, before[1])
        for tags in kinds[:2]:
            next_segment(rig, port, tags)


def tagged(port, segment, tags):
    ip = p.ipv4(LEFT[4], RIGHT[4], p.TCP, segment)
    port.send(p.ethernet(MAC["right"], MAC["left"], ip, tags=tags))


def next_segment(rig, port, tags):
    """The next segment of a live connection, made up from the last one that came back."""
    left, right = rig.pairs.pop()
    rig.dumb += [left, right]  # the left end will not know what it has said
    port.read()
    right.sendall(b"!")
    assert left.recv(1) == b"!"
    mine = left.getsockname()[1]
    last = [s for s in (p.Parsed(frame[14:]) for frame in port.read())
            if s.proto == p.TCP and s.payload[2:4] == mine.to_bytes(2, "big")][-1]
    seq, ack = (int.from_bytes(last.payload[at:at + 4], "big") for at in (4, 8))
    tagged(port, p.tcp(LEFT[4], RIGHT[4], mine, PORT, p.ACK | p.PSH, payload=b"?", seq=ack,
                       ack=seq + 1 & 0xFFFFFFFF), tags)
    assert right.recv(1) == b"?"
