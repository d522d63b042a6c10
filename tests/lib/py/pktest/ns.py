# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces that always go away again.

A Lab owns namespaces named pk<pid>-<name>; it removes them at exit, on failure and on SIGINT, SIGTERM
and SIGHUP. What a SIGKILL left behind, the next Lab removes. One thread only: entering a namespace
moves the calling thread.
"""
import atexit
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import sys

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
NETNS_DIR = "/run/netns"
TIMEOUT = 30  # seconds for any command
OWN_MARK = 0x5A  # skb mark of what a test sends by raw socket; the kernel's own packets have none

# What timers send, or hold back, never reaches OUTPUT's filter: MLD, neighbour discovery and redirects
# of the kernel's own, and "reassembly time exceeded".
SILENCE = """
table inet silence {
    chain own {
        type filter hook output priority -400;
        meta mark %d return
        icmpv6 type { 130, 131, 132, 133, 134, 135, 136, 137, 143 } drop
        icmp type time-exceeded icmp code 1 drop
        icmpv6 type time-exceeded icmpv6 code 1 drop
    }
}
"""

_libc = ctypes.CDLL(None, use_errno=True)

SIOCETHTOOL = 0x8946
# ETHTOOL_S{RXCSUM,TXCSUM,SG,TSO,GSO,GRO}: linux/ethtool.h
OFFLOADS = (0x15, 0x17, 0x19, 0x1F, 0x24, 0x2C)
ETHTOOL_SGRO = 0x2C


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


class CommandError(Exception):
    """A command ended with an unexpected status; its text carries the command's own words."""

    def __init__(self, argv, result):
        super().__init__(f"{' '.join(argv)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        self.result = result


def run(argv, text=None, check=True, env=None, timeout=TIMEOUT):
    result = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            encoding="utf-8", errors="replace", timeout=timeout, check=False,
                            env={**os.environ, "LC_ALL": "C", **(env or {})},
                            stdin=None if text is not None else subprocess.DEVNULL)
    if check and result.returncode:
        raise CommandError(argv, result)
    return result


# iptables takes the lock /run/xtables.lock, which is one for the whole machine.
PRIVATE_RUN = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"]


class Netns:
    """One network namespace. `with ns:` runs the block inside it; sockets made there stay there."""

    def __init__(self, name):
        self.name = name
        run(["ip", "netns", "add", name])
        self.fd = os.open(f"{NETNS_DIR}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        self._outer = []

    def __enter__(self):
        self._outer.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        _setns(self.fd)
        return self

    def __exit__(self, *_):
        fd = self._outer.pop()
        _setns(fd)
        os.close(fd)

    def run(self, argv, private_run=False, **options):
        with self:
            return run((PRIVATE_RUN if private_run else []) + argv, **options)

    def popen(self, argv, **options):
        with self:
            return subprocess.Popen(argv, **options)

    def ip(self, *lines):
        """`ip` commands, one a line, in one process."""
        self.run(["ip", "-batch", "-"], text="\n".join(lines) + "\n")

    def sysctl(self, **values):
        """Names with `__` for the slash: ipv4__ip_forward=1. A missing knob is an error."""
        with self:
            for name, value in values.items():
                with open("/proc/sys/net/" + name.replace("__", "/"), "w", encoding="ascii") as f:
                    f.write(f"{value}\n")

    def sysctl_try(self, **values):
        """As sysctl, but for knobs that only some kernels have."""
        for name, value in values.items():
            try:
                self.sysctl(**{name: value})
            except OSError:
                pass

    def offload_off(self, dev):
        for command in OFFLOADS:
            self.ethtool(dev, command, 0)

    def ethtool(self, dev, command, value):
        """One of the legacy switches of ethtool(8); loopback refuses some, which is harmless."""
        with self, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            data = ctypes.create_string_buffer(struct.pack("=II", command, value))
            request = struct.pack("16sP", dev.encode(), ctypes.addressof(data)).ljust(40, b"\0")
            try:
                fcntl.ioctl(s.fileno(), SIOCETHTOOL, request)
            except OSError:
                pass

    def remove(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        run(["ip", "netns", "del", self.name], check=False)


def _sweep_stale():
    """Removes namespaces of labs whose process is gone."""
    try:
        names = os.listdir(NETNS_DIR)
    except FileNotFoundError:
        return
    for name in names:
        m = re.fullmatch(r"pk(\d+)-.*", name)
        if m and not os.path.exists(f"/proc/{m[1]}"):
            run(["ip", "netns", "del", name], check=False)


def die_with_parent():
    """For a forked child: the parent's cleaning up is not its own, and it ends when the parent does."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Lab:
    """Makes namespaces and wires, and undoes all of it."""

    def __init__(self):
        _sweep_stale()
        self._spaces = []
        self._undo = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ended)
        atexit.register(self.close)

    def _ended(self, number, _frame):
        """Cleans up and ends here: an exception might be caught on its way out."""
        self.close()
        sys.stdout.flush()
        os._exit(128 + number)

    def netns(self, name):
        space = Netns(f"pk{os.getpid()}-{name}")
        self._spaces.append(space)
        return space

    def drop(self, space):
        """Removes one namespace before the others."""
        self._spaces.remove(space)
        space.remove()

    def on_close(self, function):
        """Calls function before the namespaces go, last registered first."""
        self._undo.append(function)

    def close(self):
        while self._undo:
            try:
                self._undo.pop()()
            except Exception as error:  # cleaning goes on whatever fails
                print(f"# cleaning up: {error}", file=sys.stderr)
        while self._spaces:
            self._spaces.pop().remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def quiet(space):
    """No packets of the kernel's own accord: no DAD, no solicitations, no redirects, no limits."""
    space.sysctl(ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0,
                 ipv4__conf__all__accept_local=1, ipv4__conf__default__accept_local=1,
                 ipv4__conf__all__send_redirects=0, ipv4__conf__default__send_redirects=0,
                 ipv4__conf__all__accept_redirects=0, ipv4__conf__default__accept_redirects=0,
                 ipv6__conf__all__accept_ra=0, ipv6__conf__default__accept_ra=0,
                 ipv6__conf__all__accept_dad=0, ipv6__conf__default__accept_dad=0,
                 ipv6__conf__all__dad_transmits=0, ipv6__conf__default__dad_transmits=0,
                 ipv6__conf__all__router_solicitations=0,
                 ipv6__conf__default__router_solicitations=0,
                 ipv6__conf__all__accept_redirects=0, ipv6__conf__default__accept_redirects=0,
                 ipv6__auto_flowlabels=0)
    space.sysctl_try(ipv4__icmp_ratemask=0, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0,
                     ipv6__icmp__ratemask="", ipv4__icmp_msgs_per_sec=1000000,
                     ipv4__icmp_msgs_burst=1000000)
    space.ip("link set lo up")


def silence(space):
    """Keeps what timers send away from OUTPUT, so that counters are exact."""
    space.run(["nft", "-f", "-"], text=SILENCE % OWN_MARK)


def veth(a, dev_a, mac_a, b, dev_b, mac_b):
    """A wire between two namespaces, one queue each way, nothing offloaded, both ends up."""
    queues = "numtxqueues 1 numrxqueues 1"
    a.ip(f"link add {dev_a} address {mac_a} {queues} type veth "
         f"peer name {dev_b} address {mac_b} {queues} netns {b.name}")
    for space, dev in ((a, dev_a), (b, dev_b)):
        space.offload_off(dev)
        space.ip(f"link set {dev} up")
