#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""table.py [--build DIR] [--points N] [--only NAME,...] [--no-year]

Bytes a point of each series of series.c: Picket's store, Gorilla's published layout, and Debian's
Prometheus and VictoriaMetrics (unpacked by tools/peers) loaded with the same points, after merge and
compaction: the size of all files over the points. Beside them Picket's points a second, written with
commits and read; then a year of one series asked by the hour.

Each store holds one series, so its own fixed parts count as well. The peers are lossless but where a
row says what VictoriaMetrics, which keeps decimals, gives back otherwise; Picket is but for the bound in
the series' name. VictoriaMetrics runs in a network namespace of its own. Needs root.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/lib/py"))

from pktest import ns  # noqa: E402

BATCH = 100000  # points of one import
PORT = 8428


def tree_bytes(folder, leave_out=()):
    """Of all files; not of folders named in leave_out."""
    total = 0
    for at, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in leave_out]
        total += sum(os.lstat(os.path.join(at, f)).st_size for f in files)
    return total


def points_of(path):
    """(milliseconds, value as text) of a dump."""
    with open(path, encoding="ascii") as f:
        for line in f:
            ms, value = line.split()
            yield int(ms), value


def prometheus_bytes(dump, folder):
    """promtool makes the blocks that compaction leaves: 2 h ones merged to the longest that fit."""
    with open(f"{folder}/text", "w", encoding="ascii") as f:
        f.write("# TYPE bench gauge\n")
        f.writelines(f"bench {value} {ms // 1000}.{ms % 1000:03}\n" for ms, value in points_of(dump))
        f.write("# EOF\n")
    ns.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h",
            "--quiet", f"{folder}/text", f"{folder}/blocks"], timeout=600)
    return tree_bytes(f"{folder}/blocks")


class Victoria:
    """A server on an empty folder."""

    def __init__(self, space, folder):
        self.space, self.folder = space, folder

    def __enter__(self):
        self.process = self.space.popen(
            ["victoria-metrics", f"-storageDataPath={self.folder}", f"-httpListenAddr=127.0.0.1:{PORT}",
             "-retentionPeriod=100y", "-selfScrapeInterval=0s", "-storage.minFreeDiskSpaceBytes=1MB",
             "-memory.allowedBytes=256MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8",
            preexec_fn=ns.die_with_parent)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "started VictoriaMetrics" in line:
                break
        else:
            sys.exit("victoria-metrics ended:\n" + "".join(said[-5:]))
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # writes what it holds
        self.process.wait(120)
        self.drain.wait(10)

    def ask(self, method, path, body=None):
        with self.space:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
        if answer.status // 100 != 2:
            sys.exit(f"victoria-metrics: {path}: HTTP {answer.status}: {text[:200]}")
        return text

    def load(self, dump):
        points = list(points_of(dump))
        for i in range(0, len(points), BATCH):
            part = points[i:i + BATCH]
            times = ",".join(str(t) for t, _ in part)
            values = ",".join(v for _, v in part)
            self.ask("POST", "/api/v1/import", '{"metric":{"__name__":"bench"},"values":['
                     f'{values}],"timestamps":[{times}]}}\n')
        self.ask("GET", "/internal/force_flush")
        self.ask("GET", "/internal/force_merge")
        while re.search(rb"vm_active_merges\{[^}]*\} [^0]", self.ask("GET", "/metrics")):
            pass
        return points

    def changed(self, points):
        """(how many values come back otherwise than they went in, the greatest relative error)"""
        text = self.ask("GET", "/api/v1/export?match[]=bench&start=0")
        back = {}
        for line in text.splitlines():
            part = json.loads(line)
            back.update(zip(part["timestamps"], part["values"]))
        pairs = [(back.get(t, float("nan")), float(v)) for t, v in points]
        off = [abs(got - v) / abs(v) for got, v in pairs if got != v]
        return len(off), max(off, default=0)


def victoria_bytes(dump, folder, space):
    """(bytes, (points that came back changed, by how much)); the cache is not what is stored."""
    with Victoria(space, f"{folder}/victoria") as server:
        changed = server.changed(server.load(dump))
    return tree_bytes(f"{folder}/victoria", ("cache", "tmp")), changed


def picket_rows(bench, points):
    """{series: [bytes, with roll-ups, Gorilla, written M/s, read M/s]}"""
    lines = ns.run([bench, "--points", str(points)], timeout=3600).stdout.splitlines()
    cells = [re.split(r" {2,}", line) for line in lines[1:]]
    return {c[0]: [float(v) for v in c[1:6]] for c in cells}


def measure(name, dump, points, lab):
    """(Prometheus, VictoriaMetrics, changed) in bytes a point; None: the peer is not here."""
    prometheus = victoria = changed = None
    with tempfile.TemporaryDirectory(prefix="picket-bench-") as folder:
        if shutil.which("promtool"):
            prometheus = prometheus_bytes(dump, folder) / points
        if shutil.which("victoria-metrics"):
            size, changed = victoria_bytes(dump, folder, lab)
            victoria = size / points
    return prometheus, victoria, changed


def print_row(name, picket, peers, points):
    prometheus, victoria, changed = peers
    shown = [f"{v:>10.3f}" if v is not None else f"{'-':>10}"
             for v in (picket[0], picket[1], picket[2], prometheus, victoria)]
    least = min(v for v in (picket[2], prometheus, victoria) if v is not None)
    notes = [f"{least / picket[0]:.2f} times"]
    if changed and changed[0]:
        share, most = 100 * changed[0] / points, changed[1]
        notes.append(f"{share:.1f} % rounded by VictoriaMetrics, by up to {most:.2g}")
    print(f"{name:<16}{''.join(shown)}{picket[3]:>9.1f}{picket[4]:>7.0f}  {', '.join(notes)}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--points", type=int, default=7 * 86400)
    parser.add_argument("--only", type=lambda s: s.split(","))
    parser.add_argument("--no-year", action="store_true")
    args = parser.parse_args()
    bench = f"{args.build}/bench/telemetry/telemetry-bench"
    subprocess.run([str(ROOT / "tools/peers")], check=True)
    subprocess.run(["ninja", "-C", args.build, "bench/telemetry/telemetry-bench"], check=True,
                   stdout=subprocess.DEVNULL)
    os.environ["PATH"] = f"{ROOT}/build/peers/bin:{os.environ['PATH']}"
    with ns.Lab() as lab, tempfile.TemporaryDirectory(prefix="picket-bench-") as folder:
        space = lab.netns("bench")
        space.ip("link set lo up")
        ns.run([bench, "--points", str(args.points), "--dump", folder], timeout=3600)
        rows = picket_rows(bench, args.points)
        print(f"bytes a point, {args.points} points of each series; millions of points a second\n")
        print(f"{'series':<16}{'picket':>10}{'+roll-ups':>10}{'Gorilla':>10}{'Prometheus':>11}"
              f"{'Victoria':>9}{'written':>9}{'read':>7}  least of the others to picket")
        for name, picket in rows.items():
            if not args.only or name in args.only:
                print_row(name, picket, measure(name, f"{folder}/{name}.txt", args.points, space),
                          args.points)
    if not args.no_year:
        print("\n" + ns.run([bench, "--year"], timeout=3600).stdout, end="")


if __name__ == "__main__":
    main()
