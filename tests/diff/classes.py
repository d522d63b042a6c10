# SPDX-License-Identifier: GPL-2.0-or-later
"""The only ways in which picket may differ from iptables: named, each with a predicate, and numbered in
docs/exactness.md.

tc and XDP judge a frame before the stack has looked at it. On the netfilter hook nothing may differ but
what kernels do differently among themselves (KERNELS). A probe that falls into no class must come out
the same, counters included; one that falls into a class may not.
"""
import functools
import ipaddress

from pktest import packet as p, world

LOCAL = {ipaddress.ip_address(a).packed for a in (
    "10.1.0.1", "10.1.0.0", "10.1.0.3", "10.2.0.1", "10.2.0.0", "10.2.0.3", "10.9.0.1",
    "255.255.255.255", "224.0.0.1", "127.0.0.1", "::1", "fd01::1", "fd02::1", "fd09::1", "fd01::",
    "fd02::", "ff02::1")}

CONNTRACK = False  # run.py --nat turns it on
STRICT, LOOSE = False, False  # run.py asks the kernel: see header_past_the_end
NAT_FROM = {ipaddress.ip_address(a).packed for a in world.NAT_FROM.values()}


@functools.lru_cache(maxsize=4096)
def _network(address, *networks):
    address = ipaddress.ip_address(address)
    return any(address in ipaddress.ip_network(n) for n in networks
               if ipaddress.ip_network(n).version == address.version)


def before_dnat(_probe, packets):
    """The stack rewrites the destination first (nat PREROUTING, and OUTPUT's before tc's egress)."""
    return any(q.dst in NAT_FROM for q in packets)


def before_defragmentation(_probe, packets):
    """IPv4 reassembles before LOCAL_IN (ip_local_deliver): the filter sees one packet, tc several.

    IPv6 does so after it (ipv6_frag_rcv is a protocol handler): no difference there, but where
    connection tracking runs: it reassembles both families before any filter, and takes the header off
    a packet that says it is a fragment and is whole.
    """
    return any(q.fragmented and (CONNTRACK or (q.family == 4 and q.dst in LOCAL))
               or (CONNTRACK and p.FRAGMENT in q.extensions) for q in packets)


def segments_before_gro(_probe, packets):
    """GRO would have merged them into one packet: TCP segments of one flow, with data, in sequence.

    The worlds of this test have GRO off, so here nothing may be excused by it.
    """
    return False


def dropped_by_stack_before_netfilter(probe, packets):
    """ip_rcv, ip6_rcv, route and forward code end it before the filter: see _stack_drops."""
    if any(vid for _, vid in probe.tags):
        return True  # no such VLAN device: PACKET_OTHERHOST in __netif_receive_skb_core
    return probe.side != "own" and any(_stack_drops(q) for q in packets)


def _stack_drops(q):
    forwarded = q.dst not in LOCAL
    if forwarded and q.ttl <= 1:
        return True  # ip_forward, ip6_forward: time exceeded
    if q.family == 6:
        return (q.length > q.size or _network(q.src, "::1/128", "ff00::/8") or _network(q.dst, "::1/128")
                or (forwarded and _network(q.src, "fe80::/10")))
    return (p.checksum(q.data[:q.header]) != 0 or q.length > q.size or q.length < q.header
            or _network(q.src, "127.0.0.0/8", "224.0.0.0/4", "0.0.0.0/8", "255.255.255.255/32")
            or _network(q.dst, "127.0.0.0/8", "0.0.0.0/8", "240.0.0.0/4")
            or any(option in q.options[:1] for option in (0x83, 0x89)))  # source routes


def _proto_of_error(q):
    """Of a packet that an ICMP error carries, or None."""
    if q.proto not in (p.ICMP, p.ICMPV6) or q.offset:
        return None
    inner = q.data[q.header + 8:]
    return inner[9:10] if q.family == 4 else inner[6:7]


def other_trackers(_probe, packets):
    """Linux before 6.16 follows DCCP's handshake; picket's table, addresses and ports. UDP-Lite from the
    network is INVALID in Linux, which sums it with UDP's number for the protocol."""
    few = (p.DCCP, p.UDPLITE)
    return any(q.proto in few or _proto_of_error(q) in [bytes([proto]) for proto in few]
               for q in packets)


def to_itself(probe, packets):
    """What the host sends to itself meets the table on its way out and again on its way in; Linux's
    entry stays with the packet. And of a packet to its own source no table tells the direction."""
    return any(q.src == q.dst or (probe.side == "own" and q.dst in LOCAL) for q in packets)


def header_past_the_end(_probe, packets):
    """An IPv6 extension header that says it is longer than the packet. Kernels whose ipv6_find_hdr()
    returns no offset past the end (Debian 12's 6.1.192 and 6.12.117 among them) drop it at the first
    rule with -p; others, and picket, go by the protocol that it names. The matches on such a header drop
    it in picket, and in kernels that are not LOOSE."""
    return (STRICT or LOOSE) and any(
        q.family == 6 and not q.offset and
        (q.header > q.size or (q.proto in p.EXTENSIONS and q.header + 8 > q.size)) for q in packets)


def length_of_0(_probe, packets):
    """For the sake of jumbo payloads ip6_rcv_core() takes the frame's length for the packet's where the
    header says 0 before hop-by-hop options. Picket takes it for a header with nothing behind it."""
    return any(q.family == 6 and q.length == 40 and q.data[6] == p.HOPOPTS for q in packets)


STATE = {"other-trackers": other_trackers, "to-itself": to_itself}  # on tc and XDP, with run.py --state
KERNELS = {"header-past-the-end": header_past_the_end}
CLASSES = {
    **KERNELS,
    "before-dnat": before_dnat,
    "before-defragmentation": before_defragmentation,
    "segments-before-gro": segments_before_gro,
    "dropped-by-stack-before-netfilter": dropped_by_stack_before_netfilter,
    "length-of-0": length_of_0,
}


def of(probe, classes):
    """Name of the first of some classes that the probe falls into, or None."""
    packets = [p.Parsed(data) for data in probe.packets]
    return next((name for name, holds in classes.items() if holds(probe, packets)), None)
