#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket record over real traffic: the store holds what the fence counted, to the packet, through
changes of the rule set, kills, a full disk and a clock that was set back.

    test_record.py [--fence netfilter|tc|xdp]...

RECORD_DUMP is the program that prints a store (record_dump.c).
"""
import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib/py"), os.path.join(HERE, "../cli")]

from pktest import fences, hosts, ns  # noqa: E402
import schema  # noqa: E402

DUMP = os.environ.get("RECORD_DUMP", "record-dump")
SECOND = 10**9
GRAIN = SECOND // 100
RULES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:own - [0:0]
{rules}COMMIT
"""
DNS = '-A INPUT -p udp -m udp --dport 53 -m comment --comment "a \\"name\\" \\\\ server" -j ACCEPT\n'
ECHO = "-A INPUT -p udp -m udp --dport 7 -j DROP\n"
STATE = "-A INPUT -m conntrack --ctstate INVALID\n"
OWN = "-A INPUT -p udp -m udp --dport 9 -j own\n-A own -j DROP\n"
COUNT = "-A INPUT -p udp\n"  # counts and goes on; may stand there twice


def rules(*lines):
    return {4: RULES.format(rules="".join(lines))}


class Store:
    """The points of a store by metric: lists of (time, value)."""

    def __init__(self, path, wrap=()):
        self.points = {}
        for line in ns.run([*wrap, DUMP, path]).stdout.splitlines():
            metric, kind, at, value = line.split("\t")
            number = int(value) if kind == "counter" else float(value)
            self.points.setdefault(metric, []).append((int(at), number))

    def of(self, metric):
        return self.points.get(metric, [])

    def last(self, metric):
        return self.of(metric)[-1][1] if self.of(metric) else 0

    def total(self, metric):
        """How much the counter rose, from 0, one that fell having begun anew."""
        rise, before = 0, 0
        for _, value in self.of(metric):
            rise += value - before if value >= before else value
            before = value
        return rise

    def samples(self):
        return [at for at, _ in self.of("picket_fence_standing")]


def labelled(name, **labels):
    def text(value):
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    inside = ",".join(f'{key}="{text(labels[key])}"' for key in sorted(labels))
    return f"{name}{{{inside}}}"


def rule_metric(line, what="packets", family=4, **more):
    found = re.fullmatch(r"-A (\S+) (.*)", line.strip())
    return labelled(f"picket_rule_{what}_total", family=f"ipv{family}", chain=found[1],
                    rule=found[2], **more)


class Recorder:
    """`picket record` at work in B."""

    def __init__(self, case, *options, wrap=()):
        self.case, self.wrap = case, ()
        self.process = case.net.b.popen(
            [*wrap, case.firewall.binary, "record", "--db", case.db, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            preexec_fn=ns.die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def wait_for(self, condition, what):
        """A store that is just being made cannot be read yet."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"{what}: the recorder ended: {self.process.communicate()}")
            try:
                store = Store(self.case.db, self.wrap)
            except ns.CommandError:
                store = None
            if store and condition(store):
                return store
            select.select([], [], [], 0.02)
        raise TimeoutError(what)

    def sampled(self):
        """Waits for a sample that began after this call; the store with it. A change of the rule set
        puts a sample's time forward by two grains."""
        now = time.time_ns() + 4 * GRAIN
        return self.wait_for(lambda s: s.samples() and s.samples()[-1] > now, "a sample")

    def end(self, number=signal.SIGTERM, status=0):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        if self.process.returncode != status:
            raise AssertionError(f"exit {self.process.returncode}: {out}{err}")
        return out, err


class Case:
    """One test: an empty folder, and a fence of its own."""

    def __init__(self, net, firewall, lines=(DNS, ECHO, OWN)):
        self.net, self.firewall = net, firewall
        self._folder = tempfile.TemporaryDirectory(prefix="picket-record-")
        self.db = os.path.join(self._folder.name, "telemetry.db")
        firewall.clear()
        if lines:
            firewall.apply(rules(*lines))

    def record(self, *options, **more):
        return Recorder(self, *options, **more)

    def send(self, port, count=23):
        with closing(self.net.receiver("B", 4, port)) as receiver:
            self.net.udp("A", 4, hosts.of_b(4, "A"), port, receiver, count)

    def command(self, *words, status=0):
        result = self.firewall.command(*words, check=False)
        same(f"picket {' '.join(words)}: {result.stderr}", result.returncode, status)
        return result

    def compare(self, store):
        """All counters of the fence stand in the store, as save -c and status say."""
        saved = self.firewall.now(4)
        for line, (packets, size) in zip(saved.lines, saved.values):
            if line.startswith(":"):
                chain = line.split()[0][1:]
                if chain == "own":
                    continue
                metric = [labelled(f"picket_policy_{what}_total", family="ipv4", chain=chain)
                          for what in ("packets", "bytes")]
            else:
                metric = [rule_metric(line, what) for what in ("packets", "bytes")]
            same(metric[0], store.last(metric[0]), packets)
            same(metric[1], store.last(metric[1]), size)
        for reason in self.firewall.status()["reasons"]:
            for what in ("packets", "bytes"):
                metric = labelled(f"picket_{what}_total", at=reason["at"], reason=reason["reason"])
                same(metric, store.last(metric), reason["counters"][what])


def same(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, expected {wanted!r}")


def contains(what, text, *wanted):
    for w in wanted:
        if w not in text:
            raise AssertionError(f"{what} lacks {w!r}: {text}")


def device_counters(case, dev):
    """The kernel's own, of an interface of B."""
    with case.net.b:
        shown = json.loads(ns.run(["ip", "-s", "-j", "link", "show", "dev", dev]).stdout)[0]["stats64"]
    return {f"picket_interface_{way}_{what}_total": shown[short][key]
            for way, short in (("receive", "rx"), ("transmit", "tx"))
            for what, key in (("packets", "packets"), ("bytes", "bytes"),
                              ("dropped_packets", "dropped"))}


def counts_are_exact(case):
    case.send(53)
    with case.record() as recorder:
        recorder.sampled()
        case.send(53)
        case.send(7, 5)
        case.send(9, 3)
        recorder.sampled()
        case.send(53)
        store = recorder.sampled()
        case.compare(store)
        same("dns", store.last(rule_metric(DNS)), 69)
        same("dns, bytes", store.last(rule_metric(DNS, "bytes")), 69 * 34)
        same("begins with what was counted", store.of(rule_metric(DNS))[0][1], 23)
        same("user chain", store.last(rule_metric("-A own -j DROP")), 3)
        same("begins at 0", [v for _, v in store.of(rule_metric("-A own -j DROP"))], [0, 3])
        for metric, value in device_counters(case, "lan0").items():
            same(metric, store.last(labelled(metric, device="lan0")), value)
        recorder.end()
    case.compare(Store(case.db))


def rates_follow_from_totals(case):
    """Each second's rates by rule, hook, reason and interface add up to what was counted."""
    with case.record() as recorder:
        recorder.sampled()
        for port, count in ((53, 23), (7, 5), (53, 7)):
            case.send(port, count)
            recorder.sampled()
        recorder.end()
    store = Store(case.db)
    begin, end = store.samples()[0] // SECOND, store.samples()[-1] // SECOND + 1
    for name, label, known in (
            ("picket_rule_packets_total", "rule", {ECHO.split(maxsplit=2)[2].strip(): 5}),
            ("picket_packets_total", "at", {}),
            ("picket_packets_total", "reason", {"accept-rule": 30, "drop-rule": 5}),
            ("picket_interface_receive_packets_total", "device", {})):
        result = case.command("telemetry", "query", f"sum by ({label}) (rate({name}))", "--db", case.db,
                              "--from", str(begin), "--to", str(end), "--step", "1s", "--json")
        rates = {a["labels"][0]["value"]: sum(float(v["value"]) for v in a["values"])
                 for a in json.loads(result.stdout)["query"]["answers"]}
        rises = {}
        for metric, points in store.points.items():
            if metric.startswith(name + "{"):
                value = json.loads(re.search(rf'[{{,]{label}=("(?:[^"\\]|\\.)*")', metric)[1])
                rises[value] = rises.get(value, 0) + points[-1][1] - points[0][1]
        same(f"by {label}", rates, rises)
        if not any(rates.values()):
            raise AssertionError(f"no rates by {label}")
        same(f"what was sent, by {label}", {key: rises[key] for key in known}, known)


def what_rests_costs_nothing(case):
    case.send(53)
    case.send(7)
    with case.record() as recorder:
        before = recorder.sampled()
        later = recorder.wait_for(lambda s: len(s.samples()) >= len(before.samples()) + 4, "four more")
        n = len(later.samples()) - len(before.samples())
        grown = {m: len(p) - len(before.of(m)) for m, p in later.points.items()
                 if len(p) != len(before.of(m))}
        same("metrics with new points", grown, {"picket_fence_standing": n})
        with closing(sqlite3.connect(f"file:{case.db}?mode=ro", uri=True)) as db:
            rows = [length for length, in db.execute("SELECT length(points) FROM log ORDER BY id")]
        same("bytes of a second in which nothing changed", set(rows[-n:]), {19})
        case.send(53)
        moved = recorder.sampled().of(rule_metric(DNS))
        same("values", [v for _, v in moved], [23, 23, 46])
        if moved[2][0] - moved[1][0] > SECOND + 2 * GRAIN:
            raise AssertionError(f"it rested until the sample before: {moved}")
        recorder.end()
    return f"{rows[-1]} bytes logged a second"


def changes_keep_exact_totals(case):
    """Apply, append, delete, undo; each time packets come just before the change, unsampled."""
    with case.record() as recorder:
        recorder.sampled()
        case.send(53)
        case.send(7)
        case.firewall.apply(rules(DNS, OWN))  # ECHO goes, with 23 that no sample has seen
        recorder.sampled()
        case.send(53)
        case.send(7)  # to the policy
        case.command("rule", "append", "INPUT", *ECHO.split()[2:])
        case.send(7, 5)
        recorder.sampled()
        case.send(53)
        case.send(7, 2)
        case.command("undo")  # ECHO goes again
        recorder.sampled()
        case.send(53)
        case.command("undo")  # and comes back with its counter
        case.send(7, 3)
        store = recorder.sampled()
        case.compare(store)
        same("dns", store.total(rule_metric(DNS)), 92)
        same("echo of two lives", store.total(rule_metric(ECHO)), 23 + 5 + 2 + 3)
        same("echo", store.last(rule_metric(ECHO)), 10)
        recorder.end()
    same("generations", [v for _, v in Store(case.db).of("picket_fence_generation")][-1], 5)


def a_new_rule_begins_at_zero(case):
    """Even if it has counted before anybody looked."""
    with case.record() as recorder:
        recorder.sampled()
        recorder.process.send_signal(signal.SIGSTOP)
        case.command("rule", "insert", "INPUT", "-p", "udp", "-m", "udp", "--dport", "11", "-j", "DROP")
        case.send(11, 5)
        recorder.process.send_signal(signal.SIGCONT)
        store = recorder.sampled()
        new = store.of(rule_metric("-A INPUT -p udp -m udp --dport 11 -j DROP"))
        same("values", [v for _, v in new], [0, 5])
        recorder.end()


def what_stays_is_exact_through_fast_changes(case):
    """More changes than samples: the rules that they leave alone, and the reasons, lose nothing."""
    with case.record() as recorder:
        recorder.sampled()
        case.send(7)
        recorder.sampled()
        for i in range(12):
            case.send(53)
            if i % 3 == 2:
                case.command("undo")
            else:
                case.command("rule", "append", "INPUT", "-p", "udp", "-m", "udp", "--dport",
                             str(1000 + i), "-j", "DROP")
        store = recorder.sampled()
        case.compare(store)
        same("dns", store.total(rule_metric(DNS)), 12 * 23)
        same("rests", [v for _, v in store.of(rule_metric(ECHO))], [0, 23])
        recorder.end()


def counters_that_are_loaded_are_taken_over(case):
    """apply -c gives each rule another counter, which does not begin at 0."""
    case.send(53)
    text = {4: rules(DNS, ECHO)[4].replace("-A INPUT", "[1000:50000] -A INPUT")}
    with case.record() as recorder:
        recorder.sampled()
        case.firewall.apply(text, extra=("-c",))
        case.send(53)
        store = recorder.sampled()
        case.compare(store)
        same("dns", store.last(rule_metric(DNS)), 1023)
        same("echo begins with what was loaded", store.of(rule_metric(ECHO))[0][1], 1000)
        recorder.end()


def the_fence_comes_and_goes(case):
    case.firewall.clear()
    with case.record() as recorder:
        store = recorder.sampled()
        same("absent", store.last("picket_fence_standing"), 0)
        case.firewall.apply(rules(DNS))
        case.send(53)
        store = recorder.sampled()
        same("standing", store.last("picket_fence_standing"), 1)
        case.compare(store)
        case.send(53)
        case.firewall.clear()  # 23 that no sample has seen
        store = recorder.sampled()
        same("absent", store.last("picket_fence_standing"), 0)
        same("dns of the first", store.last(rule_metric(DNS)), 46)
        accepted = labelled("picket_packets_total", at="INPUT", reason="accept-rule")
        same("reason", store.last(accepted), 46)
        case.firewall.apply(rules(DNS))
        case.send(53, 5)
        store = recorder.sampled()
        case.compare(store)
        same("reason of both", store.total(accepted), 51)
        case.firewall.clear()  # at once another one, no sample between
        case.firewall.apply(rules(DNS))
        case.send(53, 50)
        store = recorder.sampled()
        case.compare(store)
        same("reason of all", store.total(accepted), 101)
        recorder.end()


def duplicates_have_series_of_their_own(case):
    case.firewall.apply(rules(COUNT, COUNT, DNS))
    first, second = rule_metric(COUNT), rule_metric(COUNT, copy="2")
    with case.record() as recorder:
        recorder.sampled()
        case.send(53)
        store = recorder.sampled()
        same("both", (store.last(first), store.last(second)), (23, 23))
        case.command("rule", "delete", "INPUT", "1")
        case.send(53)
        store = recorder.sampled()
        same("total of both", store.total(first) + store.total(second), 69)
        recorder.end()


def a_kill_loses_nothing_sampled(case):
    points = {}
    for turn in range(3):
        with case.record() as recorder:
            recorder.sampled()
            case.send(53)
            case.compare(recorder.sampled())
            recorder.process.kill()
            recorder.process.wait()
        store = Store(case.db)
        case.compare(store)
        same("dns", store.last(rule_metric(DNS)), 23 * (turn + 1))
        for metric, old in points.items():
            same(f"{metric} before the kill", store.of(metric)[:len(old)], old)
        points = store.points
    with case.record("--samples", "1") as recorder:
        same("exit", recorder.process.wait(), 0)
    same("series go on", sorted(Store(case.db).points), sorted(points))


def signals_end_it_cleanly(case):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with case.record() as recorder:
            case.send(53)
            recorder.sampled()
            out, err = recorder.end(number)
        same("stderr", err, "")
        contains("stdout", out, "samples", "points", case.db)
        with closing(sqlite3.connect(f"file:{case.db}?mode=ro", uri=True)) as db:
            same("rows of the log", db.execute("SELECT count(*) FROM log").fetchone()[0], 0)
        case.compare(Store(case.db))


def series_max_refuses_by_name(case):
    case.send(53)
    case.send(7)
    with case.record("--series-max", "8", "--samples", "3", "--json") as recorder:
        out, err = recorder.process.communicate(timeout=30)
        same("exit", recorder.process.returncode, 0)
    document = json.loads(out)
    same("schema", schema.breaches(schema.load(os.path.join(HERE, "../../docs/schemas"), "record"),
                                   document), [])
    said = [d["text"] for d in document["diagnostics"]]
    same("stderr", err, "")
    same("series", len(Store(case.db).points), 8)
    same("in the document", document["series"], 8)
    contains("what was said", "\n".join(said), "8 series are the most", "picket_rule_packets_total{",
             f"{document['refused']} series are not recorded")
    same("once each", len(said), document["refused"] + 1)
    same("heartbeat", len(Store(case.db).samples()), 3)


def a_clock_that_was_set_back(case):
    ahead = time.time_ns() + 3600 * SECOND
    ns.run([DUMP, case.db, "before_the_clock_was_set_back", str(ahead)])
    case.send(53)
    with case.record() as recorder:
        recorder.wait_for(lambda s: len(s.samples()) >= 2, "two samples")
        case.send(53)
        n = len(Store(case.db).samples())
        store = recorder.wait_for(lambda s: len(s.samples()) >= n + 2, "two more")
        case.compare(store)
        times = store.samples()
        same("in order", times, sorted(set(times)))
        if times[0] <= ahead or times[-1] > ahead + len(times) * 3 * GRAIN:
            raise AssertionError(f"just behind the newest point: {times}, {ahead}")
        behind = store.last("picket_record_clock_behind_seconds")
        if not 3500 < behind <= 3600:
            raise AssertionError(f"behind by {behind} s")
        _, err = recorder.end()
    contains("stderr", err, "behind the newest point", "set the clock")
    same("said once", err.count("warning"), 1)


def one_process_records(case):
    with case.record() as recorder:
        recorder.sampled()
        result = case.command("record", "--db", case.db, "--samples", "1", status=3)
        contains("stderr", result.stderr, "another process writes to the store")
        recorder.end()


def a_full_disk_is_said_and_survived(case):
    """On a small file system of its own, reached from here through the recorder's root."""
    mount = ["unshare", "-m", "sh", "-c",
             'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', case._folder.name]
    with case.record(wrap=mount) as recorder:
        recorder.wrap = ["nsenter", "-t", str(recorder.process.pid), "-m"]
        ballast = f"/proc/{recorder.process.pid}/root{case._folder.name}/ballast"
        recorder.sampled()
        with open(ballast, "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 1024):
                    pass
            except OSError:
                pass
        case.send(53)
        line = recorder.process.stderr.readline()
        contains("stderr", line, "no space left")
        case.send(53)
        os.unlink(ballast)
        store = recorder.sampled()
        case.compare(store)
        _, err = recorder.end()
    contains("stderr", err, "recording again")
    same("said once", err.count("no space left"), 0)


def conntrack_is_seen_filling(case):
    """While a rule asks for connection state: entries of this namespace, and their limit."""
    with case.record() as recorder:
        same("no rule asks", recorder.sampled().of("picket_conntrack_entries"), [])
        case.firewall.apply(rules(STATE, DNS))
        for port in range(5300, 5323):
            case.send(port, 1)
        store = recorder.wait_for(lambda s: s.last("picket_conntrack_entries") == 23, "23 entries")
        most = case.net.b.run(["cat", "/proc/sys/net/netfilter/nf_conntrack_max"]).stdout
        same("the limit", store.last("picket_conntrack_entries_max"), float(most))
        case.firewall.apply(rules(DNS))
        recorder.wait_for(lambda s: s.last("picket_conntrack_entries") == 0, "no entries")
        recorder.end()


def own_table_is_seen_filling(case):
    """On tc and XDP: entries of the fence's own table, and what gave way in one that is small."""
    case.firewall.clear()
    case.firewall.apply(rules(DNS))
    with case.record() as recorder:
        same("no rule asks", recorder.sampled().of("picket_state_entries"), [])
        case.firewall.apply(rules(STATE, DNS), extra=("--state-max", "8"))
        for port in range(5300, 5307):
            case.send(port, 1)
        store = recorder.wait_for(lambda s: s.last("picket_state_entries") == 7, "7 entries")
        same("the limit", store.last("picket_state_entries_max"), 8)
        same("Linux's", store.of("picket_conntrack_entries"), [])
        for port in range(5310, 5333):
            case.send(port, 1)
        table = case.firewall.status()["own_table"]
        same("some gave way", table["evicted"]["other"] >= 23 + 7 - 16, True)
        evicted = labelled("picket_state_evicted_total", cause="other")
        store = recorder.wait_for(lambda s: s.last(evicted) == table["evicted"]["other"], "evicted")
        same("the most", 8 <= store.last("picket_state_entries_high") <= 16, True)
        case.firewall.apply(rules(DNS))
        recorder.wait_for(lambda s: s.last("picket_state_entries") == 0, "no entries")
        recorder.end()


def old_points_are_deleted(case):
    """A block goes when the next one, too, began before the limit; then all points of it are older.
    Points of one day that is over would become one block."""
    now = time.time_ns()
    old = [now - days * 24 * 3600 * SECOND for days in (4, 3, 2)]

    def left(*options):
        case.command("record", "--db", case.db, "--samples", "1", *options)
        return [at for at, _ in Store(case.db).of("old")]

    for at in old:
        ns.run([DUMP, case.db, "old", str(at)])
    same("kept", left("--keep", "5d"), old)
    same("by age", left("--keep", "60h"), old[1:])
    same("by size", left("--keep", "0", "--size-max", "1K"), [])


def what_makes_no_sense_is_refused(case):
    for words in (("--keep", "1"), ("--keep", "1x"), ("--keep", "99999999999y"), ("--size-max", "x"),
                  ("--series-max", "0"), ("--series-max", "1000001"), ("--samples", "0"), ("word",)):
        result = case.command("record", "--db", case.db, *words, status=2)
        contains("stderr", result.stderr, "picket record: ", words[-1])
    same("nothing was made", os.path.exists(case.db), False)
    result = case.command("record", "--db", "/nonexistent/store.db", status=3)
    contains("stderr", result.stderr, "/nonexistent/store.db", "No such file or directory")


TESTS = (counts_are_exact, rates_follow_from_totals, what_rests_costs_nothing, changes_keep_exact_totals,
         a_new_rule_begins_at_zero, what_stays_is_exact_through_fast_changes,
         counters_that_are_loaded_are_taken_over, the_fence_comes_and_goes,
         duplicates_have_series_of_their_own, a_kill_loses_nothing_sampled,
         signals_end_it_cleanly, series_max_refuses_by_name, a_clock_that_was_set_back,
         one_process_records, a_full_disk_is_said_and_survived, old_points_are_deleted,
         what_makes_no_sense_is_refused)

HOOK_TESTS = {"tc": (*TESTS, own_table_is_seen_filling), "xdp": (*TESTS[:1], own_table_is_seen_filling),
              "netfilter": (*TESTS[:1], conntrack_is_seen_filling)}


def main():
    with fences.Bench(__doc__, "A") as bench:
        for firewall in bench.fences(("lan0", "lo")):
            for test in HOOK_TESTS[firewall.hook]:
                bench.run(f"{firewall.name}: {test.__name__.replace('_', ' ')}",
                          lambda t=test: t(Case(bench.net, firewall)), firewall)
            bench.end(firewall)
    return bench.status


if __name__ == "__main__":
    sys.exit(main())
