# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as bytes: builders for everything iptables looks at, malformed packets included.

Addresses are strings or packed bytes; ports and numbers are host order. Layer-4 builders take the two
IP addresses because their checksums cover them.
"""
import functools
import ipaddress
import struct

ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD = 0x0800, 0x86DD, 0x8100, 0x88A8
ICMP, IGMP, IPIP, TCP, UDP, DCCP, GRE, ESP, AH = 1, 2, 4, 6, 17, 33, 47, 50, 51
HOPOPTS, ROUTING, FRAGMENT, ICMPV6, NONE, DSTOPTS, SCTP, UDPLITE = 0, 43, 44, 58, 59, 60, 132, 136
MH = 135
EXTENSIONS = (HOPOPTS, ROUTING, FRAGMENT, AH, DSTOPTS)

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128


@functools.lru_cache(maxsize=4096)
def packed(address):
    return address if isinstance(address, bytes) else ipaddress.ip_address(address).packed


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo(src, dst, proto, length):
    src, dst = packed(src), packed(dst)
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, proto, length)
    return src + dst + struct.pack("!IxxxB", length, proto)


def _with_checksum(data, at, src, dst, proto, cover=None):
    value = checksum(_pseudo(src, dst, proto, len(data)) + data[:cover])
    return data[:at] + struct.pack("!H", value or 0xFFFF) + data[at + 2:]


def summed(src, dst, proto, data):
    """A TCP segment or UDP datagram that was changed, with its checksum as it is now right."""
    at = {TCP: 16, UDP: 6}[proto]
    if len(data) < at + 2:
        return data
    return _with_checksum(data[:at] + b"\0\0" + data[at + 2:], at, src, dst, proto)


def tcp(src, dst, sport, dport, flags=SYN, options=b"", payload=b"", seq=1, ack=0, window=8192,
        words=None):
    """words overrides the length of the header."""
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4 if words is None else words
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, words << 4, flags, window, 0, 0)
    return _with_checksum(head + options + payload, 16, src, dst, TCP)


def udp(src, dst, sport, dport, payload=b""):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    return _with_checksum(head + payload, 6, src, dst, UDP)


def udplite(src, dst, sport, dport, payload=b""):
    head = struct.pack("!HHHH", sport, dport, 8, 0)
    return _with_checksum(head + payload, 6, src, dst, UDPLITE, cover=8)


def icmp(kind, code, rest=b"\0\0\0\0", payload=b""):
    data = struct.pack("!BBH", kind, code, 0) + rest + payload
    return data[:2] + struct.pack("!H", checksum(data)) + data[4:]


def icmpv6(src, dst, kind, code, rest=b"\0\0\0\0", payload=b""):
    return _with_checksum(struct.pack("!BBH", kind, code, 0) + rest + payload, 2, src, dst, ICMPV6)


def crc32c(data):
    """RFC 9260 appendix A."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp(sport, dport, tag, chunks):
    head = struct.pack("!HHI", sport, dport, tag)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunks)) + chunks


def dccp(src, dst, sport, dport, payload=b""):
    """DCCP-Request (RFC 4340 section 5.1): long sequence numbers, data offset 5 words."""
    head = struct.pack("!HHBBHBBHI", sport, dport, 5, 0, 0, 0x01, 0, 0, 1) + b"\0\0\0\0"
    return _with_checksum(head + payload, 6, src, dst, DCCP)


def mobility(kind, following=NONE):
    """A mobility header of 8 bytes (RFC 6275 section 6.1.1)."""
    return bytes([following, 0, kind, 0]) + b"\0\0\0\0"


def ipv4(src, dst, proto, payload, ident=0, ttl=64, tos=0, options=b"", offset=0, more=False,
         dont=False, total=None, bad_checksum=False):
    """offset is in units of 8 bytes; total overrides the length field."""
    options += b"\0" * (-len(options) % 4)
    size = 20 + len(options)
    flags = (dont << 14) | (more << 13) | offset
    head = struct.pack("!BBHHHBBH", 0x40 | size // 4, tos,
                       size + len(payload) if total is None else total, ident, flags, ttl, proto, 0)
    head += packed(src) + packed(dst) + options
    value = checksum(head) ^ (0x5555 if bad_checksum else 0)
    return head[:10] + struct.pack("!H", value) + head[12:] + payload


def ipv6(src, dst, proto, payload, flow=0, hops=64, extensions=(), length=None):
    """extensions: (type, body without its first byte) in order, as made by the functions below."""
    body = payload
    for kind, data in reversed(extensions):
        body = bytes([proto]) + data + body
        proto = kind
    head = struct.pack("!IHBB", 0x60000000 | flow, len(body) if length is None else length, proto, hops)
    return head + packed(src) + packed(dst) + body


def _options(kind, data):
    """Hop-by-hop or destination options: padded with PadN to 8 bytes (RFC 8200 section 4.2)."""
    pad = -(2 + len(data)) % 8
    if pad:
        data += b"\0" if pad == 1 else bytes([1, pad - 2]) + b"\0" * (pad - 2)
    return kind, bytes([(2 + len(data)) // 8 - 1]) + data


def hop_by_hop(data=b""):
    return _options(HOPOPTS, data)


def destination(data=b""):
    return _options(DSTOPTS, data)


def routing(kind=0, left=0, addresses=(), reserved=0):
    data = b"".join(map(packed, addresses))
    return ROUTING, bytes([len(data) // 8, kind, left]) + struct.pack("!I", reserved) + data


def fragment(offset=0, more=False, ident=1, reserved=0):
    """offset is in units of 8 bytes; reserved: of the first such byte, << 2 | of the two bits."""
    return FRAGMENT, struct.pack("!BHI", reserved >> 2, offset << 3 | (reserved & 3) << 1 | more, ident)


def authentication(words=6, spi=0, reserved=0):
    """words: length of the header in units of 4 bytes."""
    return AH, (bytes([words - 2]) + struct.pack("!HI", reserved, spi) + b"\0" * 4096)[:words * 4 - 1]


def eui64(prefix, address):
    """The address that RFC 4291 makes of a MAC address."""
    b = mac(address)
    return prefix + bytes([b[0] ^ 2, b[1], b[2], 0xFF, 0xFE, b[3], b[4], b[5]])


def ethernet(dst, src, payload, kind=None, tags=()):
    """tags: (TPID, VLAN id) from the outside in; kind: from the IP version unless given."""
    if kind is None:
        kind = ETH_P_IPV6 if payload[0] >> 4 == 6 else ETH_P_IP
    head = mac(dst) + mac(src)
    for tpid, vid in tags:
        head += struct.pack("!HH", tpid, vid)
    return head + struct.pack("!H", kind) + payload


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


class Parsed:
    """The outside of an IP packet, for classes and messages: not a validating parser."""

    def __init__(self, data):
        self.data = data
        self.family = 6 if data[:1] and data[0] >> 4 == 6 else 4
        self.size = len(data)
        self.offset, self.more, self.extensions = 0, False, []
        if self.family == 4:
            self.header = (data[0] & 15) * 4
            self.length, self.ident, flags, self.ttl, self.proto = struct.unpack("!HHHBB", data[2:10])
            self.offset, self.more = flags & 0x1FFF, bool(flags & 0x2000)
            self.src, self.dst = data[12:16], data[16:20]
            self.options = data[20:self.header]
            at = self.header
        else:
            word, length, self.proto, self.ttl = struct.unpack("!IHBB", data[:8])
            self.ident, self.length, self.options = word & 0xFFFFF, length + 40, b""
            self.src, self.dst = data[8:24], data[24:40]
            at = self.header = self._skip_extensions()
        self.payload = data[at:]

    def _skip_extensions(self):
        at = 40
        while self.proto in EXTENSIONS and at + 8 <= self.size and not self.offset:
            kind = self.proto
            self.extensions.append(kind)
            if kind == FRAGMENT:
                word = struct.unpack("!H", self.data[at + 2:at + 4])[0]
                self.offset, self.more = word >> 3, bool(word & 1)
            self.proto = self.data[at]
            units = {FRAGMENT: 8, AH: (self.data[at + 1] + 2) * 4}
            at += units.get(kind, (self.data[at + 1] + 1) * 8)
        return at

    @property
    def fragmented(self):
        return bool(self.offset or self.more)

    def __str__(self):
        text = f"{ipaddress.ip_address(self.src)} > {ipaddress.ip_address(self.dst)} proto {self.proto}"
        if not self.offset and self.proto in (TCP, UDP, SCTP, DCCP, UDPLITE) and len(self.payload) >= 4:
            text += " ports %d > %d" % struct.unpack("!HH", self.payload[:4])
            if self.proto == TCP and len(self.payload) >= 14:
                text += f" flags {self.payload[13]:#x}"
        elif not self.offset and self.proto in (ICMP, ICMPV6) and len(self.payload) >= 2:
            text += f" type {self.payload[0]}/{self.payload[1]}"
        if self.fragmented:
            text += f" fragment at {self.offset * 8}{'+' if self.more else ''}"
        if self.extensions:
            text += f" extensions {self.extensions}"
        if self.options:
            text += f" options {self.options.hex()}"
        return f"{text} ttl {self.ttl} l4 {len(self.payload)} bytes, id {self.ident}, {self.size} bytes"
