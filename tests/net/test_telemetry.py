#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`picket telemetry push` to Debian's Prometheus in a namespace of its own, which has no way out: what
is pushed is asked back by HTTP and compared point by point, after failures of every kind, too.

    pushes ── 127.0.0.1:9091, a proxy here that fails when told to ── 127.0.0.1:9090, Prometheus
"""
import http.client
import http.server
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))

import command  # noqa: E402
import schema  # noqa: E402
from command import PICKET, same  # noqa: E402
from pktest import ns, tap  # noqa: E402

FILL = os.environ.get("PICKET_FILL", "telemetry-fill")
START = 1700000000  # seconds
MISSING = "Debian's Prometheus cannot be had here"
READY = "Server is ready to receive web requests"


class Prometheus:
    """A receiver without anything of its own to scrape."""

    def __init__(self, space, folder):
        self.space, self.folder = space, folder
        with open(f"{folder}/config.yml", "w", encoding="ascii") as f:
            f.write("global: {}\n")
        self.process = None

    def start(self):
        self.process = self.space.popen(
            ["prometheus", f"--config.file={self.folder}/config.yml",
             f"--storage.tsdb.path={self.folder}/data", "--storage.tsdb.retention.time=100y",
             "--web.listen-address=127.0.0.1:9090", "--web.enable-remote-write-receiver"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8",
            preexec_fn=ns.die_with_parent)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if READY in line:
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return
        raise AssertionError("prometheus ended:\n" + "".join(said[-5:]))

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(self, path):
        with self.space:
            connection = http.client.HTTPConnection("127.0.0.1", 9090, timeout=20)
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
            connection.close()
        same("Prometheus' status", answer["status"], "success")
        return answer["data"]["result"]

    def points(self, selector, at, seconds):
        """{labels: [(milliseconds, value)]} of the raw points of the last `seconds` before `at`."""
        query = urllib.parse.urlencode({"query": f"{selector}[{seconds}s]", "time": at})
        return {tuple(sorted(r["metric"].items())): [(round(t * 1000), float(v)) for t, v in r["values"]]
                for r in self.ask(f"/api/v1/query?{query}")}


class Proxy:
    """Hands requests on to Prometheus; `plan` says what is done to which, by its number from 1."""

    def __init__(self, space):
        self.plan, self.count, self.victim = {}, 0, None
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.count += 1
                proxy.handle(self, body, proxy.plan.get(proxy.count, "pass"))

            def log_message(self, *_):
                pass

        with space:  # the thread stays there
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 9091), Handler)
            threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def begin(self, **plan):
        self.count = 0
        self.plan = {int(k.removeprefix("request")): v for k, v in plan.items()}

    def forward(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", 9090, timeout=20)
        connection.request("POST", handler.path, body, dict(handler.headers))
        answer = connection.getresponse()
        result = answer.status, answer.read()
        connection.close()
        return result

    def handle(self, handler, body, what):
        if what == "kill before":
            self.victim.kill()
            return
        if what == "cut before":
            handler.connection.close()
            return
        if isinstance(what, int):
            handler.send_response(what)
            handler.send_header("Retry-After", "1")
            handler.end_headers()
            handler.wfile.write(b"as it was planned\nin two lines")
            return
        status, said = self.forward(handler, body)
        if what == "kill after":
            self.victim.kill()
            return
        if what == "cut after":
            handler.connection.close()
            return
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(said)


class Store:
    """Series and their points, as they were written."""

    def __init__(self, folder, name):
        self.path = f"{folder}/{name}"
        self.series = {}

    def add(self, kind, metric, labels, points):
        """More points of a series; times in ms."""
        text = "".join(f"{int(ms * 1000000)} {v!r}\n" for ms, v in points)
        ns.run([FILL, self.path, "--open"], text=f"{kind}\t{metric}\n{text}")
        key = tuple(sorted(labels.items()))
        self.series.setdefault(key, []).extend((ms, float(v)) for ms, v in points)

    def check(self, prometheus, selector, at, seconds):
        found = prometheus.points(selector, at, seconds)
        same("series", sorted(found), sorted(self.series))
        for key, wanted in self.series.items():
            got = found[key]
            same(f"number of points of {key}", len(got), len(wanted))
            for (t, v), (u, w) in zip(got, wanted):
                if t != u or not (v == w or math.isnan(v) and math.isnan(w)):
                    raise AssertionError(f"{key}: ({t}, {v!r}), expected ({u}, {w!r})")


def random_double(source):
    """A double of any bits: NaN and the infinities, too."""
    return struct.unpack("=d", struct.pack("=Q", source.getrandbits(64)))[0]


def text_of(v):
    return "nan" if math.isnan(v) else repr(v)


class Lab:
    def __init__(self, lab, folder):
        self.space, self.folder = lab.netns("store"), folder
        self.space.ip("link set lo up")
        self.prometheus = Prometheus(self.space, folder)
        lab.on_close(self.prometheus.stop)
        self.prometheus.start()
        self.proxy = Proxy(self.space)
        self.end = START  # a test's points begin after those of the one before: the receiver wants it
        self.random = random.Random(os.environ.get("PICKET_SEED", "1"))

    def push(self, store, *args, status=0, port=9091, path="/api/v1/write"):
        result = self.space.run([PICKET, "telemetry", "push", "--db", store.path, "--url",
                                 f"http://127.0.0.1:{port}{path}", "--json", *args], check=False,
                                timeout=120)
        document = json.loads(result.stdout)
        same("breaches", schema.breaches(schema.load(command.SCHEMAS, "telemetry"), document), [])
        same(f"exit status\n{result.stdout}", (result.returncode, document["exit"]), (status, status))
        return document

    def push_killed(self, store):
        """A push that the proxy kills."""
        with self.space:
            process = subprocess.Popen([PICKET, "telemetry", "push", "--db", store.path, "--url",
                                        "http://127.0.0.1:9091/api/v1/write"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.proxy.victim = process
            same("how the push ended", process.wait(60), -signal.SIGKILL)

    def store(self, name, seconds=1500, series=8):
        """Several batches of points."""
        store = Store(self.folder, name)
        begin = self.end * 1000
        for i in range(series):
            labels = {"__name__": f"{name}_total", "i": str(i)}
            value, points = 0, []
            for k in range(seconds):
                value += self.random.randrange(1000)
                points.append((begin + 1000 * k + i, value))
            store.add("counter", f'{name}_total{{i="{i}"}}', labels, points)
        self.end += seconds
        return store

    def check(self, store, name):
        store.check(self.prometheus, f"{name}_total", self.end, 4000)


def values_are_equal(lab):
    """Gauges of any bits, counters to 2^53, labels that need care; then more, and no repetition."""
    store = Store(lab.folder, "values")
    begin = lab.end * 1000
    gauges = [(begin + 997 * i, random_double(lab.random)) for i in range(3000)]
    gauges += [(gauges[-1][0] + 1, -0.0), (gauges[-1][0] + 2, math.inf), (gauges[-1][0] + 3, 5e-324)]
    store.add("gauge", "values_x", {"__name__": "values_x"},
              [(t, float(text_of(v))) for t, v in gauges])
    labels = {"__name__": "values_total", "A": "upper", "path": 'C:\\d "q"\n', "c3bc": "ü€"}
    text = 'values_total{A="upper",c3bc="ü€",path="C:\\\\d \\"q\\"\\n"}'
    store.add("counter", text, labels, [(begin + 1000 * i, i * (2**53 // 3000)) for i in range(3001)])
    document = lab.push(store, port=9090)
    same("points", document["push"]["points"], 3003 + 3001)
    lab.end += 3010
    store.check(lab.prometheus, '{__name__=~"values.*"}', lab.end, 4000)
    same("points of another push", lab.push(store, port=9090)["push"]["points"], 0)
    store.add("gauge", "values_x", {"__name__": "values_x"}, [(lab.end * 1000, 1.5)])
    same("one more", lab.push(store, port=9090)["push"]["points"], 1)
    store.check(lab.prometheus, '{__name__=~"values.*"}', lab.end, 4000)


def selector_and_time(lab):
    store = lab.store("part")
    same("points of one series in 100 s",
         lab.push(store, '{i="3"}', "--from", str(lab.end - 1000), "--to", str(lab.end - 900),
                  port=9090)["push"]["points"], 100)
    same("points", lab.push(store, '{i!="3"}', port=9090)["push"]["points"], 7 * 1500)
    same("the rest", lab.push(store, port=9090)["push"]["points"], 900)


def failures_lose_nothing(lab):
    for i, what in enumerate(["cut before", "cut after", 500, 503, 429]):
        name = f"failure{i}"
        store = lab.store(name)
        lab.proxy.begin(request2=what)
        document = lab.push(store)
        same(f"{what}: batches sent again", document["push"]["batches_again"], 1)
        same(f"{what}: points", document["push"]["points"], 8 * 1500)
        lab.check(store, name)


def killed_push_goes_on(lab):
    for i, what in enumerate(["kill before", "kill after"]):
        for at in (1, 2, 3):
            name = f"killed{i}{at}"
            store = lab.store(name)
            lab.proxy.begin(**{f"request{at}": what})
            lab.push_killed(store)
            lab.proxy.begin()
            document = lab.push(store)
            same(f"{what}: batches sent again", document["push"]["batches_again"], 1)
            lab.check(store, name)


def refusals_have_names(lab):
    store = lab.store("refused", seconds=20)
    for status in (302, 400, 401, 404, 413):
        lab.proxy.begin(request1=status)
        found = lab.push(store, status=3)["diagnostics"]
        same("diagnostics", [d["code"] for d in found], ["PK2712"])
        if f"HTTP {status}: as it was planned in two lines" not in found[0]["text"]:
            raise AssertionError(found)
    lab.proxy.begin()
    same("points, after all", lab.push(store)["push"]["points"], 160)
    lab.check(store, "refused")


def points_that_are_too_old(lab):
    """What Prometheus itself refuses is no loss in silence, however often it is tried."""
    store = Store(lab.folder, "old")
    store.add("gauge", "values_x", {"__name__": "values_x"}, [(START * 1000 + i, 1.0) for i in range(9)])
    for _ in range(2):
        found = lab.push(store, status=3, port=9090)["diagnostics"]
        same("code", found[0]["code"], "PK2712")
        if "HTTP 400" not in found[0]["text"]:
            raise AssertionError(found)


def receiver_that_comes_late(lab):
    """The receiver is killed, and starts while the push waits for it."""
    store = lab.store("late")
    lab.proxy.begin(request1="cut before")
    lab.prometheus.stop()
    with lab.space:
        process = subprocess.Popen([PICKET, "telemetry", "push", "--db", store.path, "--url",
                                    "http://127.0.0.1:9090/api/v1/write"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, encoding="utf-8")
    lab.prometheus.start()
    said = process.communicate(timeout=120)[1]
    same(f"exit status: {said}", process.returncode, 0)
    lab.check(store, "late")


def openmetrics_is_read(lab):
    """promtool's parser of OpenMetrics takes the export, and the blocks have all points."""
    store = lab.store("text", seconds=600)
    store.add("gauge", 'text_b{q="\\"\\\\"}\tb', {"__name__": "text_b", "q": '"\\'},
              [((lab.end - 500) * 1000 + i, random_double(lab.random)) for i in range(400)])
    text = ns.run([PICKET, "telemetry", "export", "--db", store.path, "--format", "openmetrics"]).stdout
    with open(f"{lab.folder}/text", "w", encoding="utf-8") as f:
        f.write(text)
    ns.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{lab.folder}/text",
            f"{lab.folder}/blocks"])
    os.mkdir(f"{lab.folder}/blocks/wal")
    found = ns.run(["promtool", "tsdb", "dump", f"{lab.folder}/blocks"]).stdout
    wanted = sum(len(points) for points in store.series.values())
    same("points in the blocks", len(found.splitlines()), wanted)


TESTS = [values_are_equal, selector_and_time, failures_lose_nothing, killed_push_goes_on,
         refusals_have_names, points_that_are_too_old, receiver_that_comes_late, openmetrics_is_read]


def main():
    runner = tap.Tap()
    reason = "needs root" if os.geteuid() else None if shutil.which("prometheus") else MISSING
    if reason:
        def skip():
            raise tap.Skip(reason)
        for function in TESTS:
            runner.run(function.__name__.replace("_", " "), skip)
        return runner.done()
    with ns.Lab() as outer, tempfile.TemporaryDirectory(prefix="picket-telemetry-") as folder:
        lab = Lab(outer, folder)
        for function in TESTS:
            runner.run(function.__name__.replace("_", " "), function, lab)
        lab.prometheus.stop()
    return runner.done()


if __name__ == "__main__":
    sys.exit(main())
