#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket address: every form and every error; a list against Python's ipaddress module."""
import gzip
import hashlib
import ipaddress
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import command  # noqa: E402
from command import picket, picket_json, same  # noqa: E402

SEED = int(os.environ.get("PK_SEED", "1"))


def classify(*words):
    return picket_json("address", "classify", *words)


def test_card():
    picket("address", "classify", "fe80::21b:38ff:fe12:3456",
           out=["kind               link-local, scope link, not globally reachable",
                "MAC                00:1b:38:12:34:56", "correlation        device-lifetime",
                "address-scanning   possible: 2^"])


def test_document():
    document = classify("2001:db8::1", "fe80::1%eth0", "2001:db8:1::/48")
    same("addresses", [a["address"] for a in document["addresses"]],
         ["2001:db8::1", "fe80::1", "2001:db8:1::"])
    same("zone", document["addresses"][1]["zone"], "eth0")
    same("prefix", document["addresses"][2]["prefix_length"], 48)
    same("identifiers", document["statistics"]["identifiers"], {"low-byte": 2, "router-anycast": 1})


def test_standard_input():
    picket("address", "classify", "-", text="seen 2001:db8::443 and [::1]:80 # not ::2\n12:34:56\n",
           out=["2001:db8::443", "port 443", "::1 "], not_out=["::2"])


def test_filters():
    words = ["2001:db8::1", "2001:db8::8d4f:61c2:9be0:a713", "fd00::1", "ff02::1"]
    found = [a["address"] for a in classify("--iid", "low-byte", *words)["addresses"]]
    same("by identifier", found, ["2001:db8::1", "fd00::1"])
    found = [a["address"] for a in classify("--kind", "unique-local,multicast", *words)["addresses"]]
    same("by kind", found, ["fd00::1", "ff02::1"])
    found = [a["address"] for a in classify("--in", "fd00::/8", *words)["addresses"]]
    same("by prefix", found, ["fd00::1"])
    picket("address", "classify", "--in", "fd00::/8", "2001:db8::1", status=1)


def test_lists_against_ipaddress():
    rng = random.Random(SEED)
    listed = [ipaddress.IPv6Address(rng.getrandbits(128) & rng.getrandbits(128) & rng.getrandbits(128))
              for _ in range(3000)]
    listed += rng.sample(listed, 500)
    with tempfile.TemporaryDirectory() as folder:
        text, binary = os.path.join(folder, "text"), os.path.join(folder, "binary")
        with open(text, "w", encoding="utf-8") as out:
            for a in listed:
                out.write(f"{rng.choice([str(a), a.exploded, str(a).upper()])}\n")
        with open(binary, "wb") as out:
            out.write(b"".join(a.packed for a in listed))
        lines = picket("address", "classify", "--format", "jsonl", text).stdout.splitlines()
        same("each", [ipaddress.IPv6Address(json.loads(li)["address"]) for li in lines], listed)
        lines = picket("address", "classify", "-u", "--format", "csv", text).stdout.splitlines()
        same("each once", [ipaddress.IPv6Address(li.split(",")[0]) for li in lines[1:]],
             sorted(set(listed)))
        of_text, of_binary = classify("-s", text), classify("-s", "--binary", binary)
        same("statistics", of_binary["statistics"], of_text["statistics"])
        same("count", of_text["statistics"]["taken"], len(listed))


def test_entropy():
    words = [f"2001:db8::{i:x}" for i in range(16)] + ["2001:db8:0:1::1"]
    document = classify("--entropy", "64", *words)
    same("prefixes", [(e["prefix"], e["addresses"], e["bits"]) for e in document["entropy"]],
         [("2001:db8::", 16, 4.0), ("2001:db8:0:1::", 1, 0.0)])
    same("digits", document["entropy"][0]["digits"], "." * 31 + "#")


def test_map():
    """Counts, rows and width; the drawing is XML, and has a cell for each that the document counts."""
    words = [f"2001:db8::{i + 1:x}" for i in range(16)] + ["fe80::21b:38ff:fe12:3456", "ff02::1"]
    made = picket_json("address", "map", *words, words[0])["map"]
    same("counts", (made["addresses"], made["prefixes"], made["without_identifier"], made["macs"]),
         (17, 2, 1, 1))
    same("rows", [(r["prefix"], r["addresses"], r["identifiers"]) for r in made["rows"]],
         [("2001:db8::", 16, {"low-byte": 16}), ("fe80::", 1, {"eui64": 1})])
    same("entropy", ["bits" in r for r in made["rows"]], [True, False])
    lines = picket("address", "map", *words).stdout.splitlines()
    same("wide lines", [line for line in lines if len(line) > 80], [])
    same("row", lines[1].split(), ["2001:db8::/64", "16", "w" * 20, "." * 14 + "0#", "2^4.3"])
    drawn = xml.etree.ElementTree.fromstring(picket("address", "map", "--svg", *words).stdout)
    titles = [t.text for t in drawn.iter("{http://www.w3.org/2000/svg}title")]
    for title in ("low-byte: 16 of 16", "eui64: 1 of 1", "digit 32: 4.0 of 4 bits"):
        same(title, titles.count(title), 1)
    made = picket_json("address", "map", "--in", "fe80::/10", "--bits", "32", *words)["map"]
    same("in", [(r["prefix"], r["length"]) for r in made["rows"]], [("fe80::", 32)])
    picket("address", "map", "ff02::1", status=1, err=["nothing to map"])


def test_captures_are_lists():
    """Sources and destinations; a compressed log is refused, not read as if it were text."""
    packet = b"\x60" + bytes(5) + b"\x3b\x40" + ipaddress.IPv6Address("2001:db8::1").packed \
        + ipaddress.IPv6Address("2001:db8::80").packed
    data = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    data += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    for form in (data, gzip.compress(data)):
        with tempfile.NamedTemporaryFile() as f:
            f.write(form)
            f.flush()
            same("addresses", [a["address"] for a in classify(f.name)["addresses"]],
                 ["2001:db8::1", "2001:db8::80"])
            same("mapped", picket_json("address", "map", f.name)["map"]["addresses"], 2)
    for form, err in ((gzip.compress(b"2001:db8::1\n"), "neither pcap nor pcapng"),
                      (data[:-1], "after packet 0")):
        with tempfile.NamedTemporaryFile() as f:
            f.write(form)
            f.flush()
            picket("address", "classify", f.name, status=2, err=[err])


# What ipv6toolkit's addr6 2.2 says otherwise, cannot read or cannot do.
NEAREST = (
    # The local bit of QEMU's, Docker's and random MACs: "randomized".
    ("fe80::5054:ff:fe12:3456", "link-local", "eui64-virtual"),
    ("fe80::42:acff:fe11:2", "link-local", "eui64-virtual"),
    ("fe80::8c3d:5aff:fe12:3456", "link-local", "eui64-local"),
    # "embedded-ipv4-64": zeros, and letters as decimal digits.
    ("2001:db8::", "documentation", "router-anycast"),
    ("2001:db8::1ab:1ab:1ab:1ab", "documentation", "pattern"),
    # "embedded-ipv4-32" or "randomized": words and repetitions.
    ("2001:db8::dead:beef", "documentation", "wordy"),
    ("2001:db8::face:b00c", "documentation", "wordy"),
    ("2001:db8::cafe:babe:dead:beef", "documentation", "wordy"),
    ("2001:db8::aaaa:aaaa:aaaa:aaaa", "documentation", "pattern"),
    ("2001:db8::ffff:ffff:ffff:ffff", "documentation", "pattern"),
    # Teredo is never printed.
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "teredo", "teredo"),
    # Embedded ports of high numbers were 0.
    ("2001:db8::443", "documentation", "port"), ("2001:db8::1:8080", "documentation", "port"),
    # Plain "global".
    ("64:ff9b::192.0.2.33", "nat64", "none"), ("2002:c000:221::1", "6to4", "low-byte"),
    ("3fff::1", "documentation", "low-byte"), ("100::1", "discard", "none"),
    ("5f00::1", "srv6", "none"),
    # "Invalid IPv6 address".
    ("fe80::1%eth0", "link-local", "low-byte"), ("2001:db8::1/64", "documentation", "low-byte"),
    ("[2001:db8::1]:443", "documentation", "low-byte"),
    (" 2001:db8::1", "documentation", "low-byte"),
    ("2001:db8::1 # a comment", "documentation", "low-byte"),
)


def test_nearest_tool():
    text = "".join(f"{line}\n" for line, _, _ in NEAREST)
    lines = picket("address", "classify", "--format", "jsonl", "-", text=text).stdout.splitlines()
    same("verdicts", [(a["kind"], a["iid"]) for a in map(json.loads, lines)],
         [(kind, iid) for _, kind, iid in NEAREST])
    words = ["2001:db8::192:0:2:1", "2001:db8::c0a8:101", "2001:db8::80:1", "2001:db8::80"]
    for iid, found in (("ipv4-words", words[:1]), ("ipv4", words[1:2]), ("port-high", words[2:3])):
        same(iid, [a["address"] for a in classify("--iid", iid, *words)["addresses"]], found)
    scopes = ["ff01::1", "ff02::1", "ff04::1", "ff05::1", "ff08::1", "ff0e::1", "ff06::1"]
    same("scopes of multicast", [a["scope"] for a in classify(*scopes)["addresses"]],
         ["interface", "link", "admin", "site", "organisation", "global", "unassigned"])


def test_many_alike():
    """addr6's hash of the last word is quadratic in these; exact here, each once."""
    with tempfile.TemporaryFile() as f:
        for i in range(1 << 18):
            f.write(struct.pack(">QIHH", 0x20010DB800000000, i % 100000, 0xABAB, 0xCDCD))
        f.seek(0)
        out = subprocess.run([command.PICKET, "address", "classify", "-u", "-s", "--binary", "-"],
                             stdin=f, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout
    same("count", out.splitlines()[-1], "100000 addresses of 262144 found in 262144 lines")


def test_vendor():
    if not os.path.exists("/usr/share/ieee-data/oui.csv"):
        raise AssertionError("ieee-data is not installed (tools/packages.txt)")
    document = classify("fe80::21b:38ff:fe12:3456")
    same("certainty", document["addresses"][0]["certainty"], "strong")
    picket("address", "space", "--vendor", "compal", out=["compal: ", "blocks, 2^", "at 10000 probes/s"])
    space = picket_json("address", "space", "--vendor", "compal", "--rate", "1000000")
    same("seconds", space["seconds"], space["space"] / 1e6)
    picket("address", "space", "--vendor", "nobody is called so", status=1, err=["no vendor's name"])


def test_dates():
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("00:1b:38:00:00:00/24,2007-01-26,x\n")
        f.flush()
        picket("address", "classify", "--mac-dates", f.name, "fe80::21b:38ff:fe12:3456",
               out=["made               not before 2007-01-26"])
    picket("address", "classify", "--mac-dates", "/no/such", "::1", status=2, err=["/no/such"])


def secret_file(text):
    f = tempfile.NamedTemporaryFile("w")
    f.write(text)
    f.flush()
    return f


def test_iid():
    secret = bytes(range(20))
    with secret_file(secret.hex(" ", 4)) as f:
        words = ["--interface-id", "eth0", "--network-id", "home", "--secret-file", f.name]
        made = picket("address", "iid", "2001:db8:1::/64", "fe80::", *words).stdout.split()
        for prefix, address in zip(("2001:db8:1::", "fe80::"), made):
            prefix = ipaddress.IPv6Address(prefix).packed[:8]
            digest = hashlib.sha256(prefix + b"eth0\0home\0\0" + secret).digest()
            same("address", ipaddress.IPv6Address(address).packed, prefix + digest[-8:])
        document = picket_json("address", "iid", "2001:db8:1::/64", "--conflicts", "2", *words)
        same("counter", document["made"][0]["counter"], 2)
        os.chmod(f.name, 0o644)
        picket("address", "iid", "fe80::/64", *words, err=["others than its owner"])


def test_iid_of_the_kernel():
    with secret_file("2001:db8:1:2:3:4:5:6\n") as f:
        words = ["--kernel", "--secret-file", f.name, "--interface-id"]
        if sys.byteorder == "little":
            picket("address", "iid", "fe80::/64", *words, "00:00:00:00:00:00",
                   out=["fe80::ff05:eb87:4e94:b3ad\n"])
        picket("address", "iid", "fe80::/64", *words, "eth0", status=2,
               err=["no permanent hardware address"])
        picket("address", "iid", "fe80::/64", *words, "00", "--network-id", "x", status=2,
               err=["not with --kernel"])


def test_iid_refused():
    with secret_file("0011") as short, secret_file("x" * 40) as other:
        for prefix, name, err in (("fe80::/64", short.name, "at least 16 bytes"),
                                  ("fe80::/64", other.name, "neither hexadecimal"),
                                  ("fe80::/64", "/no/such", "cannot read it"),
                                  ("2001:db8::/48", "/dev/null", "at least 16 bytes")):
            picket("address", "iid", prefix, "--interface-id", "x", "--secret-file", name, status=2,
                   err=[err])
    with secret_file("00" * 16) as f:
        for prefix in ("2001:db8::/48", "2001:db8::1", "eth0"):
            picket("address", "iid", prefix, "--interface-id", "x", "--secret-file", f.name, status=2,
                   err=["no prefix of 64 bits"])
    for words, err in ((["iid"], "PREFIX"), (["iid", "fe80::/64"], "--interface-id"),
                       (["iid", "fe80::/64", "--interface-id", "x"], "--secret-file"),
                       (["iid", "--conflicts", "256", "fe80::/64"], "no number"),
                       (["classify", "--kernel", "::1"], "--kernel: not with classify")):
        picket("address", *words, status=2, err=[err])


def test_audit_of_loopback():
    with tempfile.TemporaryDirectory() as root:
        document = picket_json("address", "audit", "lo", "--root", root)
        same("interfaces", [i["name"] for i in document["interfaces"]], ["lo"])
        same("nothing", (document["findings"], document["fix"], document["rules"]), ([], [], []))
        script = os.path.join(root, "fix.sh")
        picket("address", "audit", "lo", "--root", root, "--fix-script", script,
               err=["nothing to mend"])
        same("script", os.path.exists(script), False)
    for words, err in ((["--root", "/no/such"], "no folder"), (["no-such-if"], "no such interface"),
                       (["--format", "csv"], "audit has table"), (["--binary"], "not with audit")):
        picket("address", "audit", *words, status=2, err=[err])


def test_what_is_wrong():
    for words, err in ((["classify", "/no/such/file"], "/no/such/file"),
                       (["classify", "/"], "cannot read it"),
                       (["sniff"], "sniff: no such action"),
                       (["classify", "--kind", "planet", "::1"], "planet: no such kind"),
                       (["classify", "--in", "2001:db8::/129", "::1"], "no prefix"),
                       (["classify", "--entropy", "3", "::1"], "steps of 4"),
                       (["map", "--bits", "28", "::1"], "steps of 4"),
                       (["classify", "--svg", "::1"], "--svg: not with classify"),
                       (["classify", "--format", "xml", "::1"], "no format"),
                       (["classify", "--vendor", "x", "::1"], "--vendor: not with classify"),
                       (["space", "--unique", "--vendor", "x"], "--unique: not with space"),
                       (["--rate", "1"] * 30 + ["--unique", "space", "--vendor", "x"],
                        "--unique: not with space"),
                       (["space"], "--vendor NAME"),
                       ([], "action (see: picket help address)")):
        picket("address", *words, status=2, err=[err])
    with tempfile.NamedTemporaryFile("wb") as f:
        f.write(b"x" * 17)
        f.flush()
        picket("address", "classify", "--binary", f.name, status=2, err=["record is not whole"])
    picket("address", "classify", "-", text="nothing\n", status=1, err=["no IPv6 address"])


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
