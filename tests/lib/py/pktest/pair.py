# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients on the left, the fence and servers on the right, and one wire between them.

    left (clients)  10.3.0.1 wire ------ wire 10.3.0.2  right (the fence, servers)
                    fd03::1                     fd03::2
"""
import socket

from . import fence, ns, packet

PORT, CLOSED = 2222, 2223
LEFT, RIGHT = {4: "10.3.0.1", 6: "fd03::1"}, {4: "10.3.0.2", 6: "fd03::2"}
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
        ns.veth(self.left, "wire", "02:00:00:00:03:01", self.right, "wire", "02:00:00:00:03:02")
        for space, addresses in ((self.left, LEFT), (self.right, RIGHT)):
            space.ip(f"addr add {addresses[4]}/24 dev wire",
                     f"addr add {addresses[6]}/64 dev wire nodad", "link set lo up")
        self.own = hook != "netfilter"  # the table of connections is the fence's
        self.fence = fence.Picket(self.right, hook, ("wire",) if self.own else ())
        lab.on_close(self.fence.clear)
        self.listeners = {}
        self.pairs = []  # live connections: the socket on the left, and on the right
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
        self.raw.sendto(packet.ipv4(src, RIGHT[4], proto, data, **more), (RIGHT[4], 0))

    def count(self, text, family=4):
        return self.fence.now(family).of(text)[0]
