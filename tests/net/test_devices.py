#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that come, go, stand on each other, are renamed, or are somebody else's already.

    test_devices.py [--every N] [PATTERN]

Hosts and sets are those of tests/lib/py/pktest/life.py.
"""
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import fence, life  # noqa: E402
from pktest.life import HOOKS, environment, foreign_xdp, map_keys  # noqa: E402


def refusals(w):
    w.fence.clear()
    for hook in ("tc", "xdp"):
        assert "PK2008" in w.fence.run("apply", "A.v4", "--hook", hook, status=3).stderr
    error = w.fence.run("apply", "A.v4", "--dev", "wire", "--dev", "nonesuch", status=3).stderr
    assert "PK2009" in error and "nonesuch" in error, error
    w.expect(None)
    assert not w.fence.pins()
    w.fence.apply("A")
    assert "PK2011" in w.fence.run("apply", "B.v4", *HOOKS["tc"], status=3).stderr
    error = w.fence.run("apply", "B.v4", "--dev", "wire", status=3).stderr
    assert "PK2011" in error and "guards the whole network namespace" in error, error
    w.expect("A")
    w.fence.clear()
    w.fence.run("apply", "A.v4", "--dev", "wire", "--dev", "lo")
    error = w.fence.run("apply", "B.v4", "--dev", "wire", "--dev", "none", status=3).stderr
    assert "PK2011" in error and "it guards lo, it does not guard none" in error, error


def occupied(w):
    """Somebody else's program is named and stays."""
    w.fence.clear()
    with w.left:
        link = foreign_xdp(socket.if_nametoindex("wire"))
    error = w.fence.run("apply", "A.v4", *HOOKS["xdp"], status=3).stderr
    assert "PK2010" in error and re.search(r"program \d+ \(somebody_else\)", error), error
    assert "xdp" in w.left.run(["ip", "link", "show", "wire"]).stdout
    os.close(link)
    assert not w.fence.pins() and w.ping() == 1
    w.left.run(["tc", "qdisc", "add", "dev", "wire", "clsact"])
    w.left.run(["tc", "filter", "add", "dev", "wire", "egress", "prio", "1", "bpf", "da",
                "bytecode", "1,6 0 0 0"])
    error = w.fence.run("apply", "A.v4", *HOOKS["tc"], status=3, PK_NO_TCX="1").stderr
    assert "PK2010" in error and "egress" in error, error
    assert not w.fence.pins() and w.ping() == 1
    assert "bytecode" in w.left.run(["tc", "filter", "show", "dev", "wire", "egress"]).stdout
    assert not w.left.run(["tc", "filter", "show", "dev", "wire", "ingress"]).stdout
    w.left.run(["tc", "qdisc", "del", "dev", "wire", "clsact"])


def beside_others(w):
    """Chains at netfilter's priority 0, where iptables' filter table stands too, are in nobody's way."""
    w.fence.clear()
    chains = "".join(f"add chain inet beside {hook} {{ type filter hook {hook} priority filter; }}\n"
                     for hook in ("input", "forward", "output"))
    w.left.run(["nft", "-f", "-"], text="add table inet beside\n" + chains)
    try:
        w.fence.run("apply", "A.v4")
        w.expect("A")
    finally:
        w.fence.clear()
        w.left.run(["nft", "delete", "table", "inet", "beside"])


def clsact(w):
    """Kernels without tcx: the filter has no link, and goes all the same."""
    w.fence.clear()
    with environment(PK_NO_TCX="1"):
        w.fence.run("apply", "A.v4", *HOOKS["tc"])
        assert {a[2] for a in w.fence.attachments()} == {"clsact"}
        w.expect("A")
        w.fence.apply("B")
        w.expect("B")
        w.fence.run("detach")
        assert "clsact" not in w.left.run(["tc", "qdisc", "show", "dev", "wire"]).stdout
        w.left.run(["tc", "qdisc", "add", "dev", "wire", "clsact"])
        w.fence.run("apply", "A.v4", *HOOKS["tc"])
        w.fence.clear()
        assert "clsact" in w.left.run(["tc", "qdisc", "show", "dev", "wire"]).stdout
        w.left.run(["tc", "qdisc", "del", "dev", "wire", "clsact"])
        w.expect(None)


def add_filter(w, *where):
    """Somebody's tc filter on `wire` that accepts everything."""
    w.left.run(["tc", "filter", "add", "dev", "wire", "ingress", *where, "bpf", "da", "bytecode",
                "1,6 0 0 0"])


def clsact_neighbours(w):
    """A filter of the same priority that is there already stands behind the fence's; one that comes
    later stands before it, which the next apply says."""
    with environment(PK_NO_TCX="1"):
        w.left.run(["tc", "qdisc", "add", "dev", "wire", "clsact"])
        add_filter(w, "prio", "1", "handle", "7")
        assert "PK2022" not in w.fence.run("apply", "B.v4", *HOOKS["tc"]).stderr
        w.expect("B")
        add_filter(w, "prio", "1", "handle", "8")
        assert w.ping() == 1, "a later filter no longer comes first: the limit is none any more"
        error = w.fence.run("apply", "B.v4").stderr
        assert "PK2022" in error and "wire ingress" in error, error
        w.fence.clear()
        assert "handle 0x8" in w.left.run(["tc", "filter", "show", "dev", "wire", "ingress"]).stdout
    w.left.run(["tc", "qdisc", "del", "dev", "wire", "clsact"])


def interface_comes_back(w):
    """An interface that went is said to be gone; when it is back, apply stands on it again."""
    for hook in ("tc", "xdp"):
        w.fence.clear()
        w.fence.run("apply", "B.v4", *HOOKS[hook])
        w.left.ip("link del wire")
        assert {a[3] for a in w.fence.attachments()} == {"gone"}
        status = w.left.run([fence.Picket.binary, "status"], check=False)
        assert status.returncode == 1 and status.stderr.count("PK2914") == 1, status
        assert "PK2016" in w.fence.run("apply", "B.v4").stderr
        w.wire()
        assert w.ping() == 1, "the fence stands on an interface that it does not know"
        w.fence.run("apply", "B.v4")
        assert {a[3] for a in w.fence.attachments()} == {"alive"}
        w.expect("B")


def renamed(w):
    """tc and XDP stand on the device, whatever it is called; the next apply takes the name over."""
    for hook, env in (("tc", {}), ("tc", {"PK_NO_TCX": "1"}), ("xdp", {})):
        with environment(**env):
            w.fence.run("apply", "B.v4", *HOOKS[hook])
            rename(w, "wire", "moved")
            assert w.ping() == 0
            error = w.fence.run("apply", "B.v4").stderr
            assert "PK2021" in error and "moved" in error and "PK2016" not in error, error
            assert {(a[0], a[3]) for a in w.fence.attachments()} == {("moved", "alive")}
            assert "PK2021" not in w.fence.run("apply", "B.v4", "--dev", "moved").stderr
            assert w.ping() == 0
            w.fence.clear()
            assert w.ping() == 1
            rename(w, "moved", "wire")
    w.fence.run("apply", "B.v4", "--dev", "wire")
    rename(w, "wire", "moved")
    assert "PK2016" in w.fence.run("apply", "B.v4").stderr, "netfilter goes by the name"
    assert w.ping() == 1
    rename(w, "moved", "wire")
    assert w.ping() == 0


NAMED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i moved -j DROP
COMMIT
"""


def undone_after_a_rename(w):
    """A set that comes back knows today's names; nothing that it judged under the old ones counts."""
    with open(f"{w.fence.folder}/named.v4", "w", encoding="ascii") as f:
        f.write(NAMED)
    for hook in ("tc", "xdp"):
        w.fence.run("apply", "named.v4", *HOOKS[hook])
        assert w.ping(4) == 4
        rename(w, "wire", "moved")
        w.fence.run("apply", "A.v4")
        assert w.ping() == 1
        w.fence.run("undo")
        assert w.ping() == 0
        w.fence.clear()
        rename(w, "moved", "wire")


def rename(w, old, new):
    w.left.ip(f"link set {old} down", f"link set {old} name {new}", f"link set {new} up",
              f"neighbour replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev {new}")


def stacked(w):
    """A bridge port or the device under a macvlan would judge what is forwarded twice: refused."""
    w.left.ip("link add bridge type bridge", "link set wire master bridge")
    for hook in ("tc", "xdp"):
        error = w.fence.run("apply", "A.v4", *HOOKS[hook], status=3).stderr
        assert "PK2020" in error and "wire is a port of bridge" in error, error
        assert not w.fence.pins()
        w.fence.run("apply", "A.v4", "--hook", hook, "--dev", "bridge")
        w.fence.clear()
    w.fence.run("apply", "A.v4", "--dev", "wire")
    w.fence.clear()
    w.left.ip("link set wire nomaster", "link del bridge", "link add top link wire type macvlan")
    error = w.fence.run("apply", "A.v4", *HOOKS["tc"], status=3).stderr
    assert "PK2020" in error and "macvlan top stands on wire" in error, error
    w.left.ip("link del top")
    w.fence.run("apply", "A.v4", *HOOKS["tc"])
    w.left.ip("link add top link wire type macvlan")
    assert "warning PK2020" in w.fence.run("apply", "B.v4").stderr, "it came later"
    w.expect("B")
    w.left.ip("link del top")


def peer_is_not_stacked(w):
    """A veth names its peer as a VLAN names what it stands on."""
    w.left.ip("link add one type veth peer name two")
    for dev in ("one", "two"):
        w.fence.run("apply", "A.v4", "--hook", "tc", "--dev", dev)
        w.fence.clear()
    w.left.ip("link del one")


def names(w):
    """The table of names has room for 4,096 interfaces, and netfilter, which can do without, does."""
    w.fence.apply("A")
    assert map_keys(f"{w.fence.pins()[0]}/ifnames") == 0
    w.fence.clear()
    w.fence.run("apply", "A.v4", *HOOKS["tc"])
    assert map_keys(f"{w.fence.pins()[0]}/ifnames") > 1


TESTS = [case for function in (
    refusals, occupied, beside_others, clsact, clsact_neighbours, interface_comes_back, renamed,
    undone_after_a_rename, stacked, peer_is_not_stacked, names) for case in life.alone(function)]

if __name__ == "__main__":
    sys.exit(life.main(TESTS))
