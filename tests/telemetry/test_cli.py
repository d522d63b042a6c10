#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`picket telemetry` query, export and inspect, on stores that the test writes."""
import csv
import io
import json
import math
import os
import random
import re
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../cli")]

import command  # noqa: E402
import openmetrics  # noqa: E402
from command import picket, picket_json, same  # noqa: E402

FILL = os.environ.get("PICKET_FILL", "telemetry-fill")
START = 1700000000 * 10**9 - 800 * 10**9  # a full hour
SECOND = 10**9
FOLDER = tempfile.TemporaryDirectory(prefix="picket-telemetry-")
SOURCE = random.Random(os.environ.get("PICKET_SEED", "7"))


def double(bits):
    return struct.unpack("=d", struct.pack("=Q", bits))[0]


def text_of(v):
    return str(v) if isinstance(v, int) else "nan" if math.isnan(v) else repr(v)


def fill(name, series, *args):
    """series: [(kind, metric, unit, [(ns, value)])]; "gauge" may be ("gauge", scale, error)."""
    lines = []
    for kind, metric, unit, points in series:
        spec = [kind] if isinstance(kind, str) else [kind[0]]
        extra = [] if isinstance(kind, str) else [str(kind[1]), str(kind[2])]
        lines.append("\t".join([*spec, metric, unit, *extra]))
        lines += [f"{t} {text_of(v)}" for t, v in points]
    path = f"{FOLDER.name}/{name}"
    command.ns.run([FILL, path, *args], text="\n".join(lines) + "\n")
    return path


def rules():
    """Three counters for two hours and a half, one of which begins anew; and a gauge."""
    def counter(pace, reset):
        value, points = 0, []
        for i in range(9000):
            value = 5 if i == reset else value + pace
            points.append((START + i * SECOND, value))
        return points
    name = "picket_rule_packets_total"
    return [("counter", f'{name}{{chain="INPUT",rule="1"}}', "packets", counter(1, None)),
            ("counter", f'{name}{{chain="INPUT",rule="2"}}', "packets", counter(10, 4000)),
            ("counter", f'{name}{{chain="OUTPUT",rule="1"}}', "packets", counter(100, None)),
            ("gauge", "load_ratio", "ratio", [(START + i * SECOND, i % 100 / 100)
                                              for i in range(9000)])]


RULES = fill("rules", rules())
SPAN = ("--from", str(START // SECOND), "--to", str(START // SECOND + 9000))


def ask(expression, *args, store=RULES, status=0):
    return picket_json("telemetry", "query", expression, "--db", store, *args, status=status)


def values(document):
    """[({label: value}, {time: value})]"""
    return [({x["name"]: x["value"] for x in a["labels"]},
             {v["time"]: v["value"] for v in a["values"]}) for a in document["query"]["answers"]]


def test_increase_counts_a_new_beginning():
    found = values(ask("increase(picket_rule_packets_total)", *SPAN))
    # 3,999 steps of 10, then 5 as it begins anew, then 4,999 more.
    same("increases", [list(v.values()) for _, v in found],
         [["8999"], [str(39990 + 5 + 49990)], ["899900"]])


def test_rate_by_step():
    found = values(ask('rate(picket_rule_packets_total{rule="1",chain=~"IN.*"}[50m])', *SPAN))
    same("labels", [labels for labels, _ in found], [{"chain": "INPUT", "rule": "1"}])
    same("rates", list(found[0][1].items()),
         [("2023-11-14T22:00:00Z", str(2999 / 3000)), ("2023-11-14T22:50:00Z", "1"),
          ("2023-11-14T23:40:00Z", "1")])


def test_sum_by():
    found = values(ask("sum by (chain) (last_over_time(picket_rule_packets_total))", *SPAN))
    same("sums", found, [({"chain": "INPUT"}, {"2023-11-14T22:00:00Z": str(9000 + 5 + 49990)}),
                         ({"chain": "OUTPUT"}, {"2023-11-14T22:00:00Z": "900000"})])


def test_tables():
    out = picket("telemetry", "query", "avg_over_time(load_ratio)", "--db", RULES, *SPAN).stdout
    same("one step", out.splitlines(), ["VALUE  SERIES", "0.495  load_ratio"])
    out = picket("telemetry", "query", "max(load_ratio)", "--step", "1h", "--db", RULES, *SPAN).stdout
    same("steps", out.splitlines(), ["{}", "  TIME                  VALUE"] + [
        f"  2023-11-{t}:00:00Z  0.99" for t in ("14T22", "14T23", "15T00")])


def test_times():
    for begin, end in (("2023-11-14T22:00:00Z", "2023-11-14T23:00:00Z"),
                       ("2023-11-14T23:00:00.000000000+01:00", "1700002800"),
                       ("1699999200.0", "2023-11-14 23:00:00Z")):
        found = values(ask("count_over_time(load_ratio)", "--from", begin, "--to", end))
        same(f"{begin} to {end}", found, [({}, {"2023-11-14T22:00:00Z": "3600"})])
    same("of the last hour", ask("avg_over_time(load_ratio)", status=1)["query"]["answers"], [])


def test_refusals():
    for expression, column in (("irate(load_ratio[5m])", 1), ("load_ratio offset 5m", 12),
                               ("load_ratio * 2", 12), ('x{a=~"(?i)b"}', 6)):
        found = ask(expression, status=2)["diagnostics"][0]
        same(expression, (found["code"], found["file"], found["column"]),
             ("PK0950", "expression", column))
    for args, code in ((["rate(load_ratio)"], "PK0951"),
                       (["load_ratio", "--step", "1ms", *SPAN], "PK0952")):
        same(args, ask(*args, status=2)["diagnostics"][0]["code"], code)
    for words, said in ((["query"], "needs an EXPRESSION"), ([], "needs a query, export"),
                        (["wurst"], "no such action"), (["query", "x", "y"], "one expression"),
                        (["export", "--json"], "--format jsonl"), (["push"], "needs a --url"),
                        (["query", "x", "--url", "y"], "query does not take it"),
                        (["query", "x", "--from", "tomorrow"], "no time"),
                        (["query", "x", "--step", "5"], "no duration"),
                        (["export", "--format", "xml"], "no format")):
        picket("telemetry", *words, status=2, err=[said])
    picket("telemetry", "inspect", "--db", f"{FOLDER.name}/none", status=3,
           err=["No such file", "record"])
    with open(f"{FOLDER.name}/text", "w", encoding="ascii") as f:
        f.write("this is no database\n" * 200)
    picket("telemetry", "query", "x", "--db", f"{FOLDER.name}/text", status=3, err=["PK27"])
    picket("telemetry", "push", "--db", RULES, "--url", "ftp://x/", status=2, err=["http or https"])


def hostile():
    """Values of any bits, times to the nanosecond, labels that need care."""
    gauges = [double(SOURCE.getrandbits(64)) for _ in range(3000)]
    gauges += [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1, 1e22]
    grid = [round(SOURCE.gauss(12.3, 1), 3) for _ in range(3000)]
    words = [SOURCE.getrandbits(64) for _ in range(3000)] + [0, 2**64 - 1]
    at = [START + i * SECOND + SOURCE.randrange(SECOND) for i in range(4000)]
    return [("gauge", r'hard{q="a\"b\\c\nd,e}",u="ü€"}', "-", list(zip(at, gauges))),
            ("gauge", "rtt_milliseconds", "milliseconds", list(zip(at, grid))),
            ("counter", "bytes_total", "bytes", list(zip(at, words))),
            ("counter", "odd", "-", list(zip(at, range(100)))),
            ("counter", 'mixed_total{kind="counter"}', "-", list(zip(at, range(100)))),
            ("gauge", 'mixed_total{kind="gauge"}', "-", list(zip(at, grid[:100]))),
            ("counter", "taken_total", "-", list(zip(at, range(10)))),
            ("gauge", "taken", "-", list(zip(at, grid[:10])))]


HOSTILE = hostile()
HARD = fill("hard", HOSTILE, "--open")


def export(form, *args, store=HARD, status=0):
    return picket("telemetry", "export", "--db", store, "--format", form, *args, status=status).stdout


def equal(what, got, wanted):
    """Lists of (time, value), bit by bit but for NaNs."""
    same(f"{what}: count", len(got), len(wanted))
    for (t, v), (u, w) in zip(got, wanted):
        if isinstance(w, float):
            v = float(v)
            good = math.isnan(v) and math.isnan(w) or struct.pack("d", v) == struct.pack("d", w)
        else:
            good = v == w
        if t != u or not good:
            raise AssertionError(f"{what}: ({t}, {v!r}), expected ({u}, {w!r})")


def nanoseconds(rfc3339):
    found = re.fullmatch(r"2023-11-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", rfc3339)
    day, hour, minute, second = (int(found[i]) for i in range(1, 5))
    seconds = ((day - 14) * 24 + hour - 22) * 3600 + minute * 60 + second
    return START + seconds * SECOND + int((found[5] or "0").ljust(9, "0"))


def number(kind, text):
    return int(text) if kind == "counter" else float(text)


def test_csv():
    rows = list(csv.reader(io.StringIO(export("csv").replace("\r\n", "\n"))))
    same("head", rows[0], ["metric", "time", "value"])
    for kind, metric, _, points in HOSTILE:
        equal(metric, [(nanoseconds(t), number(kind, v)) for m, t, v in rows[1:] if m == metric], points)
    same("lines", len(rows) - 1, sum(len(s[3]) for s in HOSTILE))


def test_jsonl():
    found = [json.loads(line, parse_float=str, parse_int=str) for line in export("jsonl").splitlines()]
    labels = {"q": 'a"b\\c\\x0ad,e}', "u": "ü€"}
    for kind, metric, _, points in HOSTILE[:4]:
        name = metric.split("{")[0]
        mine = [f for f in found if f["name"] == name]
        same(f"labels of {name}", mine[0]["labels"], labels if "{" in metric else {})
        equal(name, [(nanoseconds(f["time"]), number(kind, f["value"])) for f in mine], points)
    same("lines", len(found), sum(len(s[3]) for s in HOSTILE))


def test_openmetrics():
    samples, families = openmetrics.read(export("openmetrics"))
    same("families", families, {"hard": ("gauge", ""), "rtt_milliseconds": ("gauge", "milliseconds"),
                                "bytes": ("counter", ""), "odd": ("unknown", ""),
                                "mixed_total": ("unknown", ""), "taken_total": ("unknown", ""),
                                "taken": ("gauge", "")})
    keys = {metric: (metric.split("{")[0], tuple(re.findall(r'(\w+)="(\w+)"', metric)))
            for _, metric, _, _ in HOSTILE}
    keys[HOSTILE[0][1]] = ("hard", (("q", 'a"b\\c\nd,e}'), ("u", "ü€")))
    for _, metric, _, points in HOSTILE:
        got = []
        for stamp, value in samples[keys[metric]]:
            whole, _, fraction = stamp.partition(".")
            got.append((int(whole) * SECOND + int(fraction.ljust(9, "0")), value))
        equal(metric, got, points)


def test_the_validator_can_fail():
    good = "# TYPE a gauge\na 1 1\na 2 2.5\n# TYPE b counter\n# UNIT b b\n"
    openmetrics.read("# TYPE a gauge\na 1 1\na 2 2.5\n# EOF\n")
    for bad in (good + "# EOF\n", "a 1 1\n# EOF\n", "# TYPE a gauge\na 1 1\n",
                "# TYPE a gauge\na 1\n# EOF\n",
                "# TYPE a gauge\na 1 2\na 1 1\n# EOF\n", "# TYPE a counter\na 1 1\n# EOF\n",
                "# TYPE a counter\na_total -1 1\n# EOF\n", '# TYPE a gauge\na{b="c} 1 1\n# EOF\n',
                "# TYPE a gauge\na 1,5 1\n# EOF\n",
                "# TYPE a gauge\n# TYPE b gauge\n# TYPE a gauge\n# EOF\n"):
        try:
            openmetrics.read(bad)
        except ValueError:
            continue
        raise AssertionError(f"taken for good: {bad}")


def test_export_selects():
    lines = export("csv", '{__name__=~"o.+"}', "--from", "2023-11-14T22:00:50Z", "--to",
                   "2023-11-14T22:01:00Z").splitlines()
    same("lines", len(lines), 11)
    picket("telemetry", "export", "nothing", "--db", HARD, status=1, err=["no points"])


def test_inspect():
    at = [START + i * SECOND for i in range(20000)]
    noise = [SOURCE.gauss(12.3, 1) for _ in at]
    path = fill("inspect", [(("gauge", 0, 1e-3), "noise", "ms", list(zip(at, noise))),
                            ("gauge", "steady", "-", [(t, 7.5) for t in at]),
                            (("gauge", 0, 1e-3), "far", "-",
                             [(t, v * 1e12) for t, v in zip(at, noise)]),
                            ("gauge", "hard", "-",
                             [(t, double(SOURCE.getrandbits(62))) for t in at[:100]])])
    document = picket_json("telemetry", "inspect", "--db", path)
    by = {s["name"]: s for s in document["series"]}
    noise_is = by["noise"]["codecs"]
    same("codec", [c["codec"] for c in noise_is], ["posit"])
    same("points", noise_is[0]["points"], 20000)
    if not 1e-5 < noise_is[0]["error_made"] <= by["noise"]["error_bound"] == 1e-3:
        raise AssertionError(noise_is)
    same("constant blocks", by["steady"]["codecs"][0]["constant"], by["steady"]["codecs"][0]["blocks"])
    same("blocks out of zone", by["far"]["codecs"][0]["out_of_zone"], by["far"]["codecs"][0]["blocks"])
    same("hard", [(c["codec"], c["inexact_sums"]) for c in by["hard"]["codecs"]], [("double", 1)])
    total = sum(c["bytes"] for s in document["series"] for c in s["codecs"])
    same("bytes of blocks", total, document["store"]["blocks"]["bytes"])
    same("file", document["store"]["bytes"], os.path.getsize(path))
    if not document["store"]["minutes"]["rows"] or not document["store"]["hours"]["bytes"]:
        raise AssertionError(document["store"])
    same("one series", len(picket_json("telemetry", "inspect", "noise", "--db", path)["series"]), 1)
    out = picket("telemetry", "inspect", "--db", path, out=["posit", "constant", "zone", "rough"]).stdout
    same("wide lines", [line for line in out.splitlines() if len(line) > 80], [])


def test_a_store_that_is_written_to():
    """What is unsealed is seen, and a writer is not kept away."""
    path = fill("open", [("counter", "x_total", "-", [(START, 1), (START + SECOND, 5)])], "--open")
    for seconds, rise in ((2, 4), (3, 11)):
        same("increase", values(ask("increase(x_total)", "--from", str(START // SECOND), "--to",
                                    str(START // SECOND + seconds), store=path))[0][1],
             {"2023-11-14T22:00:00Z": str(rise)})
        fill("open", [("counter", "x_total", "-", [(START + seconds * SECOND, 12)])], "--open")
    same("unsealed", picket_json("telemetry", "inspect", "--db", path)["series"][0]["unsealed"], 4)


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
