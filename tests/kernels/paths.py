#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of several ways each part takes on this kernel: the hook that picket chooses, how it is
attached, how packets are read. All of it must be as expected.txt has it for VERSION, and nothing may be
missing there: a kernel on which picket silently falls back is a failure.

    paths.py [VERSION]

Without VERSION it is any kernel: all programs must read the kernel's own packet if it lets them.

Each hook is put in force, and one ping goes through it: what is told is what judged that packet.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib/py"))

from pktest import fence, hosts, ns, tap  # noqa: E402

PATHS = os.environ.get("PATHS", "build/tests/kernels/paths")
RULES = fence.EMPTY.replace("COMMIT", "-A INPUT -p icmp -j ACCEPT\nCOMMIT")


def ask(*words):
    """Lines of tests/kernels/paths.c as a dict: first word, the others."""
    printed = subprocess.run([PATHS, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in printed.splitlines())


def put_in_force(firewall):
    """(what picket chose or how it refused, whether it stands)"""
    result = firewall.apply({4: RULES, 6: fence.EMPTY}, check=False)
    codes = sorted(set(re.findall(r"PK\d+", result.stderr)))
    if result.returncode:
        return " ".join(["refused", *codes]), False
    return " with ".join([firewall.status()["hook"], *codes]), True


def attached(firewall):
    """"HOW: WHERE, WHERE; HOW: WHERE" of all attachments, which must hold."""
    places = {}
    for a in firewall.status()["attachments"]:
        if not a["alive"]:
            raise AssertionError(f"{a} does not hold")
        places.setdefault(a["how"], []).append(a["where"])
    return "; ".join(f"{how}: {', '.join(where)}" for how, where in sorted(places.items()))


def programs():
    """"HOW: NAME, NAME; HOW: NAME" of all programs."""
    names = {}
    for name, how in ask("programs").items():
        names.setdefault(how, []).append(name)
    return "; ".join(f"{how}: {', '.join(sorted(some))}" for how, some in sorted(names.items()))


def judges(net, firewall):
    """That the fence judges: a ping is answered, and counted once."""
    before = firewall.now(4).of("-A INPUT")[0]
    answered = net.ping("A", 4, hosts.of_b(4, "A"))
    counted = firewall.now(4).of("-A INPUT")[0] - before
    return "a ping counted once" if answered and counted == 1 else f"{answered}, counted {counted}"


def hook(net, name, kind, devs):
    """(what, path) of one way to ask for a fence."""
    firewall = fence.Picket(net.b, kind, devs)
    try:
        chosen, stands = put_in_force(firewall)
        yield name, chosen
        if stands:
            yield f"{name}: attached", attached(firewall)
            yield f"{name}: programs", programs()
            if devs != ("dummy0",):
                yield f"{name}: judges", judges(net, firewall)
    finally:
        firewall.clear()


def found(net):
    """All pairs (what, path) of this kernel."""
    for name, answer in ask("probe").items():
        yield f"kernel: {name}", answer
    no_driver = net.b.run(["ip", "link", "add", "dummy0", "up", "type", "dummy"], check=False)
    yield from hook(net, "auto", "auto", ())
    yield from hook(net, "auto --dev", "auto", ("lan0",))
    yield from hook(net, "netfilter", "netfilter", ())
    yield from hook(net, "tc", "tc", ("lan0",))
    yield from hook(net, "xdp", "xdp", ("lan0",))
    if not no_driver.returncode:  # else this kernel has no such device, which is without XDP
        yield from hook(net, "xdp, no driver", "xdp", ("dummy0",))
    yield "oracle", "iptables-legacy" if fence.legacy_available(net.b) else "iptables-nft"
    yield from hook(net, "netfilter beside iptables", "netfilter", ())


def expected(version):
    """Lines "VERSION | WHAT | PATH" of expected.txt."""
    with open(os.path.join(HERE, "expected.txt"), encoding="utf-8") as f:
        rows = [[word.strip() for word in line.split("|")] for line in f
                if line.strip() and not line.startswith("#")]
    return {what: path for kernel, what, path in rows if kernel == version}


def able(got):
    """What must be found on a kernel that expected.txt does not know: how packets are read."""
    how = "direct" if got["kernel: rdonly_cast"] == got["kernel: kern_ctx"] == "yes" else "copied"
    return {what: re.sub(r"\b(direct|copied)\b", how, path)
            for what, path in got.items() if what.endswith(": programs")}


def same(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got}, and it should be: {wanted}")


def main():
    out, version = tap.Tap(), sys.argv[1] if len(sys.argv) > 1 else None
    with ns.Lab() as lab:
        got = dict(found(hosts.Hosts(lab, "A")))
    wanted = expected(version) if version else able(got)
    for what in sorted(wanted.keys() | got.keys() if version else wanted):
        print(f"# tell: {version or 'here'} | {what} | {got.get(what, 'missing')}")
        out.run(what, lambda w=what: same(w, got.get(w), wanted.get(w)))
    return out.done()


if __name__ == "__main__":
    sys.exit(main())
