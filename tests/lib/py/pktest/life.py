# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of one fence's life share: the driver tests/net/test_life.c in a namespace.

      +-- left ----------+                 +-- right ---------+
      |  wire 10.77.0.1  +------ veth -----+ wire 10.77.0.2   |
      |  the fence       |                 | sends pings      |
      +------------------+                 +------------------+

Set A lets pings in, set B drops them; rule `stays` is in both. LIFE is the driver, built with fault
injection, and LIFE_NEXT the same as another version of picket.
"""
import argparse
import contextlib
import ctypes
import errno
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time

from . import ns, tap

LIFE = os.path.abspath(os.environ.get("LIFE", "build/tests/net/life"))
LIFE_NEXT = os.path.abspath(os.environ.get("LIFE_NEXT", "build/tests/net/life-next"))
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
STAYS = "INPUT -p icmp -m comment --comment stays"


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


def map_keys(path):
    """How many elements a pinned hash of at most 16 bytes a key has."""
    name = ctypes.create_string_buffer(path.encode())
    fd = bpf(7, struct.pack("=QII", ctypes.addressof(name), 0, 0))
    key, after = ctypes.create_string_buffer(16), ctypes.create_string_buffer(16)
    count, at = 0, 0
    try:
        while True:
            bpf(4, struct.pack("=IIQQ", fd, 0, at, ctypes.addressof(after)))
            key.raw, at = after.raw, ctypes.addressof(key)
            count += 1
    except OSError as end:
        if end.errno != errno.ENOENT:
            raise
        return count
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
    its own and ends with it. `binary` is the version that is run."""

    def __init__(self, space, folder):
        self.space, self.folder = space, folder
        self.options, self.binary = (), LIFE
        os.chmod(folder, 0o755)  # for the one without privileges
        for name, text in (("A.v4", ACCEPT), ("B.v4", DROP), ("v6", V6)):
            with open(f"{folder}/{name}", "w", encoding="ascii") as f:
                f.write(text)

    def argv(self, *args):
        return ["ip", "netns", "exec", self.space.name, self.binary, *args]

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


@contextlib.contextmanager
def environment(**values):
    old = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def on_hooks(function):
    for hook, options in HOOKS.items():
        def run(w, options=options):
            w.fence.clear()
            w.fence.options = options
            try:
                return function(w)
            finally:
                w.fence.options, w.fence.binary = (), LIFE
                w.fence.clear()
        yield f"{hook}: {function.__name__.replace('_', ' ')}", run


def alone(function):
    def run(w):
        w.fence.clear()
        try:
            return function(w)
        finally:
            w.fence.options, w.fence.binary = (), LIFE
            w.fence.clear()
    yield function.__name__.replace("_", " "), run


def main(tests):
    """Runs (name, function) pairs: [--every N] [PATTERN]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    out = tap.Tap()
    with tempfile.TemporaryDirectory() as folder, ns.Lab() as lab:
        world = World(lab, folder, args.every)
        for name, function in tests:
            if args.pattern in name:
                out.run(name, function, world)
    return out.done()
