# SPDX-License-Identifier: GPL-2.0-or-later
"""The three-host topology of the differential test.

        A (dumb)                    B (forwards, firewall)                  C (dumb)
     +------------+            +------------------------------+          +------------+
     |       edge |------------| lan0     lo 10.9.0.1    wan0 |----------| edge       |
     +------------+            | 10.1.0.1   fd09::1  10.2.0.1 |          +------------+
      10.1/16 172.16/12        | fd01::1              fd02::1 |           10.2/16, default
      fd01::/32                +------------------------------+           fd02::/32, default

A and C have no addresses: their kernels answer nothing. B's neighbours are static. Two worlds are the
same to the byte, MAC addresses included, so that whatever differs is the firewall.

No packet is in flight when settle() returns: everything runs on one CPU, whose queues keep order, and
marks follow the packets on each wire, there and back, as often as a packet can cause another.

What got through: frames seen by A and C (FORWARD, OUTPUT), and an nftables set at the end of
LOCAL_IN that counts packets by their id (IPv4 identification, IPv6 flow label).
"""
import json
import os
import socket
import struct
from collections import Counter

from . import ns, packet, wire

MAC_A, MAC_B0, MAC_B1, MAC_C = ("02:00:00:00:00:0a", "02:00:00:00:00:b0", "02:00:00:00:00:b1",
                                "02:00:00:00:00:0c")

# After INPUT's filter: counts by id; on loopback, and of what was sent to many and comes back to the
# sender (PACKET_LOOPBACK, 5), only what RawIP sent. Sets end with the table.
ORACLE = """
define own_mark = %d
table inet oracle {
    set in4 { typeof ip id . ip protocol . ip saddr; flags dynamic; size 65535; counter; }
    set in6 { typeof @nh,0,32 . ip6 saddr; flags dynamic; size 65535; counter; }
    chain passed {
        type filter hook input priority 300;
        iifname lo meta mark != $own_mark return
        meta pkttype 5 meta mark != $own_mark return
        meta nfproto ipv4 update @in4 { ip id . ip protocol . ip saddr }
        meta nfproto ipv6 update @in6 { @nh,0,32 . ip6 saddr }
    }
}
"""

# NAT, which brings connection tracking and its defragmentation with it: of a destination, and of a
# source that goes out to C. Nobody but a reply gets through to what that source becomes: an entry of
# such a packet would be in the way of the next translation, and the kernel would draw another port.
NAT_FROM = {4: "10.9.0.7", 6: "fd09::7"}
NAT_TO = {4: "10.2.0.77", 6: "fd02::77"}
SNAT_FROM = {4: "10.1.0.66", 6: "fd01::66"}
SNAT_TO = {4: "10.9.0.8", 6: "fd09::8"}
NAT = """
table inet nat {
    chain unasked {
        type filter hook prerouting priority -150;
        ip daddr 10.9.0.8 ct state new drop
        ip6 daddr fd09::8 ct state new drop
    }
    chain postrouting {
        type nat hook postrouting priority 100;
        oifname wan0 ip saddr 10.1.0.66 snat ip to 10.9.0.8
        oifname wan0 ip6 saddr fd01::66 snat ip6 to fd09::8
    }
    chain prerouting {
        type nat hook prerouting priority -100;
        ip daddr 10.9.0.7 dnat ip to 10.2.0.77
        ip6 daddr fd09::7 dnat ip6 to fd02::77
    }
    chain output {
        type nat hook output priority -100;
        ip daddr 10.9.0.7 dnat ip to 10.2.0.77
        ip6 daddr fd09::7 dnat ip6 to fd02::77
    }
}
"""


class World:
    def __init__(self, lab, name, nat=False):
        self.a, self.b, self.c = (lab.netns(f"{name}-{host}") for host in "abc")
        for space in (self.a, self.c):
            ns.quiet(space)
            space.sysctl(ipv6__conf__all__disable_ipv6=1, ipv6__conf__default__disable_ipv6=1)
        ns.quiet(self.b)
        ns.silence(self.b)
        self.b.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1,
                      ipv4__conf__all__send_redirects=0)
        ns.veth(self.b, "lan0", MAC_B0, self.a, "edge", MAC_A)
        ns.veth(self.b, "wan0", MAC_B1, self.c, "edge", MAC_C)
        self._addresses()
        self.b.run(["nft", "-f", "-"], text=ORACLE % ns.OWN_MARK)
        if nat:
            self.b.run(["nft", "-f", "-"], text=NAT)
        self.ports = {"A": wire.Port(self.a, "edge"), "C": wire.Port(self.c, "edge")}
        self.inner = {"A": wire.Port(self.b, "lan0", wire.ETH_P_MARK),
                      "C": wire.Port(self.b, "wan0", wire.ETH_P_MARK)}
        self.loop = wire.Port(self.b, "lo", wire.ETH_P_MARK)
        self.raw = wire.RawIP(self.b)
        self.mac = {"A": (MAC_B0, MAC_A), "C": (MAC_B1, MAC_C)}
        self._mark = 0
        lab.on_close(self.close)

    def _addresses(self):
        lines = ["addr add 10.9.0.1/32 dev lo", "addr add fd09::1/128 dev lo"]
        for dev, net, mac in (("lan0", 1, MAC_A), ("wan0", 2, MAC_C)):
            lines += [f"addr add 10.{net}.0.1/30 broadcast 10.{net}.0.3 dev {dev}",
                      f"addr add fd0{net}::1/126 dev {dev} nodad",
                      f"neigh replace 10.{net}.0.2 lladdr {mac} dev {dev} nud permanent",
                      f"neigh replace fd0{net}::2 lladdr {mac} dev {dev} nud permanent",
                      f"neigh replace fe80::2 lladdr {mac} dev {dev} nud permanent",
                      f"route add 10.{net}.0.0/16 via 10.{net}.0.2",
                      f"route add fd0{net}::/32 via fd0{net}::2"]
        lines += ["route add 172.16.0.0/12 via 10.1.0.2", "route add default via 10.2.0.2",
                  "route add ::/0 via fd02::2"]
        self.b.ip(*lines)

    def close(self):
        for port in (*self.ports.values(), *self.inner.values(), self.loop, self.raw):
            port.close()

    def send_frame(self, side, ip_packet, tags=(), pad=b"", dst=None):
        """From A or C to B's interface there."""
        to, sender = self.mac[side]
        self.ports[side].send(packet.ethernet(dst or to, sender, ip_packet, tags=tags) + pad)

    def send_own(self, ip_packet):
        """From B itself. 0 or errno."""
        return self.raw.send(ip_packet)

    def settle(self):
        """Waits until every packet has been judged; returns the frames that reached A and C."""
        seen = {"A": [], "C": []}
        for _ in range(3):  # a packet, the answer it causes, and the answer to that
            self._mark += 1
            mark = struct.pack("!Q", self._mark)
            for side, port in self.ports.items():
                port.send(wire.mark_frame(mark))
            self.loop.send(wire.mark_frame(mark))
            for port in (*self.inner.values(), self.loop):
                port.until_mark(mark)
            for side, port in self.inner.items():
                port.send(wire.mark_frame(mark))
                seen[side] += self.ports[side].until_mark(mark)
        return seen

    def received(self):
        """Counter of (family, id, source) of packets that passed INPUT, and forgets them."""
        seen = Counter()
        for family, name in ((4, "in4"), (6, "in6")):
            out = self.b.run(["nft", "-j", "list", "set", "inet", "oracle", name]).stdout
            entry = next(item["set"] for item in json.loads(out)["nftables"] if "set" in item)
            for element in entry.get("elem", ()):
                key, count = element["elem"]["val"]["concat"], element["elem"]["counter"]["packets"]
                if family == 4:
                    seen[4, key[0], socket.inet_aton(key[2])] += count
                else:
                    source = socket.inet_pton(socket.AF_INET6, key[1])
                    seen[6, key[0] & 0xFFFFF, source] += count
        self.b.run(["nft", "flush set inet oracle in4; flush set inet oracle in6"])
        return seen


def one_cpu():
    """Everything on the CPU we are on, so that its queues keep packets in order."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
