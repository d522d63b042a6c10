#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones of the own table of connections (`apply --state-zone`), on tc and XDP. Two clients with the same
address, in a VLAN each; where the kernel has no VLANs, on a wire each:

    ten     10.3.0.1 wire.10 --\\                    /-- wire.10 10.3.0.2
                                 wire ======== wire                       right (the fence)
    twenty  10.3.0.1 wire.20 --/                    \\-- wire.20 10.3.0.2
"""
import json
import os
import socket
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib/py"), os.path.join(HERE, "../cli")]

from command import picket, picket_json, same  # noqa: E402
from contextlib import closing  # noqa: E402
from pktest import fence, ns, packet as p, pair, tap, wire  # noqa: E402

LEFT, RIGHT, PORT, PEER = pair.LEFT[4], pair.RIGHT[4], 5300, 1053
WAIT = 5
RULES = f"""\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED -j ACCEPT
-A INPUT -p udp -m conntrack --ctstate NEW -m udp --dport {PORT} -j ACCEPT
-A INPUT -p udp -m conntrack --ctstate INVALID
COMMIT
"""
TEXTS = {4: RULES, 6: fence.EMPTY}
ZONES = ("--state-zone", "wire.10=1", "--state-zone", "wire.20=2")


class Rig:
    def __init__(self, lab, hook):
        left, self.right = lab.netns(f"{hook}-left"), lab.netns(f"{hook}-right")
        self.left = left
        self.ends = {10: lab.netns(f"{hook}-ten"), 20: lab.netns(f"{hook}-twenty")}
        for space in (left, self.right, *self.ends.values()):
            ns.quiet(space)
        self.right.sysctl(ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0)
        ns.veth(left, "wire", pair.MAC["left"], self.right, "wire", pair.MAC["right"])
        for vlan, end in self.ends.items():
            try:
                left.ip(f"link add link wire name wire.{vlan} netns {end.name} type vlan id {vlan}")
                self.right.ip(f"link add link wire name wire.{vlan} type vlan id {vlan}")
            except ns.CommandError:
                ns.veth(end, f"wire.{vlan}", pair.MAC["left"], self.right, f"wire.{vlan}",
                        pair.MAC["right"])
            for space, address in ((end, LEFT), (self.right, RIGHT)):
                space.ip(f"addr add {address}/24 dev wire.{vlan}", f"link set wire.{vlan} up")
        self.fence = fence.Picket(self.right, hook, ("wire.10", "wire.20"))
        lab.on_close(self.fence.clear)
        self.servers = {vlan: self.socket(self.right, RIGHT, PORT, f"wire.{vlan}") for vlan in self.ends}
        self.clients = {vlan: self.socket(end, LEFT, PEER) for vlan, end in self.ends.items()}

    @staticmethod
    def socket(space, address, port, dev=None):
        with space:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if dev:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
        s.bind((address, port))
        s.settimeout(WAIT)
        return s

    def ask(self, vlan):
        """A word each way; the two connections differ in nothing but the VLAN."""
        self.clients[vlan].sendto(b"?", (RIGHT, PORT))
        same("asked", self.servers[vlan].recvfrom(1), (b"?", (LEFT, PEER)))
        self.servers[vlan].sendto(b"!", (LEFT, PEER))
        same("answered", self.clients[vlan].recvfrom(1), (b"!", (RIGHT, PORT)))

    def list(self, *args):
        found = picket_json("conn", "list", "-p", "udp", *args, space=self.right)["connections"]
        same("both ways", [c["original"]["zone"] == c["reply"]["zone"] for c in found],
             [True] * len(found))
        return sorted((c["original"]["zone"], "SEEN_REPLY" in c["status"]) for c in found)

    def forget(self):
        self.fence.command("conn", "delete", "--all", check=False)

    def count(self, text):
        return self.fence.now(4).of(text)[0]


def unmapped(rig):
    """Without a word about zones there is one for all."""
    rig.fence.apply(TEXTS)
    rig.ask(10)
    rig.ask(20)
    same("one connection", rig.list(), [(0, True)])
    same("none", rig.fence.status()["own_table"]["zones"], [])


def mapped(rig):
    """The same tuple in two VLANs, each a zone: two connections, each with both directions."""
    rig.forget()
    rig.fence.apply(TEXTS, extra=ZONES)
    rig.ask(10)
    same("one connection", rig.list(), [(1, True)])
    before = rig.count("NEW")
    rig.ask(20)
    same("two connections", rig.list(), [(1, True), (2, True)])
    same("NEW, though the other zone has it", rig.count("NEW"), before + 1)


def selected_by_zone(rig):
    same("one", rig.list("--zone", "2"), [(2, True)])
    picket("conn", "list", "--zone", "1", space=rig.right, out=["zone=1"], not_out=["zone=2"])
    same("deleted", picket_json("conn", "delete", "--zone", "1", space=rig.right)["deleted"], 1)
    same("left", rig.list(), [(2, True)])


def no_answer_from_elsewhere(rig):
    """What is asked in one VLAN is not answered from the other."""
    rig.forget()
    rig.servers[10].sendto(b"?", (LEFT, PEER))
    same("heard", rig.clients[10].recvfrom(1), (b"?", (RIGHT, PORT)))
    with rig.ends[20]:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    before = rig.count("ESTABLISHED")
    with closing(raw):
        raw.sendto(p.ipv4(LEFT, RIGHT, p.UDP, p.udp(LEFT, RIGHT, PEER, PORT + 1, b"x")), (RIGHT, 0))
        failed = p.ipv4(RIGHT, LEFT, p.UDP, p.udp(RIGHT, LEFT, PORT, PEER, b"?"))[:28]
        raw.sendto(p.ipv4(LEFT, RIGHT, p.ICMP, p.icmp(3, 3, payload=failed)), (RIGHT, 0))
    same("not ESTABLISHED", rig.count("ESTABLISHED"), before)
    same("not RELATED", rig.count("RELATED"), 0)
    with rig.ends[10]:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with closing(raw):
        raw.sendto(p.ipv4(LEFT, RIGHT, p.ICMP, p.icmp(3, 3, payload=failed)), (RIGHT, 0))
    same("RELATED", rig.count("RELATED"), 1)
    rig.servers[10].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # what the error did to it


def fragments_of_a_zone(rig):
    """A later fragment has its first one's state in its own zone only."""
    whole = p.udp(LEFT, RIGHT, PEER, PORT, b"x" * 64)
    first = p.ipv4(LEFT, RIGHT, p.UDP, whole[:40], ident=77, more=True)
    later = p.ipv4(LEFT, RIGHT, p.UDP, whole[40:], ident=77, offset=40)
    before = rig.count("INVALID")
    for vlan, packets, invalid in ((10, (first,), 0), (20, (later,), 1), (10, (later,), 1)):
        with rig.ends[vlan]:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        with closing(raw):
            for packet in packets:
                raw.sendto(packet, (RIGHT, 0))
        same(f"VLAN {vlan}", rig.count("INVALID"), before + invalid)


def kept(rig):
    """Like time-outs: through any change of rules, until they are changed."""
    zones = [{"zone": 1, "interface": "wire.10"}, {"zone": 2, "interface": "wire.20"}]
    rig.fence.apply(TEXTS)
    rig.fence.command("rule", "append", "INPUT", "-p", "tcp", "--dport", "9")
    rig.fence.command("undo")
    assert rig.fence.apply(TEXTS, check=False,
                           extra=("--state-zone", "wire.10=7", "--memory-max", "1")).returncode
    same("zones", picket_json("status", space=rig.right)["own_table"]["zones"], zones)
    picket("status", space=rig.right, out=["zone 1: what is seen at wire.10"])
    rig.forget()
    rig.ask(10)
    rig.ask(20)
    same("two connections", rig.list(), [(1, True), (2, True)])


def renamed(rig):
    """An interface that gets another name stays in its zone."""
    rig.right.ip("link set wire.10 down", "link set wire.10 name uplink", "link set uplink up")
    devs, rig.fence.devs = rig.fence.devs, ()
    rig.fence.apply(TEXTS)
    same("zone", {z.get("interface"): z["zone"] for z in rig.fence.status()["own_table"]["zones"]},
         {"uplink": 1, "wire.20": 2})
    rig.forget()
    rig.ask(10)
    same("connection", rig.list(), [(1, True)])
    rig.right.ip("link set uplink down", "link set uplink name wire.10", "link set wire.10 up")
    rig.fence.apply(TEXTS)
    rig.fence.devs = devs


def taken_back(rig):
    rig.forget()
    rig.fence.apply(TEXTS, extra=("--state-zone", "wire.10=0", "--state-zone", "wire.20=0"))
    same("none", rig.fence.status()["own_table"]["zones"], [])
    rig.ask(10)
    same("zone", rig.list(), [(0, True)])


def refused(rig):
    for bad in ("wire.10", "wire.10=", "wire.10=65536", "wire.10=x", "=1", "vlan:0=1", "vlan:4095=1",
                "vlan:=1", "vlan:1x=1", "a/b=1", "sixteen-or-more-x=1"):
        same(bad, rig.fence.apply(TEXTS, check=False, extra=("--state-zone", bad)).returncode, 2)
    error = rig.fence.apply(TEXTS, check=False, extra=("--state-zone", "wire=1"))
    assert error.returncode == 3 and "PK2025" in error.stderr, error.stderr
    many = [word for i in range(1, 257) for word in ("--state-zone", f"vlan:{i}=1")]
    rig.fence.apply(TEXTS, extra=many)
    error = rig.fence.apply(TEXTS, check=False, extra=("--state-zone", "vlan:257=1"))
    assert error.returncode == 3 and "PK2017" in error.stderr, error.stderr
    same("kept", len(rig.fence.status()["own_table"]["zones"]), 256)
    rig.fence.apply(TEXTS, extra=[word.replace("=1", "=0") for word in many])


def live_ones(rig):
    """A table that is made begins with what goes on, in every zone where that may be."""
    s = rig.socket(rig.right, RIGHT, 5400, "wire.20")
    s.connect((LEFT, PEER))
    rig.fence.clear()
    rig.fence.apply(TEXTS, extra=ZONES)
    found = picket_json("conn", "list", "--sport", "5400", space=rig.right)["connections"]
    same("zones", sorted(c["original"]["zone"] for c in found), [0, 1, 2])
    rig.clients[20].sendto(b"!", (RIGHT, 5400))
    same("heard", s.recv(1), b"!")
    s.close()


def by_tag(rig):
    """A VLAN that has no interface here: its tag says the zone, the outermost if there are two; others
    are the interface's."""
    rig.fence.clear()
    rig.right.ip("link del wire.10", "link del wire.20", f"addr add {RIGHT}/24 dev wire")
    rig.fence.devs = ("wire",)
    rig.fence.apply(TEXTS, extra=("--state-zone", "vlan:30=3", "--state-zone", "wire=9"))
    same("zones", rig.fence.status()["own_table"]["zones"],
         [{"zone": 3, "vlan": 30}, {"zone": 9, "interface": "wire"}])
    picket("status", space=rig.right, out=["zone 3: what has the tag of VLAN 30"])
    datagram = p.ipv4(LEFT, RIGHT, p.UDP, p.udp(LEFT, RIGHT, PEER, PORT, b"x"))
    with closing(wire.Port(rig.left, "wire", p.ETH_P_IP)) as port:
        for tags in ((0x8100, 30),), ((0x8100, 40),), ((0x88A8, 40), (0x8100, 30)), ():
            rig.forget()
            port.send(p.ethernet(pair.MAC["right"], pair.MAC["left"], datagram, tags=tags))
            same(tags, rig.list(), [(3 if tags == ((0x8100, 30),) else 9, False)])
        port.send(p.ethernet(pair.MAC["right"], pair.MAC["left"], datagram, tags=((0x8100, 30),)))
        same("two", rig.list(), [(3, False), (9, False)])


def main():
    t = tap.Tap()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    fence.need_picket()
    with ns.Lab() as lab:
        for hook in sys.argv[1:] or ("tc", "xdp"):
            rig = Rig(lab, hook)
            for test in (unmapped, mapped, selected_by_zone, no_answer_from_elsewhere,
                         fragments_of_a_zone, kept, renamed, taken_back, refused, live_ones, by_tag):
                t.run(f"{hook}: {test.__name__.replace('_', ' ')}", test, rig)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
