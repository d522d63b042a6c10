#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a fence: standing, switching, going, and being interrupted anywhere.

    test_life.py [--every N] [PATTERN]

LIFE is the driver: tests/net/test_life.c, built with fault injection. A writer is interrupted at each
N-th of its points, 5 unless told; --every 1 takes all.

      +-- left ----------+                 +-- right ---------+
      |  wire 10.77.0.1  +------ veth -----+ wire 10.77.0.2   |
      |  the fence       |                 | sends pings      |
      +------------------+                 +------------------+

Set A lets pings in, set B drops them; rule `stays` is in both.
"""
import argparse
import contextlib
import ctypes
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import ns, tap  # noqa: E402

LIFE = os.environ.get("LIFE", "build/tests/net/life")
PINGS = 23  # a prime: no other traffic makes just so many
POINTS_MAX = 400
DEADLINE = 10
HOOKS = {"netfilter": (), "tc": ("--hook", "tc", "--dev", "wire"),
         "xdp": ("--hook", "xdp", "--dev", "wire")}

SET = """*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m comment --comment stays -p icmp
{rule}
COMMIT
"""
ACCEPT = SET.format(rule="-A INPUT -p icmp -j ACCEPT")
DROP = SET.format(rule="-A INPUT -p icmp -m comment --comment no -j DROP")
V6 = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p ipv6-icmp -j ACCEPT
COMMIT
"""

_libc = ctypes.CDLL(None, use_errno=True)
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]


def bpf(command, attr):
    """bpf(2) with a packed attribute; its answer, or OSError."""
    block = ctypes.create_string_buffer(attr, 128)
    r = _libc.syscall(SYS_BPF, command, block, 128)
    if r < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return r


def map_poke(path, offset, data):
    """Overwrites bytes of the single value of a pinned map."""
    name = ctypes.create_string_buffer(path.encode())
    fd = bpf(7, struct.pack("=QII", ctypes.addressof(name), 0, 0))
    try:
        info = ctypes.create_string_buffer(80)
        bpf(15, struct.pack("=IIQ", fd, 80, ctypes.addressof(info)))
        size = struct.unpack_from("=I", info.raw, 12)[0]
        key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(size)
        attr = struct.pack("=IIQQQ", fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0)
        bpf(1, attr)
        value[offset:offset + len(data)] = data
        bpf(2, attr)
    finally:
        os.close(fd)


def foreign_xdp(ifindex):
    """A link of somebody else's XDP program that passes everything, as a descriptor to close."""
    code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("=IIQQIIQII", 6, 2, ctypes.addressof(code), ctypes.addressof(licence),
                       0, 0, 0, 0, 0) + b"somebody_else".ljust(16, b"\0")
    program = bpf(5, attr)
    try:
        return bpf(28, struct.pack("=IIII", program, ifindex, 37, 0))
    finally:
        os.close(program)


class Fence:
    """The driver in namespace `left`, run as a user would: by `ip netns exec`, whose mount namespace is
    its own and ends with it."""

    def __init__(self, space, folder):
        self.space, self.folder = space, folder
        self.options = ()
        os.chmod(folder, 0o755)  # for the one without privileges
        for name, text in (("A.v4", ACCEPT), ("B.v4", DROP), ("v6", V6)):
            with open(f"{folder}/{name}", "w", encoding="ascii") as f:
                f.write(text)

    def argv(self, *args):
        return ["ip", "netns", "exec", self.space.name, os.path.abspath(LIFE), *args]

    def run(self, *args, status=0, **env):
        result = subprocess.run(self.argv(*args), cwd=self.folder, env={**os.environ, **env},
                                capture_output=True, text=True, timeout=120, check=False)
        if status is not None and result.returncode != status:
            raise AssertionError(f"{args} {env}: exit {result.returncode}, not {status}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def apply(self, kind, *args, **env):
        return self.run("apply", f"{kind}.v4", *self.options, *args, **env)

    def saved(self, *args):
        """The live set as {"generation": n, "set": "A" | "B", rule text: (packets, bytes)}; None."""
        result = self.run("save", *args, status=None)
        if result.returncode == 1:
            return None
        assert result.returncode == 0, result.stderr
        found = {"generation": int(re.search(r"generation (\d+)", result.stdout)[1]),
                 "places": re.findall(r"^at (.*)$", result.stdout, re.M)}
        for packets, count, rule in re.findall(r"^\[(\d+):(\d+)\] -A (.*)$", result.stdout, re.M):
            found[rule] = (int(packets), int(count))
        rules = [rule for rule in found if "-j" in rule and rule.startswith("INPUT -p icmp")]
        assert len(rules) == 1, f"neither A nor B:\n{result.stdout}"
        found["set"] = "A" if "ACCEPT" in rules[0] else "B"
        return found

    def attachments(self):
        return re.findall(r"^at (\S+) (.*) \((.*)\) (alive|gone)$", self.run("status").stdout, re.M)

    def clear(self):
        self.run("detach", status=None)
        assert self.run("status", status=None).returncode == 1
        assert not self.pins(), self.pins()

    def pins(self):
        """What stands in this fence's directory, as this test sees the file system."""
        with self.space:
            cookie = cookie_of_netns()
        found = []
        for where, _, names in os.walk(f"/sys/fs/bpf/picket/{cookie}"):
            found += [where] + [f"{where}/{name}" for name in names]
        return found


def cookie_of_netns():
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, 71, 8))[0]


class World:
    def __init__(self, lab, folder, every):
        self.lab, self.every = lab, every
        self.left, self.right = lab.netns("left"), lab.netns("right")
        for space in (self.left, self.right):
            ns.quiet(space)
        self.wire()
        self.fence = Fence(self.left, folder)
        lab.on_close(lambda: self.fence.run("detach", status=None))

    def wire(self):
        ns.veth(self.left, "wire", "02:00:00:00:00:01", self.right, "wire", "02:00:00:00:00:02")
        self.left.ip("address add 10.77.0.1/24 dev wire",
                     "neighbour replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev wire")
        self.right.ip("address add 10.77.0.2/24 dev wire",
                      "neighbour replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev wire")

    def ping(self, count=1):
        """How many of `count` pings from right to left were answered."""
        result = self.right.run(["ping", "-n", "-q", "-c", str(count), "-i", "0.002", "-W", "0.2",
                                 "10.77.0.1"], check=False)
        return int(re.search(r"(\d+) received", result.stdout)[1])

    def expect(self, kind):
        """The live set is `kind` in every respect: as text, and in what packets meet."""
        live = self.fence.saved()
        assert (live["set"] if live else None) == kind, f"{live}, not {kind}"
        assert self.ping() == (kind != "B"), f"pings do not meet {kind}"


STAYS = "INPUT -p icmp -m comment --comment stays"


def stands(w):
    """The process ends, its mount namespace with it, and the fence is there."""
    w.fence.apply("A", "--v6", "v6")
    w.expect("A")
    live = w.fence.saved()
    assert live["generation"] == 1 and live["places"] == ["A.v4:5", "A.v4:6", "v6:5"], live
    assert all(a[3] == "alive" for a in w.fence.attachments())
    w.fence.run("detach")
    assert w.fence.run("status", status=1)
    assert not w.fence.pins() and w.ping() == 1
    w.fence.run("detach", status=1)


def counts(w):
    """Counters of rules that stay are kept over switches; new ones start at nothing."""
    w.fence.apply("A")
    assert w.ping(PINGS) == PINGS
    before = w.fence.saved()
    assert before[STAYS][0] == before["INPUT -p icmp -j ACCEPT"][0] == PINGS, before
    w.fence.apply("B")
    assert w.ping(PINGS) == 0
    live = w.fence.saved()
    assert live[STAYS][0] == 2 * PINGS, live
    assert [v[0] for k, v in live.items() if "-j DROP" in k] == [PINGS], live
    for kind in "ABABA":
        w.fence.apply(kind)
    live = w.fence.saved()
    assert live[STAYS] == (2 * PINGS, 2 * PINGS * 84), live
    assert live["INPUT -p icmp -j ACCEPT"] == (0, 0), live


def counters_loaded(w):
    """-c: the file's counters are what the rules start from."""
    with open(f"{w.fence.folder}/C.v4", "w", encoding="ascii") as f:
        f.write(ACCEPT.replace("-A INPUT -p icmp -j", "[1000003:7] -A INPUT -p icmp -j"))
    w.fence.apply("A")
    w.ping(PINGS)
    w.fence.run("apply", "-c", "C.v4")
    live = w.fence.saved()
    assert live["INPUT -p icmp -j ACCEPT"] == (1000003, 7) and live[STAYS] == (0, 0), live
    w.ping(PINGS)
    assert w.fence.saved()["INPUT -p icmp -j ACCEPT"][0] == 1000003 + PINGS


def undo(w):
    w.fence.apply("A")
    assert "before" in w.fence.run("undo", status=1).stderr
    w.fence.apply("B")
    assert w.fence.saved("--before")["set"] == "A"
    for kind in "ABAB":
        w.fence.run("undo")
        w.expect(kind)
    w.fence.apply("A")
    w.expect("A")
    w.fence.run("undo")
    w.expect("B")


def other_family_stays(w):
    assert w.fence.apply("A").stdout == "open 2\n"
    assert w.fence.run("apply", "--v6", "v6").stdout == "open 0\n"
    assert w.fence.apply("B").stdout == "open 0\n"
    w.expect("B")
    assert "INPUT -p ipv6-icmp -j ACCEPT" in w.fence.saved()


def at_once(w):
    """Eight writers: each waits for its turn, and none is lost."""
    jobs = [subprocess.Popen(w.fence.argv("apply", f"{'AB'[i % 2]}.v4", *w.fence.options),
                             cwd=w.fence.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for i in range(8)]
    errors = [job.communicate(timeout=120)[1].decode() for job in jobs]
    assert not any(job.returncode for job in jobs), errors
    live = w.fence.saved()
    assert live["generation"] == 8, live
    w.expect(live["set"])


def comings_and_goings(w):
    """apply and detach at once, many times: each does the whole of its work, or finds nothing."""
    jobs = [subprocess.Popen(w.fence.argv(*args), cwd=w.fence.folder, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
            for args in (("apply", "A.v4"), ("detach",)) * 6]
    ends = [(job.communicate(timeout=120)[1].decode(), job.returncode) for job in jobs]
    assert not any(status for _, status in ends[::2]), ends
    assert all(status in (0, 1) for _, status in ends[1::2]), ends
    live = w.fence.saved()
    w.expect(live["set"] if live else None)


def readers_meet_writers(w):
    """A reader sees one set or the other while writers switch."""
    w.fence.apply("A")
    writer = subprocess.Popen(
        ["sh", "-c", 'for i in 1 2 3 4 5 6 7 8; do "$@" apply B.v4 && "$@" apply A.v4; done',
         "sh", *w.fence.argv()], cwd=w.fence.folder, stdout=subprocess.DEVNULL)
    seen = 0
    while writer.poll() is None:
        assert w.fence.saved()["set"] in "AB"
        seen += 1
    assert writer.returncode == 0 and seen > 3, seen
    w.expect("A")


def points(w, *command, variable, prepare, check):
    """Runs a command interrupted at its points, until it has no more."""
    for n in range(1, POINTS_MAX, w.every):
        prepare()
        result = w.fence.run(*command, status=None, **{variable: str(n)})
        ended = result.returncode == 0
        try:
            check(result, ended)
        except AssertionError as error:
            raise AssertionError(f"{variable}={n}: {error}\n{result.stderr}") from error
        if ended:
            return n - 1
    raise AssertionError(f"more than {POINTS_MAX} points")


def killed(result):
    return result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def kill_first(w):
    """kill -9 while the first set is applied: no fence at all or a whole one; the next one works."""
    def check(result, ended):
        assert ended or killed(result)
        live = w.fence.saved()
        w.expect(live["set"] if live else None)
        w.fence.apply("B")
        w.expect("B")

    n = points(w, "apply", "A.v4", *w.fence.options, variable="PK_KILL_AT", prepare=w.fence.clear,
               check=check)
    assert n > 30, n
    return told(w, n)


def kill_change(w):
    """kill -9 while A is replaced by B: A or B, and counters of rules that stay go on."""
    total = 0

    def prepare():
        nonlocal total
        w.fence.apply("A")
        total = w.fence.saved()[STAYS][0]

    def check(result, ended):
        assert ended or killed(result)
        live = w.fence.saved()
        assert live[STAYS][0] == total, (live, total)
        w.expect(live["set"])
        assert not ended or live["set"] == "B"

    w.fence.clear()
    n = points(w, "apply", "B.v4", *w.fence.options, variable="PK_KILL_AT", prepare=prepare,
               check=check)
    assert n > 10, n
    return told(w, n)


def kill_detach(w):
    """kill -9 in detach: no packet is dropped, and the next detach leaves nothing."""
    def check(result, ended):
        assert ended or killed(result)
        live = w.fence.saved()
        w.expect(live["set"] if live else None)
        w.fence.clear()

    n = points(w, "detach", variable="PK_KILL_AT", check=check,
               prepare=lambda: (w.fence.clear(), w.fence.apply("B")))
    assert n > 10, n
    return told(w, n)


def fail_first(w):
    """Any call fails: nothing stands, nothing is left, and it is said why."""
    def check(result, ended):
        assert ended or (result.returncode == 3 and "error PK" in result.stderr)
        w.expect("B" if ended else None)

    return told(w, failing(w, w.fence.clear, check, least=30))


def fail_change(w):
    """Any call fails: the old set is in force, or nothing was amiss with the new one."""
    def check(result, ended):
        assert ended or (result.returncode == 3 and "error PK" in result.stderr)
        w.expect("B" if ended else "A")

    w.fence.clear()
    return told(w, failing(w, lambda: w.fence.apply("A"), check, least=6))


def failing(w, prepare, check, least):
    """As points(); but some failures do no harm, so that it ends when several in a row did none."""
    last, n = 0, 1
    while n - last < 2 * w.every + 6:
        prepare()
        result = w.fence.run("apply", "B.v4", *w.fence.options, status=None, PK_FAIL_AT=str(n))
        try:
            check(result, result.returncode == 0)
        except AssertionError as error:
            raise AssertionError(f"PK_FAIL_AT={n}: {error}\n{result.stderr}") from error
        last = n if result.returncode else last
        n += w.every
    assert last >= least, last
    return last


def told(w, n):
    return f"{n} points" + (f", each {w.every}th" if w.every > 1 else "")


def wait_for(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {DEADLINE} s"
        os.sched_yield()


def namespace_gone(w):
    """A dead namespace is let go by any command elsewhere, and the wire into it ends."""
    space = w.lab.netns("gone")
    ns.quiet(space)
    ns.veth(space, "end", "02:00:00:00:00:03", w.right, "peer", "02:00:00:00:00:04")
    fence = Fence(space, w.fence.folder)
    fence.run("apply", "A.v4")
    pins = fence.pins()
    assert pins and os.path.exists(pins[0])
    w.fence.run("sweep")
    assert os.path.exists(pins[0]), "a living one was swept"
    holder = subprocess.Popen(["ip", "netns", "exec", space.name, "sh", "-c", "echo in; cat"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    w.lab.drop(space)
    w.fence.run("sweep")
    assert os.path.exists(pins[0]), "one with a process in it was swept"
    holder.communicate()
    assert w.right.run(["ip", "link", "show", "peer"], check=False).returncode == 0
    w.fence.run("sweep")
    assert not os.path.exists(pins[0])
    wait_for(lambda: w.right.run(["ip", "link", "show", "peer"], check=False).returncode,
             "the peer goes")


def descriptor_holds(w):
    """An open descriptor of a namespace without a name or a process keeps its fence."""
    space = w.lab.netns("held")
    ns.quiet(space)
    fence = Fence(space, w.fence.folder)
    fence.run("apply", "A.v4")
    pins = fence.pins()
    keep = os.dup(space.fd)
    w.lab.drop(space)
    w.fence.run("sweep")
    assert pins and os.path.exists(pins[0]), "one with an open descriptor was swept"
    os.close(keep)
    w.fence.run("sweep")
    assert not os.path.exists(pins[0])


def unprivileged(w):
    result = subprocess.run([os.path.abspath(LIFE), "status"], user=65534, group=65534,
                            extra_groups=[], capture_output=True, text=True, check=False)
    assert result.returncode == 3 and "as root" in result.stderr, result
    result = subprocess.run([os.path.abspath(LIFE), "apply", "A.v4"], cwd=w.fence.folder,
                            user=65534, group=65534, extra_groups=[], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 3 and "as root" in result.stderr, result


def no_btf(w):
    """Type information hidden in a mount namespace of one's own."""
    w.fence.clear()
    hide = "mount -t tmpfs tmpfs /sys/kernel/btf && mount -t tmpfs tmpfs /boot && exec \"$@\""
    result = subprocess.run(["ip", "netns", "exec", w.left.name, "unshare", "-m", "sh", "-c", hide,
                             "sh", os.path.abspath(LIFE), "apply", "A.v4"], cwd=w.fence.folder,
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 3 and "PK2002" in result.stderr, result.stderr
    assert "/sys/kernel/btf/vmlinux" in result.stderr, result.stderr
    w.expect(None)
    assert not w.fence.pins()


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
    assert "PK2011" in w.fence.run("apply", "B.v4", "--dev", "wire", status=3).stderr
    w.expect("A")


def occupied(w):
    """Somebody else's program is named and stays."""
    w.fence.clear()
    with w.left:
        import socket
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


@contextlib.contextmanager
def environment(**values):
    old = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def interface_comes_back(w):
    """An interface that went is said to be gone; when it is back, apply stands on it again."""
    for hook in ("tc", "xdp"):
        w.fence.clear()
        w.fence.run("apply", "B.v4", *HOOKS[hook])
        w.left.ip("link del wire")
        assert {a[3] for a in w.fence.attachments()} == {"gone"}
        assert "PK2016" in w.fence.run("apply", "B.v4").stderr
        w.wire()
        assert w.ping() == 1, "the fence stands on an interface that it does not know"
        w.fence.run("apply", "B.v4")
        assert {a[3] for a in w.fence.attachments()} == {"alive"}
        w.expect("B")


def other_version(w):
    """A fence of another picket is refused by name, and this one's detach takes it down."""
    w.fence.clear()
    w.fence.apply("B")
    map_poke(f"{w.fence.pins()[0]}/ctl", 8, struct.pack("=Q", 999))
    error = w.fence.run("apply", "A.v4", status=3).stderr
    assert "PK2012" in error and "999" in error, error
    assert w.ping() == 0, "the old fence must stand"
    w.fence.run("detach")
    assert not w.fence.pins() and w.ping() == 1


def damaged(w):
    """A store that somebody wrote to is noticed, and packets are judged all the same."""
    w.fence.clear()
    w.fence.apply("B")
    map_poke(f"{w.fence.pins()[0]}/bank0/store", 200, b"\xff\xff\xff\xff")
    for verb in (("save",), ("apply", "A.v4")):
        assert "PK2013" in w.fence.run(*verb, status=3).stderr
    assert w.ping() == 0
    w.fence.clear()


def on_hooks(function):
    for hook, options in HOOKS.items():
        def run(w, options=options):
            w.fence.clear()
            w.fence.options = options
            try:
                return function(w)
            finally:
                w.fence.options = ()
                w.fence.clear()
        yield f"{hook}: {function.__name__.replace('_', ' ')}", run


def alone(function):
    def run(w):
        w.fence.clear()
        try:
            return function(w)
        finally:
            w.fence.clear()
    yield function.__name__.replace("_", " "), run


TESTS = [case for function in (stands, counts, undo, at_once) for case in on_hooks(function)]
TESTS += [case for function in (
    counters_loaded, other_family_stays, comings_and_goings, readers_meet_writers, namespace_gone,
    descriptor_holds,
    unprivileged, no_btf, refusals, occupied, clsact, interface_comes_back, other_version, damaged,
    fail_change) for case in alone(function)]
TESTS += [case for function in (kill_first, kill_change, kill_detach, fail_first)
          for case in on_hooks(function)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    out = tap.Tap()
    with tempfile.TemporaryDirectory() as folder, ns.Lab() as lab:
        world = World(lab, folder, args.every)
        for name, function in TESTS:
            if args.pattern in name:
                out.run(name, function, world)
    return out.done()


if __name__ == "__main__":
    sys.exit(main())
