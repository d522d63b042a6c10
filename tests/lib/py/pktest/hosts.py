# SPDX-License-Identifier: GPL-2.0-or-later
"""Four ordinary hosts with real stacks, for tests with real sockets.

        A 10.1.0.2 -- lan0 +---+ wan0 -- C 10.2.0.2
          fd01::2          | B |           fd02::2
        D 10.3.0.2 -- dmz0 +---+
          fd03::2

B has .1 of each network and forwards; neighbours are static, so a rule set may drop neighbour
discovery. settle() as in pktest.world: one CPU, marks behind the packets.
"""
import select
import socket
import struct
import time
from contextlib import closing

from . import ns, packet, wire

SIDES = {"A": ("lan0", 1), "C": ("wan0", 2), "D": ("dmz0", 3)}
DEADLINE = 5.0
INET = {4: socket.AF_INET, 6: socket.AF_INET6}


def address(family, net, host):
    return f"10.{net}.0.{host}" if family == 4 else f"fd0{net}::{host}"


def of_host(family, name):
    return address(family, SIDES[name][1], 2)


def of_b(family, side):
    return address(family, SIDES[side][1], 1)


def number(space, dev, net, host, far, mac):
    """Addresses of a device, and its only neighbour."""
    space.ip(f"addr add 10.{net}.0.{host}/24 dev {dev}",
             f"addr add fd0{net}::{host}/64 dev {dev} nodad",
             *(f"neigh replace {address(f, net, far)} lladdr {mac} dev {dev} nud permanent"
               for f in (4, 6)))


class Hosts:
    def __init__(self, lab, sides="AC"):
        self.lab, self.b, self.spaces = lab, lab.netns("b"), {}
        self.inner, self.outer, self.mac = {}, {}, {}
        self._mark = 0
        ns.quiet(self.b)
        ns.silence(self.b)
        self.b.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        for side in sides:
            self.connect(side)
        self.loop = wire.Port(self.b, "lo", wire.ETH_P_MARK)
        self.spaces["B"] = self.b

    def connect(self, side):
        """Adds the host of a side; may be done at any time."""
        dev, net = SIDES[side]
        space = self.lab.netns(side.lower())
        ns.quiet(space)
        inner, outer = f"02:00:00:00:0{net}:01", f"02:00:00:00:0{net}:02"
        ns.veth(self.b, dev, inner, space, "eth0", outer)
        number(self.b, dev, net, 1, 2, outer)
        number(space, "eth0", net, 2, 1, inner)
        space.ip(f"route add default via 10.{net}.0.1", f"route add ::/0 via fd0{net}::1")
        self.spaces[side], self.mac[side] = space, (inner, outer)
        self.inner[side] = wire.Port(self.b, dev, wire.ETH_P_MARK)
        self.outer[side] = wire.Port(space, "eth0", wire.ETH_P_MARK)

    def disconnect(self, side):
        """Takes the wire of a side away, and its host."""
        self.inner.pop(side).close()
        self.outer.pop(side).close()
        self.b.ip(f"link del {SIDES[side][0]}")
        self.lab.drop(self.spaces.pop(side))

    def bridge(self, side, name):
        """Makes the inner device of a side the port of a bridge, which has its addresses instead.
        With snooping the bridge itself would join groups, and say so in IGMP a moment later."""
        dev, net = SIDES[side]
        self.b.ip(f"addr flush dev {dev}",
                  f"link add {name} address {self.mac[side][0]} type bridge mcast_snooping 0",
                  f"link set {dev} master {name}", f"link set {name} up")
        self._move(side, name, net)

    def unbridge(self, side, name):
        dev, net = SIDES[side]
        self.b.ip(f"link del {name}")
        self._move(side, dev, net)

    def _move(self, side, dev, net):
        number(self.b, dev, net, 1, 2, self.mac[side][1])
        self.inner.pop(side).close()
        self.inner[side] = wire.Port(self.b, dev, wire.ETH_P_MARK)

    def settle(self, rounds=4):
        """Returns when no packet is in flight; a handshake takes four passes."""
        for _ in range(rounds):
            self._mark += 1
            mark = struct.pack("!Q", self._mark)
            for side, port in self.outer.items():
                port.send(wire.mark_frame(mark))
                self.inner[side].until_mark(mark)
            self.loop.send(wire.mark_frame(mark))
            self.loop.until_mark(mark)
            for side, port in self.inner.items():
                port.send(wire.mark_frame(mark))
                self.outer[side].until_mark(mark)

    def socket(self, name, family, kind, proto=0):
        with self.spaces[name]:
            s = socket.socket(INET[family], kind, proto)
        s.setsockopt(socket.SOL_SOCKET, wire.SO_RCVBUFFORCE, 32 << 20)
        s.setblocking(False)
        if family == 6 and kind != socket.SOCK_RAW:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return s

    def listener(self, name, family, port):
        s = self.socket(name, family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", port))
        s.listen(16)
        return s

    def receiver(self, name, family, port):
        s = self.socket(name, family, socket.SOCK_DGRAM)
        s.bind(("", port))
        return s

    def ping(self, name, family, to):
        """Whether one echo request is answered."""
        proto = socket.IPPROTO_ICMP if family == 4 else socket.IPPROTO_ICMPV6
        with closing(self.socket(name, family, socket.SOCK_RAW, proto)) as s:
            s.connect((to, 0))
            data = bytes([8 if family == 4 else 128, 0, 0, 0]) + b"\x12\x34\0\1" + b"picket"
            if family == 4:
                data = packet.icmp(8, 0, b"\x12\x34\0\1", b"picket")
            try:
                s.send(data)
            except PermissionError:
                return False  # dropped at LOCAL_OUT
            self.settle()
            answer = 0 if family == 4 else 129
            return any(self._icmp_type(family, reply) == answer for reply in drain(s))

    @staticmethod
    def _icmp_type(family, data):
        return data[(data[0] & 15) * 4] if family == 4 else data[0]

    def tcp(self, name, family, to, port):
        """Whether a TCP connection comes about and carries a byte; a listener must be there."""
        with closing(self.socket(name, family, socket.SOCK_STREAM)) as s:
            # an abortive end leaves nothing that a timer would send again
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            number = s.connect_ex((to, port))
            self.settle()
            return number in (0, 115) and bool(select.select([], [s], [], 0)[1]) \
                and not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def udp(self, name, family, to, port, receiver, count=1, data=b"picket"):
        """How many of `count` datagrams reach the receiver."""
        with closing(self.socket(name, family, socket.SOCK_DGRAM)) as s:
            for _ in range(count):
                try:
                    s.sendto(data, (to, port))
                except PermissionError:
                    pass  # dropped at LOCAL_OUT
            self.settle()
        return sum(got == data for got in drain(receiver))

    def frame(self, side, ip_packet, tags=()):
        """Sends a crafted packet from a host's wire to B."""
        inner, outer = self.mac[side]
        self.outer[side].send(packet.ethernet(inner, outer, ip_packet, tags=tags))


def drain(s):
    """Datagrams that are here now."""
    found = []
    while True:
        try:
            found.append(s.recv(65536))
        except (BlockingIOError, ConnectionRefusedError):
            return found


def until(condition, what):
    """Polls; the deadline is an error."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        select.select([], [], [], 0.002)
