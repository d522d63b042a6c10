#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket address watch: inputs, outputs and errors; what tshark reads out of the same captures; live.

The captures are not part of the project: PICKET_TEST_DATA names the folder that has them. What tshark
reads is compared address by address, with the number of packets that each stands in."""
import collections
import functools
import gzip
import ipaddress
import json
import lzma
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import command  # noqa: E402
import schema  # noqa: E402
from command import PICKET, picket, picket_json, same, SCHEMAS  # noqa: E402

MAC = bytes.fromhex("001b38123456")
EUI64 = ipaddress.IPv6Address("2001:db8:0:1:21b:38ff:fe12:3456")
PLAIN = ipaddress.IPv6Address("2001:db8:0:1::99")
FIELDS = ("ipv6.src", "ipv6.dst", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address",
          "icmpv6.nd.rd.target_address", "dhcpv6.iaaddr.ip")
DUIDS = "dhcpv6.duid.bytes"
SECONDS = 60


def ipv6(src, dst, protocol=59, body=b"", hops=64):
    return struct.pack(">IHBB", 6 << 28, len(body), protocol, hops) + src.packed + dst.packed + body


def ethernet(packet, mac=MAC, kind=0x86DD):
    return bytes.fromhex("333300000001") + mac + struct.pack(">H", kind) + packet


def pcap(frames, link=1):
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    return head + b"".join(struct.pack("<IIII", 1700000000 + i, 5, len(f), len(f)) + f
                           for i, f in enumerate(frames))


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(frames):
    """(link type, frame) each: an interface for each."""
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link, _ in frames:
        out += block(1, struct.pack("<HHI", link, 0, 0))
    for i, (_, f) in enumerate(frames):
        out += block(6, struct.pack("<IIIII", i, 0, 7, len(f), len(f)) + f)
    return out


class File:
    """A file of these bytes, for as long as the block runs."""

    def __init__(self, data, name="capture"):
        self.data, self.name = data, name

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, self.name)
        with open(path, "wb") as f:
            f.write(self.data)
        return path

    def __exit__(self, *_):
        self.folder.cleanup()


def watch(data, *args, status=1):
    with File(data) as path:
        return picket_json("address", "watch", path, *args, status=status)


FRAMES = [ethernet(ipv6(EUI64, PLAIN)), ethernet(ipv6(PLAIN, EUI64), mac=bytes(6))]


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def test_each_form_of_a_file():
    forms = {"pcap": pcap(FRAMES), "pcapng": pcapng([(1, FRAMES[0]), (101, FRAMES[1][14:])])}
    for name, data in list(forms.items()):
        forms[name + ".gz"] = gzip.compress(data)
        forms[name + ".xz"] = lzma.compress(data)
        if shutil.which("zstd"):
            forms[name + ".zst"] = zstd(data)
    for name, data in forms.items():
        document = watch(data)
        same(f"{name}: packets", document["capture"]["packets"], 2)
        same(f"{name}: findings", [(f["kind"], f["subject"], f["certainty"], f["times"],
                                    [e["packet"] for e in f["evidence"]])
                                   for f in document["findings"]],
             [("address-mac", str(EUI64), "certain", 2, [1, 2])])


def test_standard_input():
    with File(gzip.compress(pcap(FRAMES))) as path, open(path, "rb") as f:
        result = subprocess.run([PICKET, "address", "watch", "-"], stdin=f, stdout=subprocess.PIPE,
                                timeout=SECONDS, check=False, encoding="utf-8")
    same("exit", result.returncode, 1)
    if "00:1b:38:12:34:56" not in result.stdout or "2 packets, 2 IPv6 headers" not in result.stdout:
        raise AssertionError(result.stdout)


def test_table_fits_a_terminal():
    with File(pcap(FRAMES)) as path:
        lines = picket("address", "watch", path, status=1).stdout.splitlines()
    same("wide lines", [line for line in lines if len(line) > 80], [])


def test_json_lines_and_metrics():
    with File(pcap(FRAMES)) as path:
        lines = picket("address", "watch", "--format", "jsonl", path, status=1,
                       err=["2 packets"]).stdout.splitlines()
        same("breaches", [schema.breaches(schema.load(SCHEMAS, "finding"), json.loads(line))
                          for line in lines], [[]])
        picket("address", "watch", "--format", "openmetrics", path, status=1,
               out=['picket_findings{kind="address-mac",certainty="certain"} 1\n', "# EOF\n"])


def unreachable(code):
    return ethernet(ipv6(EUI64, PLAIN, 58, bytes([1, code]) + bytes(6) + ipv6(PLAIN, PLAIN)))


def test_rules_are_rules():
    """Those that answer, as picket reads them."""
    with File(pcap([unreachable(3), unreachable(0)])) as path:
        rules = picket("address", "watch", "--format", "rules", path, status=1).stdout
    same("rules", rules.count("-A OUTPUT"), 2)
    with File(rules.encode(), "rules.v6") as path:
        picket("check", path)


def test_redaction():
    """Neither MAC nor network; the same with the same key, and another with another."""
    with File(pcap(FRAMES)) as path, File(b"0123456789abcdef") as key, File(b"x" * 32) as other:
        first = picket("address", "watch", "--redact", "--key", key, path, status=1,
                       not_out=["12:34:56", "fe12:3456", "2001:db8:0:1", path]).stdout
        again = picket("address", "watch", "--redact", "--key", key, path, status=1).stdout
        others = picket("address", "watch", "--redact", "--key", other, path, status=1).stdout
        unkept = [picket("address", "watch", "--redact", path, status=1).stdout for _ in range(2)]
    same("with one key", again, first)
    same("different reports", len({first, others, *unkept}), 4)
    if "00:1b:38:" not in first:
        raise AssertionError(f"the vendor's half is gone: {first}")


def test_damage_is_told():
    """What stands before it is reported all the same."""
    whole = pcap(FRAMES)
    with File(whole[:-1]) as path:
        picket("address", "watch", path, status=1, out=["1 packets"], err=["PK0981", "after packet 1"])
    with File(whole + struct.pack("<IIII", 0, 0, 1 << 30, 1 << 30)) as path:
        picket("address", "watch", path, status=2, out=["2 packets"],
               err=["PK0982", "claims 1073741824 bytes after packet 2"])
    with File(gzip.compress(whole)[:-20]) as path:
        picket("address", "watch", path, status=2, err=["compressed data"])


def test_unread_packets_are_counted():
    cut = struct.pack("<IIII", 1, 0, 20, 90) + ethernet(b"\x60" + bytes(5))
    document = watch(pcap([ethernet(b"\x60" + bytes(5)), ethernet(b"", kind=0x0806)]) + cut, status=0)
    same("unread", {k: v for k, v in document["capture"]["unread"].items() if v},
         {"malformed": 1, "cut": 1})
    same("unread", watch(pcap(FRAMES, 147), status=0)["capture"]["unread"]["link-type"], 2)


def test_end_after_packets():
    same("packets", watch(pcap(FRAMES), "--packets", "1")["capture"]["packets"], 1)


def test_what_is_wrong():
    with File(pcap(FRAMES)) as path, File(b"short") as short, File(b"2001:db8::1\n") as text:
        for words, err in (([path, "--format", "csv"], "no format: table, jsonl"),
                           ([path, "--kind", "global"], "--kind: not with watch"),
                           ([path, path], "single file or interface"),
                           ([], "file or interface"),
                           ([path, "--key", short], "--redact"),
                           ([path, "--redact", "--key", short], "less than 16 bytes"),
                           ([path, "--redact", "--key", "/no/such"], "/no/such"),
                           ([text], "neither pcap nor pcapng"),
                           (["/no/such"], "/no/such"),
                           (["/dev/null"], "empty"),
                           (["/"], "cannot read it")):
            picket("address", "watch", *words, status=2, err=[err])


def captures():
    folder = os.path.join(os.environ.get("PICKET_TEST_DATA", "/nonexistent"), "addresses")
    if not os.path.isdir(folder):
        raise command.tap.Skip("PICKET_TEST_DATA has no captures")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


@functools.cache
def tshark(path):
    """For each packet, the values of FIELDS, and those of DUIDS."""
    if not shutil.which("tshark"):
        raise command.tap.Skip("tshark is not installed")
    fields = [w for f in (*FIELDS, DUIDS) for w in ("-e", f)]
    out = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", *fields],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS,
                         check=True, encoding="utf-8").stdout
    rows = [line.split("\t") for line in out.splitlines()]
    return [([v for cell in row[:-1] for v in cell.split(",") if v],
             [v for v in row[-1].split(",") if v]) for row in rows]


def is_device(address):
    """EUI-64 of one device: no multicast, no group MAC, not of IANA's block."""
    low = int(address) & (1 << 64) - 1
    return (not address.is_multicast and low >> 24 & 0xFFFF == 0xFFFE and not low >> 56 & 1
            and low >> 40 != 0x02005E)


def mac_of(address):
    low = int(address) & (1 << 64) - 1
    mac = (low >> 40 << 24 | low & 0xFFFFFF) ^ 2 << 40
    return ":".join(f"{mac >> s & 255:02x}" for s in range(40, -1, -8))


def packets_by_tshark(path):
    """In how many packets each address stands, by any of the fields."""
    count = collections.Counter()
    for addresses, _ in tshark(path):
        count.update({ipaddress.IPv6Address(a) for a in addresses})
    return count


def test_captures_against_tshark():
    macs, prefixes, found = {}, collections.defaultdict(set), set()
    for path in captures():
        theirs = {a: n for a, n in packets_by_tshark(path).items() if is_device(a)}
        lines = picket("address", "watch", "--format", "jsonl", path,
                       status=1 if theirs else 0).stdout.splitlines()
        ours = [json.loads(line) for line in lines]
        name = os.path.basename(path)
        same(f"{name}: addresses with a MAC, and packets of each",
             {f["subject"]: f["times"] for f in ours if f["kind"] == "address-mac"},
             {str(a): n for a, n in theirs.items()})
        for f in ours:
            if f["kind"] == "address-mac":
                same(f"{name}: MAC", f["value"], mac_of(ipaddress.IPv6Address(f["subject"])))
            if f["kind"] == "same-iid":
                found.add(f["value"])
        for a in theirs:
            macs[mac_of(a)] = a
            prefixes[mac_of(a)].add(int(a) >> 64)
    if not macs:
        raise AssertionError("these captures have no MAC: nothing was compared")
    local = sum(int(m[:2], 16) >> 1 & 1 for m in macs)
    moving = {m for m, p in prefixes.items() if len(p) > 1}
    same("MACs whose identifier has several prefixes", found, moving)
    return f"{len(macs)} MACs, {local} of them local, {len(moving)} under more than one prefix"


def report(path):
    """The document, whatever the exit status."""
    return json.loads(command.ns.run([PICKET, "address", "watch", "--json", path], check=False).stdout)


def test_packets_and_duids_against_tshark():
    duids = 0
    for path in captures():
        theirs = tshark(path)
        document = report(path)
        same(f"{path}: packets", document["capture"]["packets"], len(theirs))
        ours = {f["subject"].replace(":", "") for f in document["findings"] if f["kind"] == "duid"}
        same(f"{path}: DUIDs", ours, {d.replace(":", "") for _, found in theirs for d in found})
        duids += len(ours)
    if not duids:
        raise AssertionError("these captures have no DUID: nothing was compared")
    return f"{duids} DUIDs"


def live(lab, space, *args):
    """picket on the wire's right end, once it says that it is open."""
    process = space.popen([PICKET, "address", "watch", "right", *args], encoding="utf-8",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lab.on_close(process.kill)
    line = process.stderr.readline()
    if not line.startswith("picket address: watching right"):
        raise AssertionError(line + process.stderr.read())
    return process


def is_nobody(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        status = dict(row.rstrip("\n").split(":\t", 1) for row in f if ":\t" in row)
    same("users", set(status["Uid"].split()) | set(status["Gid"].split()), {"65534"})
    same("capabilities", {status[k] for k in ("CapPrm", "CapEff", "CapInh")}, {"0" * 16})


def wire(lab, name):
    space = lab.netns(name)
    space.ip("link add left type veth peer name right")
    space.sysctl(ipv6__conf__left__disable_ipv6=1, ipv6__conf__right__disable_ipv6=1)
    space.ip("link set left up", "link set right up")
    return space


def on_a_wire(lab):
    space = wire(lab, "watch")
    process = live(lab, space, "--packets", "23")
    is_nobody(process)
    with space, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("left", 0))
        for i in range(23):
            s.send(FRAMES[i % 2])
    out, err = process.communicate(timeout=SECONDS)
    same("exit", process.returncode, 1)
    if "23 packets, 23 IPv6 headers" not in out or "00:1b:38:12:34:56" not in out:
        raise AssertionError(out + err)
    process = live(lab, space)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SECONDS)
    same("ended by a signal", (process.returncode, out, err),
         (0, "0 packets, 0 IPv6 headers, 0 addresses\n", ""))


def send(space, frame):
    with space, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("left", 0))
        s.send(frame)


def advertised(mac):
    """A neighbour advertisement: EUI64 has this MAC."""
    body = bytes([136, 0, 0, 0, 0x60, 0, 0, 0]) + EUI64.packed + bytes([2, 1]) + mac
    return ethernet(ipv6(PLAIN, PLAIN, 58, body, 255), mac=bytes(6))


def as_they_are_made(lab):
    """A finding stands there while picket goes on; again only when it is surer; and once at the end."""
    space = wire(lab, "tell")
    process = live(lab, space, "--format", "jsonl")
    send(space, FRAMES[1])
    first = json.loads(process.stdout.readline())
    same("first", (first["subject"], first["certainty"], process.poll()),
         (str(EUI64), "strong" if os.path.exists("/usr/share/ieee-data/oui.csv") else "weak", None))
    send(space, FRAMES[1])
    send(space, advertised(MAC))
    surer = json.loads(process.stdout.readline())
    same("surer", (surer["subject"], surer["certainty"], surer["times"], process.poll()),
         (str(EUI64), "certain", 3, None))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    same("at the end", (process.returncode, out), (1, ""))
    if "3 packets, 3 IPv6 headers, 2 addresses" not in err:
        raise AssertionError(err)


def in_a_lab(test):
    if os.geteuid():
        raise command.tap.Skip("needs root")
    lab = command.ns.Lab()
    try:
        test(lab)
    finally:
        lab.close()


def test_live():
    """23 packets on a wire, and who reads them is no longer root; a signal ends it with a report."""
    in_a_lab(on_a_wire)


def test_live_findings():
    in_a_lab(as_they_are_made)


def test_no_such_interface():
    picket("address", "watch", "nosuchif0", status=2, err=["nosuchif0", "cannot read it"])


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
