#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a fence: standing, switching, going, and being interrupted anywhere.

    test_life.py [--every N] [PATTERN]

A writer is interrupted at each N-th of its points, 5 unless told; --every 1 takes all. Hosts and sets
are those of tests/lib/py/pktest/life.py.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/py"))

from pktest import life, ns  # noqa: E402
from pktest.life import PINGS, STAYS, Fence, failing, killed, map_poke, points, told  # noqa: E402


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
        f.write(life.ACCEPT.replace("-A INPUT -p icmp -j", "[1000003:7] -A INPUT -p icmp -j"))
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


def counts_that_are_gone(w):
    """Counters of a set that two changes have made another's are not given out."""
    w.fence.apply("A")
    for changes, fresh in ((1, True), (2, False)):
        reader = subprocess.Popen(w.fence.argv("save", "--wait"), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert reader.stdout.readline().startswith("generation")
        for i in range(changes):
            w.fence.apply("BA"[i])
        out, err = reader.communicate("\n", timeout=60)
        assert (reader.returncode == 0) == fresh and (STAYS in out) == fresh, (changes, out, err)


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


MANY = 2000  # rules beside set A: enough for changes of one rule to go into a delta
SLACK = 2048  # bytes of a map behind its image: PK_IMAGE_SLACK


def many(w, *, prepare=lambda: None):
    """Set A among many rules in force, and the verbs that make it B and A again."""
    more = "".join(f"-A zz -s 10.9.{i >> 8}.{i & 255}/32 -p tcp -m tcp --dport {i + 1}\n"
                   for i in range(MANY))
    text = life.ACCEPT.replace("*filter\n", "*filter\n:zz - [0:0]\n").replace("COMMIT", more + "COMMIT")
    with open(f"{w.fence.folder}/many.v4", "w", encoding="ascii") as f:
        f.write(text)
    prepare()
    w.fence.run("apply", "many.v4", *w.fence.options)
    return [("replace", "2", rule) for rule in
            ("-p icmp -m comment --comment no -j DROP", "-p icmp -j ACCEPT")]


def kill_rule_change(w):
    """kill -9 while one rule is replaced: the old one or the new one, and the others count on."""
    to_b, to_a = many(w, prepare=w.fence.clear)
    total = 0

    def prepare():
        nonlocal total
        w.fence.run(*to_a)
        w.expect("A")
        total = w.fence.saved()[STAYS][0]

    def check(result, ended):
        assert ended or killed(result)
        live = w.fence.saved()
        assert live[STAYS][0] == total, (live, total)
        w.expect(live["set"])
        assert not ended or live["set"] == "B"

    n = points(w, *to_b, variable="PK_KILL_AT", prepare=prepare, check=check)
    assert n >= 2, n
    return told(w, n)


def rule_changes_and_undo(w):
    """More changes of one rule than there are words kept apart or places for deltas, and back each."""
    to_b, to_a = many(w, prepare=w.fence.clear)
    for _ in range(11):
        for change, kind in ((to_a, "A"), (to_b, "B")):
            w.fence.run(*change)
            w.expect(kind)
        assert w.fence.saved("--before")["set"] == "A"
        for kind in "ABAB":
            w.fence.run("undo")
            w.expect(kind)
    w.fence.run("apply", "A.v4")
    w.expect("A")
    w.fence.run("undo")
    w.expect("B")
    w.fence.run(*to_a)
    w.expect("A")


def rule_changes_across_versions(w):
    """Another version of picket takes a set with changes over, and each goes back to the other's."""
    to_b, to_a = many(w, prepare=w.fence.clear)
    w.fence.run(*to_b)
    w.fence.binary = life.LIFE_NEXT
    w.expect("B")
    w.fence.run("apply", "A.v4")
    w.fence.run("undo")
    w.expect("B")
    w.fence.run(*to_a)  # compiled anew, by programs of its own
    w.expect("A")
    w.fence.run(*to_b)
    w.fence.binary = life.LIFE
    w.fence.run("undo")
    w.expect("A")
    for change, kind in ((to_b, "B"), (to_a, "A"), (to_b, "B")):
        w.fence.run(*change)
        w.expect(kind)
    w.fence.run("undo")
    w.expect("A")


def readers_meet_rule_changes(w):
    """A reader sees the set before a change or after it, while deltas come and go."""
    to_b, to_a = many(w, prepare=w.fence.clear)
    writer = subprocess.Popen(
        ["sh", "-c", 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "$@" replace 2 "$B" && '
         '"$@" replace 2 "$A"; done', "sh", *w.fence.argv()], cwd=w.fence.folder,
        stdout=subprocess.DEVNULL, env={**os.environ, "A": to_a[2], "B": to_b[2]})
    seen = 0
    while writer.poll() is None:
        assert w.fence.saved()["set"] in "AB"
        seen += 1
    assert writer.returncode == 0 and seen > 3, seen
    w.expect("A")


def damaged_delta(w):
    """Changes that somebody wrote to are noticed, and packets are judged all the same."""
    to_b, _ = many(w, prepare=w.fence.clear)
    w.fence.run(*to_b)
    image = f"{w.fence.pins()[0]}/bank0/image"
    size = int(re.search(r"image (\d+)", w.fence.run("status").stdout)[1]) - SLACK
    place = size // 64
    map_poke(image, size - 8 * place + place - 4, b"\0")  # nothing stands at the end of a place
    w.expect("B")
    with_changes = w.fence.run("save", status=None).stdout
    assert with_changes
    for at in range(0, place, 256):
        map_poke(image, size - 8 * place + at, b"\xff" * 8)
    for verb in (("save",), ("apply", "A.v4"), ("replace", "1", "-p udp")):
        assert "PK2013" in w.fence.run(*verb, status=3).stderr
    w.fence.clear()


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
    life.wait_for(lambda: w.right.run(["ip", "link", "show", "peer"], check=False).returncode,
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
    result = subprocess.run([life.LIFE, "status"], user=65534, group=65534,
                            extra_groups=[], capture_output=True, text=True, check=False)
    assert result.returncode == 3 and "as root" in result.stderr, result
    result = subprocess.run([life.LIFE, "apply", "A.v4"], cwd=w.fence.folder,
                            user=65534, group=65534, extra_groups=[], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 3 and "as root" in result.stderr, result


def no_btf(w):
    """Type information hidden in a mount namespace of one's own."""
    w.fence.clear()
    hide = "mount -t tmpfs tmpfs /sys/kernel/btf && mount -t tmpfs tmpfs /boot && exec \"$@\""
    result = subprocess.run(["ip", "netns", "exec", w.left.name, "unshare", "-m", "sh", "-c", hide,
                             "sh", life.LIFE, "apply", "A.v4"], cwd=w.fence.folder,
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 3 and "PK2002" in result.stderr, result.stderr
    assert "/sys/kernel/btf/vmlinux" in result.stderr, result.stderr
    w.expect(None)
    assert not w.fence.pins()


def damaged(w):
    """A store that somebody wrote to is noticed, and packets are judged all the same."""
    w.fence.clear()
    w.fence.apply("B")
    map_poke(f"{w.fence.pins()[0]}/bank0/store", 200, b"\xff\xff\xff\xff")
    for verb in (("save",), ("apply", "A.v4")):
        assert "PK2013" in w.fence.run(*verb, status=3).stderr
    assert w.ping() == 0
    w.fence.clear()


TESTS = [case for function in (stands, counts, undo, rule_changes_and_undo, rule_changes_across_versions,
                              at_once)
         for case in life.on_hooks(function)]
TESTS += [case for function in (
    counters_loaded, other_family_stays, comings_and_goings, readers_meet_writers,
    readers_meet_rule_changes, counts_that_are_gone, damaged_delta, namespace_gone, descriptor_holds,
    unprivileged, no_btf, damaged, fail_change)
    for case in life.alone(function)]
TESTS += [case for function in (kill_first, kill_change, kill_rule_change, kill_detach, fail_first)
          for case in life.on_hooks(function)]

if __name__ == "__main__":
    sys.exit(life.main(TESTS))
