# SPDX-License-Identifier: GPL-2.0-or-later
"""Random rule sets and random packets from a seed, drawn from the same few values so that they meet.

A rule set is iptables-save text that iptables-restore 1.8.9 accepts. A probe is what is sent to the
world of pktest.world for one id: one packet, or the fragments of one.
"""
import ipaddress
import random
from dataclasses import dataclass, field

from pktest import packet as p, world

HOOKS = ("INPUT", "FORWARD", "OUTPUT")
ICMP_NAMES = {
    4: ["any", "echo-request", "echo-reply", "destination-unreachable", "network-unreachable",
        "host-unreachable", "port-unreachable", "fragmentation-needed", "source-quench", "redirect",
        "time-exceeded", "ttl-zero-during-transit", "parameter-problem", "timestamp-request",
        "timestamp-reply", "address-mask-request"],
    6: ["destination-unreachable", "no-route", "port-unreachable", "packet-too-big", "time-exceeded",
        "ttl-zero-during-transit", "parameter-problem", "bad-header", "echo-request", "echo-reply",
        "router-advertisement", "neighbour-solicitation", "neighbour-advertisement", "redirect"],
}
PORTED = {"tcp": p.TCP, "udp": p.UDP, "sctp": p.SCTP, "dccp": p.DCCP, "udplite": p.UDPLITE}
NUMBER = {**PORTED, "icmp": p.ICMP, "ipv6-icmp": p.ICMPV6, "gre": p.GRE, "esp": p.ESP,
          "ah": p.AH, "mh": p.MH, "99": 99}
SPIS = [1, 5, 6, 256, (1 << 32) - 1]
TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"]


@dataclass
class Probe:
    """What is sent under one id. side: "A" or "C" (from there to B), "own" (from B itself)."""
    ident: int
    family: int
    side: str
    packets: list
    tags: tuple = ()
    pad: bytes = b""

    def __str__(self):
        extra = f" tags {self.tags}" * bool(self.tags) + f" +{len(self.pad)} pad" * bool(self.pad)
        return "\n".join(f"v{self.family} {self.side}: {p.Parsed(data)}{extra}"
                         for data in self.packets)


@dataclass
class RuleSet:
    policies: dict
    chains: dict = field(default_factory=dict)  # name: list of rules, built-in chains included

    def text(self):
        lines = ["*filter"]
        lines += [f":{name} {self.policies.get(name, '-')} [0:0]" for name in self.chains]
        lines += [f"-A {name} {rule}".rstrip() for name, rules in self.chains.items()
                  for rule in rules]
        return "\n".join(lines + ["COMMIT", ""])

    def places(self):
        return [(name, i) for name, rules in self.chains.items() for i in range(len(rules))]


class Values:
    """The few addresses, ports and numbers that rules and packets of one case share."""

    def __init__(self, rng, family, profile, nat=False):
        self.rng, self.family, self.profile = rng, family, profile
        # What came later draws for itself: else kept seeds would draw something else.
        self.late = random.Random(rng.getstate()[1][1])
        number = lambda: rng.randrange(256, 65000)
        if family == 4:
            self.near = [self._v4("10.1.0.0", number()) for _ in range(4)] + [
                self._v4("172.16.0.0", number() * 16) for _ in range(2)] + ["10.1.0.2"]
            self.far = [self._v4("10.2.0.0", number()) for _ in range(3)] + [
                self._v4("8.8.0.0", number()) for _ in range(2)] + ["10.2.0.2"]
            self.local = ["10.1.0.1", "10.2.0.1", "10.9.0.1"]
            self.group = ["10.1.0.3", "224.0.0.1", "255.255.255.255"]
            self.loop, self.bits = "127.0.0.1", 32
        else:
            made = p.eui64(ipaddress.ip_address("fd01::").packed[:8], world.MAC_A)
            self.near = [f"fd01::{number():x}:{number():x}" for _ in range(4)] + [
                "fd01::2", str(ipaddress.ip_address(made))]
            self.far = [f"fd02::{number():x}:{number():x}" for _ in range(3)] + [
                f"2001:db8:{number():x}::{number():x}" for _ in range(2)]
            self.local = ["fd01::1", "fd02::1", "fd09::1"]
            self.group = ["ff02::1"]
            self.loop, self.bits = "::1", 128
        if nat:  # before and after translation
            self.far += [world.NAT_FROM[family]] * 2 + ["10.2.0.77" if family == 4 else "fd02::77"]
        self.addresses = self.near + self.far + self.local
        self.ports = rng.sample([0, 1, 22, 53, 80, 443, 1023, 1024, 8080, 32768, 65534, 65535], 4) + [
            rng.randrange(65536) for _ in range(3)]
        self.protocols = rng.choices(["tcp", "udp", "sctp", "dccp", "udplite", self.icmp, "gre",
                                      "esp", "ah" if family == 4 else "mh", "99"],
                                     [8, 6, 2, 2, 2, 4, 1, 1, 1, 1], k=5)
        self.hops = [f"fd03::{i}" for i in range(1, 4)]

    @property
    def icmp(self):
        return "icmp" if self.family == 4 else "ipv6-icmp"

    @staticmethod
    def _v4(base, plus):
        return str(ipaddress.ip_address(base) + plus)

    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def port(self):
        port = self.rng.choice(self.ports)
        return min(65535, max(0, port + self.rng.choice([-1, 1]))) if self.chance(15) else port

    def address(self, pool):
        address = self.rng.choice(pool)
        if self.chance(6) and address not in self.local and address[-2:] not in (".2", ":2"):
            near = ipaddress.ip_address(address) + self.rng.choice([-1, 1])
            return str(near)
        return address


class Rules(Values):
    """Draws rules."""

    numbers = 12  # per cent of rules that ask for what every IP header has

    def _not(self, percent=15):
        return "! " if self.chance(percent) else ""

    def _network(self):
        address = ipaddress.ip_address(self.rng.choice(self.addresses))
        full = (1 << self.bits) - 1
        kind = self.rng.random()
        if kind < 0.35:
            return str(address)
        if kind < 0.8:
            least = 0 if self.profile == "full" else 1  # nft refuses "! -s 0/0"
            length = self.rng.choice([least, 1, self.bits] + [self.rng.randrange(least, self.bits + 1)
                                                          for _ in range(6)])
            return f"{address}/{length}"
        mask = full
        for _ in range(self.rng.randrange(1, 4)):  # holes in the mask
            mask &= ~(self.rng.choice([1, 3, 0xFF, 0xFFFF]) << self.rng.randrange(self.bits))
        return f"{address}/{type(address)(mask & full)}"

    def _range(self):
        a, b = sorted(ipaddress.ip_address(self.rng.choice(self.addresses)) for _ in range(2))
        if self.chance(30):
            b = a
        return f"{a}-{b}"

    def _interface(self, option):
        """Not `! +`: iptables-save loses it, and picket refuses it for that."""
        name = self.rng.choice(["lan0", "wan0", "lan+", "wan+", "l+", "lo", "+", "eth0", "lan", "lan0+",
                                "w+"])
        return f"{'' if name == '+' else self._not()}{option} {name}"

    def _ports(self):
        a, b = self.port(), self.port()
        kind = self.rng.random()
        if kind < 0.55:
            return str(a)
        if kind < 0.7:
            return f"{a}:" if self.chance(50) else f":{a}"
        return f"{min(a, b)}:{max(a, b)}"

    def _port_option(self, option):
        """Never the negation of all ports: iptables-save would lose it, and picket refuses it."""
        negation, ports = self._not(), self._ports()
        if ports in ("0:", ":65535", "0:65535"):
            negation = ""
        return f"{negation}{option} {ports}"

    def _multiport(self):
        words, room = [], self.rng.choice([1, 2, 3, 6, 15])
        while room > 0:
            a, b = self.port(), self.port()
            if room >= 2 and a != b and self.chance(35):  # a:a is refused
                words.append(f"{min(a, b)}:{max(a, b)}")
                room -= 2
            else:
                words.append(str(a))
                room -= 1
        name = self.rng.choice(["--sports", "--dports", "--dports", "--ports"])
        return f"-m multiport {self._not()}{name} {','.join(words)}"

    def _flags(self):
        mask = self.rng.sample(TCP_FLAGS, self.rng.randrange(1, 7))
        comp = self.rng.sample(mask, self.rng.randrange(len(mask) + 1))
        return (f"{self._not()}--tcp-flags {'ALL' if len(mask) == 6 else ','.join(mask)} "
                f"{','.join(comp) or 'NONE'}")

    def _tcp(self):
        words = []
        if self.chance(25):
            words.append(self._port_option("--sport"))
        if self.chance(40):
            words.append(self._port_option("--dport"))
        if self.chance(35):
            words.append(self._flags() if self.chance(60) else f"{self._not()}--syn")
        if self.chance(18):
            words.append(f"{self._not()}--tcp-option {self.rng.choice([2, 3, 4, 5, 8, 30, 254])}")
        return "-m tcp " + " ".join(words)

    def _icmp(self):
        if self.chance(50):
            kind = self.rng.choice(ICMP_NAMES[self.family])
        elif self.family == 4:
            kind = self.rng.choice(["0", "8", "3", "3/1", "3/3", "11/0", "13", "200", "8/0"])
        else:
            kind = self.rng.choice(["1", "1/4", "2", "128", "129/0", "3/0", "200", "128/0", "4/1"])
        name, option = ("icmp", "--icmp-type") if self.family == 4 else ("icmp6", "--icmpv6-type")
        return f"-m {name} {self._not()}{option} {kind}"

    def _numbers(self, values):
        """"7", "7:9", "7:", ":9", any of them perhaps the wrong way round. Never all."""
        a, b = self.rng.choice(values), self.rng.choice(values)
        return self.rng.choice([f"{a}", f"{a}:{b}", f"{max(1, a)}:", f":{min(b, 200)}"])

    def _spi(self, option):
        return f"{self._not()}{option} {self._numbers(SPIS)}"

    def _length(self, option, values):
        return f"{self._not()}{option} {self.rng.choice(values)}" if self.chance(35) else ""

    def _frag(self):
        words = ["-m frag"]
        if self.chance(30):
            words.append(f"{self._not()}--fragid {self._numbers([1, 7, 1 << 31, (1 << 32) - 2])}")
        words.append(self._length("--fraglen", [8, 100]) if self.chance(20) else "")
        words += [flag for flag in ("--fragres", "--fragfirst") if self.chance(25)]
        words += [self.rng.choice(["--fragmore", "--fraglast"])] if self.chance(35) else []
        return " ".join(filter(None, words))

    def _rt(self):
        zero = self.chance(60)
        words = ["-m rt", "--rt-type 0" if zero else
                 f"{self._not()}--rt-type {self.rng.choice([0, 2, 4, 300])}" if self.chance(60) else ""]
        if self.chance(30):
            words.append(f"{self._not()}--rt-segsleft {self._numbers([0, 1, 2, 5])}")
        words.append(self._length("--rt-len", [8, 24, 40, 41, 56]))
        if zero and self.chance(30):
            words.append("--rt-0-res")
        if zero and self.chance(50):
            hops = [self.rng.choice(self.hops) for _ in range(self.rng.choice([1, 1, 2, 2, 3, 5]))]
            words.append("--rt-0-addrs " + ",".join(hops))
            words.append("--rt-0-not-strict" if self.chance(60) else "")
        return " ".join(filter(None, words))

    def _opts(self, name):
        words = [f"-m {name}", self._length(f"--{name}-len", [8, 16, 24, 40, 7])]
        if self.chance(60):
            some = [self.rng.choice(["0", "1", "1:2", "1:4", "5", "5:2", "30", "30:2", "32:0", "4"])
                    for _ in range(self.rng.choice([1, 1, 2, 3]))]
            words.append(f"--{name}-opts " + ",".join(some))
        return " ".join(filter(None, words))

    def _ah(self):
        words = ["-m ah", self._spi("--ahspi") if self.chance(40) else "",
                 self._length("--ahlen", [0, 12, 24, 28, 13]), "--ahres" if self.chance(30) else ""]
        return " ".join(filter(None, words))

    def _ipv6header(self):
        kinds = ["hop", "dst", "route", "frag", "auth", "esp", "none", "prot"]
        some = self.rng.sample(kinds, self.rng.choice([1, 1, 2, 3, 4]))
        return (f"-m ipv6header {self._not()}--header {','.join(some)}"
                f"{' --soft' if self.chance(60) else ''}")

    def _header(self, chain):
        """A match on an extension header of IPv6."""
        made = [self._frag, self._rt, lambda: self._opts("hbh"), lambda: self._opts("dst"), self._ah,
                self._ipv6header]
        if chain in ("INPUT", "FORWARD"):  # refused where OUTPUT leads
            made.append(lambda: "-m eui64")
        return self.rng.choice(made)()

    def _number(self, words):
        """A match on what every IP header has; -m ecn of TCP wants -p tcp."""
        rng, negation = self.late, "! " if self.late.random() < 0.2 else ""
        tos = rng.choice(["0x10", "0xb8/0xfc", "0/0x3f", "Minimize-Delay", "0x02/0x03", "0x20/0x10"])
        hops = rng.choice([0, 1, 2, 62, 63, 64, 254, 255])
        name = "ttl" if self.family == 4 else "hl"
        least = rng.choice([0, 20, 40, 48, 60])
        tcp = [f"{rng.choice(['', '! '])}--ecn-tcp-{flag}" for flag in ("ece", "cwr")]
        return rng.choice([
            f"-m ecn {negation}--ecn-ip-ect {rng.randrange(4)}",
            "-m ecn " + " ".join(tcp[rng.randrange(2):] if {"-p tcp", "-p 6"} & set(words) else
                                 ["--ecn-ip-ect 2"]),
            f"-m dscp {negation}--dscp {rng.choice([0, 4, 46, 63])}",
            f"-m tos {negation}--tos {tos}",
            f"-m length {negation}--length {least}:{least + rng.choice([0, 8, 20, 100, 800])}",
            rng.choice([f"-m {name} {negation}--{name}-eq {hops}", f"-m {name} --{name}-lt {hops}",
                        f"-m {name} --{name}-gt {hops}"])])

    def _layer4(self, protocol):
        if protocol in ("ah", "esp") and self.chance(70):
            return [f"-m {protocol}" + (" " + self._spi(f"--{protocol}spi") if self.chance(70) else "")]
        if protocol == "mh" and self.chance(80):
            kind = self.rng.choice(["0", "3", "bu", "5:7", "hot", "200"])
            return ["-m mh" + (f" {self._not()}--mh-type {kind}" if self.chance(70) else "")]
        if protocol == self.icmp:
            return [self._icmp()] if self.chance(70) else []
        if protocol not in PORTED:
            return []
        words = []
        if self.chance(30):
            words.append(self._multiport())
        if protocol != "udplite" and self.chance(65):
            if protocol == "tcp":
                words.append(self._tcp())
            else:
                sides = self.rng.choice([["--sport"], ["--dport"], ["--dport"],
                                         ["--sport", "--dport"]])
                words.append(f"-m {protocol} " + " ".join(
                    self._port_option(side) for side in sides))
        return words

    def _protocol(self):
        protocol = self.rng.choice(self.protocols)
        if self.chance(12):
            return [f"! -p {protocol}"]
        if self.chance(8):
            return [f"-p {NUMBER[protocol]}"]
        return [f"-p {protocol}"] + self._layer4(protocol)

    def rule(self, chain, later):
        """One rule of a chain that may jump to the chains in `later`."""
        words = []
        for option in ("-s", "-d"):
            if self.chance(20):
                words.append(f"{self._not()}{option} {self._network()}")
        if chain != "OUTPUT" and self.chance(12):
            words.append(self._interface("-i"))
        if chain != "INPUT" and self.chance(12):
            words.append(self._interface("-o"))
        if self.chance(65):
            words += self._protocol()
        if self.family == 4 and self.chance(6):
            words.append(f"{self._not(40)}-f")
        if self.family == 6 and self.profile == "full" and self.chance(15):
            words.append(self._header(chain))
        if self.chance(9):
            side = self.rng.choice(["--src-range", "--dst-range"])
            words.append(f"-m iprange {self._not()}{side} {self._range()}")
        if self.chance(8):
            words.append('-m comment --comment "' + self.rng.choice(
                ["web", "two words", "a 'quoted' one", "x" * 200]) + '"')
        if self.profile == "full" and self.late.random() * 100 < self.numbers:
            number = self._number(words)
            words += [number] if "-o " not in " ".join(words) else []  # of which kept seeds are
        return " ".join(words + self._target(chain, later, bool(words)))

    def _target(self, chain, later, narrow):
        if later and self.chance(35):
            return [("-g " if self.chance(25) else "-j ") + self.rng.choice(later)]
        if not narrow and self.chance(75):
            return []  # else the rest of the chain would seldom be reached
        kind = self.rng.choices(["ACCEPT", "DROP", "RETURN", None],
                                [30, 30, 15 if chain not in HOOKS else 5, 25])[0]
        return [f"-j {kind}"] if kind else []

    def rule_set(self, rules=10):
        """About `rules` rules a chain."""
        users = [f"user{i}" for i in range(self.rng.randrange(6))]
        rs = RuleSet({hook: self.rng.choice(["ACCEPT", "ACCEPT", "DROP"]) for hook in HOOKS})
        for i, name in enumerate(list(HOOKS) + users):
            later = users[max(0, i - len(HOOKS) + 1):] if name in users else users
            count = self.rng.randrange(rules * 2)
            rs.chains[name] = [self.rule(name, later) for _ in range(count)]
        return rs


class Packets(Values):
    """Draws probes. profile "plain" leaves out what iptables-nft is known to judge otherwise."""

    def __init__(self, values):
        self.__dict__.update(values.__dict__)

    def _addresses(self):
        """(side, source, destination)"""
        kind = self.rng.random()
        side, here, there = self.rng.choice([("A", self.near, self.far), ("C", self.far, self.near)])
        source = self.address(here if self.chance(85) else self.addresses)
        if kind < 0.35:
            group = self.chance(4)
            return side, source, self.rng.choice(self.group if group else self.local)
        if kind < 0.75:
            return side, source, self.address(there if self.chance(85) else here)
        source = self.rng.choice(self.local if self.chance(70) else self.addresses)
        kind = self.rng.random()
        if kind < 0.3:
            return "own", source, self.rng.choice(self.local)
        if kind < 0.4:
            return "own", self.loop, self.loop
        return "own", source, self.address(self.near + self.far)

    def _flags(self):
        return self.rng.choice([p.SYN, p.SYN | p.ACK, p.ACK, p.RST, p.FIN | p.ACK, p.PSH | p.ACK, 0,
                                p.SYN | p.ECE | p.CWR, 0xFF, self.rng.randrange(256)])

    def _tcp_options(self):
        return self.rng.choice([b"", b"", b"\x02\x04\x05\xb4", b"\x01\x01\x01\x00",
                                b"\x01\x03\x03\x07\x04\x02", b"\x08\x0a" + b"\1" * 8,
                                b"\x02\x04\x05\xb4\x04\x02\x1e\x04\0\0", b"\x05\x00\x01\x01",
                                b"\x1e\x28\0\0", b"\x01\x01\x01\x05", b"\xfe\x04\0\0" * 10])

    def _layer4(self, src, dst):
        """(protocol number, bytes)"""
        name = self.rng.choice(self.protocols + ["tcp", "udp", self.icmp])
        sport, dport = self.port(), self.port()
        data = self.rng.randbytes(self.rng.choice([0, 0, 1, 8, 23, 100, 700]))
        if name == "tcp":
            return p.TCP, p.tcp(src, dst, sport, dport, self._flags(), self._tcp_options(), data)
        if name in ("udp", "udplite", "dccp"):
            return NUMBER[name], getattr(p, name)(src, dst, sport, dport, data)
        if name == "sctp":
            return p.SCTP, p.sctp(sport, dport, 0, b"\x01\0\0\x04" + data)
        if name == "icmp":
            kind = self.rng.choice([0, 3, 3, 8, 8, 11, 12, 13, 200])
            return p.ICMP, p.icmp(kind, self.rng.randrange(4), payload=b"\0" * len(data))
        if name == "ipv6-icmp":
            kind = self.rng.choice([1, 1, 2, 3, 4, 128, 128, 129, 133, 135, 136, 200])
            return p.ICMPV6, p.icmpv6(src, dst, kind, self.rng.choice([0, 0, 1, 3, 4]),
                                      payload=b"\0" * len(data))
        spi = self.rng.choice(SPIS).to_bytes(4, "big")
        if name == "esp":
            return p.ESP, self.rng.choice([spi + b"\0\0\0\1" + data, spi, b"", b"\0"])
        if name == "ah":
            return p.AH, self.rng.choice([b"\6\4\0\0" + spi + b"\0" * 16 + data, b"\6\4\0\0" + spi])
        if name == "mh":
            kind = self.rng.choice([0, 3, 5, 6, 7, 200])
            header = p.mobility(kind, p.NONE if self.chance(80) else p.TCP)
            return p.MH, header[:self.rng.choice([8, 8, 8, 6, 5])]
        return NUMBER[name], self.rng.choice([b"", b"\0" * 8, data])

    def _extensions(self):
        options = [b"", b"\5\2\0\0", b"\0\5\2\0\0", b"\x1e\2\0\0\5\2\0\0", b"\1\0\x1e\0"]
        found = [p.hop_by_hop(self.rng.choice(options))] if self.chance(30) else []
        kinds = [lambda: p.destination(self.rng.choice(options + [
                     b"\1\4" + b"\0" * 4, b"\1\x20" + b"\0" * 32, b"\x1e\xff\0\0", b"\x20\0\4"])),
                 lambda: p.routing(self.rng.choice([0, 0, 0, 2, 4]), self.rng.choice([0, 0, 1, 2, 5]),
                                   [self.rng.choice(self.hops) for _ in range(
                                       self.rng.choice([0, 1, 1, 2, 3, 6]))],
                                   self.rng.choice([0, 0, 1])),
                 lambda: p.fragment(0, False, self.rng.choice(
                     [1, 7, self.rng.randrange(1 << 32)]), self.rng.choice([0, 0, 0, 1, 2, 4])),
                 lambda: p.authentication(self.rng.choice([3, 6, 7]) if self.chance(30) else 6,
                                          self.rng.choice(SPIS), self.rng.choice([0, 0, 1]))]
        if self.chance(10):
            kinds.append(lambda: p.hop_by_hop(self.rng.choice(options)))
        for _ in range(self.rng.choice([1, 1, 2, 3, 5, 12])):
            found.append(self.rng.choice(kinds)())
        return found

    def _options(self):
        return self.rng.choice([b"\x01" * 4, b"\x94\x04\0\0", b"\x01" * 40, b"\x88\x04\0\0",
                                b"\x01\x01\x94\x04\0\0"])

    def probe(self, ident):
        side, src, dst = self._addresses()
        proto, data = self._layer4(src, dst)
        at_b = dst in self.local + self.group or dst == self.loop
        full = self.profile == "full"
        if full and self.chance(8):
            data = data[:self.rng.randrange(len(data) + 1)]
        elif full and self.chance(4):
            data = data[:self.rng.choice([0, 1, 2, 3, 4, 7, 8, 12, 19])]
        ip = self._ipv4 if self.family == 4 else self._ipv6
        packets = ip(ident, src, dst, proto, data, side, at_b)
        tags, pad = (), b""
        if side != "own":
            if self.chance(5):
                tags = self.rng.choice([((0x8100, 0),), ((0x88A8, 0), (0x8100, 0)), ((0x8100, 5),),
                                        ((0x88A8, 7), (0x8100, 0))])
            if self.chance(10):
                pad = self.rng.randbytes(self.rng.choice([1, 6, 30]))
        return Probe(ident, self.family, side, packets, tags, pad)

    def _ttl(self):
        return self.rng.choice([0, 1]) if self.chance(2) else self.rng.choice([2, 64, 64, 255])

    def _ipv4(self, ident, src, dst, proto, data, side, at_b):
        more = {"ident": ident, "ttl": self._ttl(), "tos": self.rng.choice([0, 0, 0x10, 0xB8])}
        full = self.profile == "full"
        if full:
            more["tos"] |= self.late.choice([0, 0, 1, 2, 3])
        if self.chance(8):
            more["options"] = self._options()
        if side != "own" and self.chance(1):
            more["bad_checksum"] = True
        if side != "own" and self.chance(1):
            src = self.rng.choice(["127.0.0.1", "0.0.0.0", "224.0.0.9", "255.255.255.255"])
        if full and self.chance(9):
            if at_b or self.chance(40):
                data += b"\0" * (16 - min(16, len(data)))
                return self._cut(data, lambda part, at, last: p.ipv4(
                    src, dst, proto, part, offset=at // 8, more=not last, **more))
            more["offset"] = self.rng.choice([0, 1, 1, 2, 5, 185])
            return [p.ipv4(src, dst, proto, data, more=self.chance(60), **more)]
        if full and side != "own" and self.chance(3):
            cut = self.rng.randrange(len(data) + 1)  # the stack trims what lies beyond the length
            size = 20 + (len(more.get("options", b"")) + 3) // 4 * 4
            more["total"] = size + cut + (1000 if self.chance(25) else 0)
        return [p.ipv4(src, dst, proto, data, **more)]

    def _ipv6(self, ident, src, dst, proto, data, side, at_b):
        more = {"flow": ident, "hops": self._ttl()}
        full = self.profile == "full"
        if full:
            more["flow"] |= self.late.choice([0, 0, 0x10, 0xB8, 1, 2, 3, 0x11]) << 20
        extensions = self._extensions() if full and self.chance(22) else []
        if full and self.chance(9):
            if at_b or self.chance(40):
                data += b"\0" * (16 - min(16, len(data)))
                return self._cut(data, lambda part, at, last: p.ipv6(
                    src, dst, proto, part, extensions=extensions + [
                        p.fragment(at // 8, not last, ident)], **more))
            extensions.append(p.fragment(self.rng.choice([0, 1, 1, 2, 100]), self.chance(60), ident))
        if full and self.chance(3):
            proto, data = p.NONE, data
        if full and self.chance(4):
            proto = self.rng.choice([p.DSTOPTS, p.ROUTING, p.AH, p.FRAGMENT])  # a chain cut short
            data = self.rng.choice([b"", b"\6", b"\6\1\0\0", b"\6\x05" + b"\0" * 14, b"\x3c\0\0",
                                    b"\6\1" + b"\0" * 5, b"\x2c\0" + b"\0" * 6, b"\6\4" + b"\0" * 9])
        if full and side != "own" and self.chance(3):
            whole = len(p.ipv6(src, dst, proto, data, extensions=extensions)) - 40
            more["length"] = max(0, whole - len(data)) + self.rng.randrange(len(data) + 1)
            more["length"] += 1000 if self.chance(25) else 0
        return [p.ipv6(src, dst, proto, data, extensions=extensions, **more)]

    def _cut(self, data, make):
        """All fragments of one packet, so that nothing waits in a reassembly queue."""
        size = self.rng.choice([8, 16, 64, 256])
        size = max(size, (len(data) // 6 + 7) // 8 * 8)
        return [make(data[at:at + size], at, at + size >= len(data))
                for at in range(0, len(data), size)]


def case(seed, family, packets=100, rules=10, profile="full", nat=False):
    """(RuleSet, [Probe]) of a seed. Ids follow the seed, so that cases in a row share none."""
    rng = random.Random(f"picket {seed} {family}")
    drawn = Rules(rng, family, profile, nat)
    rs = drawn.rule_set(rules)
    maker = Packets(drawn)
    first = 1 + seed * packets % 60000
    return rs, [maker.probe(first + i) for i in range(packets)]
