#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Verbs that ask the kernel nothing: check, explain with --rules, help, and wrong usage of all."""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import command  # noqa: E402
from command import picket, picket_json, same  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="picket-test-")
V4 = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -j web
-A web -s 192.0.2.0/24 -j DROP
-A web -j ACCEPT
COMMIT
"""
V6 = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
{more}-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""
ND = "".join(f"-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type {kind} -j ACCEPT\n"
             for kind in (133, 134, 135, 136))
DHCP = "-A INPUT -p udp -m udp --sport 547 --dport 546 -j ACCEPT\n"


def file(text, name="rules.v4"):
    path = os.path.join(FOLDER.name, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def test_usage_says_what_is_wrong_and_not_the_whole_help():
    for words, says in ((["frob"], "frob: no such verb"), (["--frob"], "--frob: no such option"),
                        (["check", "--frob"], "--frob: no such option"),
                        (["check", "-x"], "-x: no such option"), (["check"], "needs a FILE"),
                        (["apply"], "needs a FILE"), (["diff"], "needs a FILE"),
                        (["explain"], "needs a PACKET"), (["apply", "f", "--dev"], "needs an argument"),
                        (["apply", "f", "--dev="], "not the name of an interface"),
                        (["apply", "f", "--dev", "a/b"], "not the name of an interface"),
                        (["apply", "f", "--dev", "sixteen-letters-"], "not the name of an interface"),
                        (["apply", "f", "--hook", "nf"], "no such hook"),
                        (["apply", "f", "--memory-max", "1T"], "not a number of bytes"),
                        (["apply", "f", "--memory-max", "0"], "must be from 1"),
                        (["apply", "f", "--classifier", "tss"], "no such classifier: auto or lbvs"),
                        (["apply", "f", "--json=yes"], "takes no argument"),
                        (["status", "eth0"], "eth0: takes no such word"),
                        (["undo", "1"], "takes no such word"), (["detach", "now"], "takes no such word"),
                        (["save", "file"], "takes no such word"), (["help", "frob"], "no such verb"),
                        (["help", "check", "apply"], "takes one verb")):
        lines = picket(*words, status=2, err=[says]).stderr.splitlines()
        same(f"lines of {words}", len(lines), 1)


def test_help_and_version():
    picket("help", out=["check", "apply", "Without a verb: status"])
    picket("--help", out=["check"])
    picket("help", "apply", out=["--dev IF", "--filter-only"])
    picket("apply", "--help", out=["--dev IF"])
    picket("check", "-h", out=["--plan"])
    same("version", picket("--version").stdout.split()[0], "picket")


def test_check_of_good_files():
    picket("check", file(V4), file(V6.format(more=ND + DHCP), "rules.v6"), "-c", "--hook", "auto",
           out=["ipv4  ", "5 rules in 4 chains", "ipv6  ", "7 rules in 3 chains", "good: "])
    document = picket_json("check", file(V4))
    same("families", sorted(document["families"]), ["ipv4"])
    same("rules", document["families"]["ipv4"]["rules"], 5)


def test_check_shows_the_plan():
    shown = picket("check", "--plan", file(V4), out=["how it is read", "no rule asks for: ",
                                                     "binary search", "leaves", "image: "]).stdout
    same("wide lines", [line for line in shown.splitlines() if len(line) > 100], [])
    plan = picket_json("check", "--plan", file(V4))["plan"]
    same("rules", plan["ipv4"]["rules"], 5)
    used = {f["field"] for f in plan["ipv4"]["fields"]}
    same("fields", len(used) > 3, True)


def test_check_reports_every_bad_line():
    bad = V4.replace("--dport 22", "--dprt 22").replace("-s 192.0.2.0/24", "-s 192.0.2.0/33")
    path = file(bad)
    result = picket("check", path, status=2, not_out=["good"])
    for line in (7, 9):
        if f"{path}:{line}:" not in result.stderr:
            raise AssertionError(f"line {line} is not named:\n{result.stderr}")
    document = picket_json("check", path, status=2)
    same("lines", sorted({d["line"] for d in document["diagnostics"]}), [7, 9])
    if "families" in document:
        raise AssertionError("a bad file has a result")


def test_what_cannot_be_read():
    picket("check", os.path.join(FOLDER.name, "none"), status=2, err=["No such file"])
    picket("check", FOLDER.name, status=2, err=["Is a directory"])
    picket("check", "/dev/zero", status=2, err=["File too large"])
    picket("check", file(""), status=2)
    result = picket("check", *["f"] * 17, status=2, err=["too many files"])
    same("lines", len(result.stderr.splitlines()), 1)


def test_an_answer_that_cannot_be_written():
    result = command.ns.run(["sh", "-c", '"$0" check "$1" >/dev/full', command.PICKET, file(V4)],
                            check=False)
    same("exit", result.returncode, 3)
    same("says so", "cannot write" in result.stderr, True)


def test_standard_input_is_a_file():
    picket("check", "-", text=V4, out=["5 rules"])
    picket("check", "-6", "-", text=V6.format(more=""), out=["ipv6  -: 2 rules"])


def test_two_files_of_a_family_are_refused_by_name():
    a, b = file(V4, "a.v4"), file(V4, "b.v4")
    picket("check", a, b, status=2, err=[f"{b}: error PK0902: is IPv4, and so is {a}"])
    picket("check", a, "-6", file(V6.format(more=""), "c.v4"), out=["ipv4  ", "ipv6  "])


def test_other_tables_are_named():
    path = file("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n" + V4)
    picket("check", path, err=["nat", "mangle", "--filter-only"])
    picket("check", path, "--filter-only", not_err=["mangle"])
    result = picket("apply", path, status=2, err=["nat", "mangle", "--filter-only", "error PK0903"])
    same("stdout", result.stdout, "")


def test_neighbour_discovery_that_would_be_dropped_is_named():
    path = file(V6.format(more=""), "rules.v6")
    result = picket("check", path, err=["policy of INPUT drops NS, NA, RA, DHCPv6",
                                        "no neighbour finds this host: accept icmpv6 types"],
                    not_err=["OUTPUT"])  # OUTPUT accepts
    same("one warning of two lines", len(result.stderr.splitlines()), 2)
    same("wide lines", [line for line in result.stderr.splitlines() if len(line) > 79], [])
    picket("check", file(V6.format(more=ND + DHCP), "rules.v6"), not_err=["PK1201"])
    picket("check", file(V6.format(more=ND), "rules.v6"), err=["INPUT drops DHCPv6", "udp port 546"],
           not_err=["NS", "RA"])


def test_neighbour_discovery_dropped_by_a_rule_is_named_with_its_line():
    path = file(V6.format(more="-A INPUT -i eth7 -p ipv6-icmp -j DROP\n" + ND + DHCP), "rules.v6")
    result = picket("check", path, err=[f"{path}:6: warning PK1201: this rule of INPUT drops",
                                        "on eth7"])
    same("policy is not blamed", "policy of" in result.stderr, False)


def test_shadowed_duplicate_and_unequal_rules():
    more = "-A web -p udp -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j DROP\n" \
           "-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    path = file(V4.replace("COMMIT\n", more))
    picket("check", path, err=[f"{path}:11: warning PK1203", "decided by line 10",
                               f"{path}:12: warning PK1203", "decided by line 7",
                               f"{path}:13: warning PK1202", "already in line 6"])
    picket("check", file(V4), not_err=["PK1202", "PK1203"])
    picket("check", file(V4), file(V6.format(more=ND).replace("FORWARD DROP", "FORWARD ACCEPT"), "r.v6"),
           err=["PK1204", "not in the IPv6 rules: -A INPUT -p tcp -m multiport --dports 80,443 -j web",
                "the policies of FORWARD differ: IPv4 DROP, IPv6 ACCEPT"],
           not_err=["not in the IPv6 rules: -A INPUT -i lo"])


def test_check_for_a_hook():
    picket("check", file(V4), "--hook", "tc", err=["PK0907", "PK0908"])
    picket("check", file(V4), "--hook=netfilter", not_err=["PK0907"])


def test_the_image_has_a_limit():
    picket("check", file(V4), "--memory-max", "3K", status=2,
           err=["error PK1104", "3072 bytes", "protocol and status"])
    size = picket_json("check", file(V4))["image_bytes"]
    picket("check", file(V4), "--memory-max", str(size), out=["good"])
    picket("check", file(V4), "--memory-max", str(size - 1), status=2, err=["error PK1104"])


def test_plain_bit_vectors_are_planned_and_refused_by_name():
    """One address each: as many rows as rules, each with a bit for each rule."""
    path = file("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" +
                "".join(f"-A INPUT -s 10.0.{2 * i >> 8}.{2 * i & 255} -j DROP\n" for i in range(600)) +
                "COMMIT\n", "wide.v4")
    picket("check", "--plan", "--classifier", "lbvs", path, out=["classifier: lbvs", "all read in turn"])
    plan = {c: picket_json("check", "--plan", "--classifier", c, path)["plan"] for c in ("auto", "lbvs")}
    for name, one in plan.items():
        same("classifier", one["classifier"], name)
    same("bytes of rows", plan["lbvs"]["ipv4"]["row_bytes"], (600 + 1 + 1) * 1024 // 8)
    picket("check", "--plan", path, out=["words of zeros left out"], not_out=["lbvs"])
    limit = ["--memory-max", str(plan["auto"]["image_bytes"])]
    picket("check", path, *limit, out=["good"])
    picket("check", path, *limit, "--classifier", "lbvs", status=2,
           err=["error PK1104", "rows (bit vectors)", "--classifier auto"])


def test_lines_that_end_in_cr_lf_are_named_once():
    path = os.path.join(FOLDER.name, "crlf.v4")
    with open(path, "wb") as f:
        f.write(V4.replace("\n", "\r\n").encode())
    result = picket("check", path, status=2, err=[f"{path}:1:8: error PK0002", "CR LF", "sed -i"])
    same("errors", result.stderr.count("error"), 1)


def test_explain_names_rule_file_and_line():
    path = file(V4)
    dropped = ["explain", "--rules", path, "in", "eth0", "tcp", "192.0.2.9:1", "to", "10.0.0.1:443"]
    picket(*dropped, status=1, out=["DROP in INPUT by rule", "-A web -s 192.0.2.0/24 -j DROP",
                                    f"{path}:9", "in-interface", "matched, went on"])
    picket("explain", "--rules", path, "tcp 192.0.3.9:1 > 10.0.0.1:443", out=["ACCEPT", f"{path}:10"])
    picket("explain", "--rules", path, "udp", "10.0.0.1:53", "->", "10.0.0.2:53", status=1,
           out=["DROP by the policy of INPUT"])
    picket("explain", "--rules", path, "out eth0 udp 10.0.0.1:53 to 10.0.0.2:53",
           out=["ACCEPT by the policy of OUTPUT"])
    picket("explain", "--rules", path, "in a out b udp 10.0.0.1:53 to 10.0.0.2:53", status=1,
           out=["policy of FORWARD"])
    picket("explain", "--rules", path, "icmpv6 fe80::1 to fe80::2", out=["ACCEPT", "no IPv6 rules"])


def test_explain_says_what_a_match_lacks():
    path = file(V4.replace("-j web", "-m tcp --syn -j web"))
    picket("explain", "--rules", path, "tcp 10.0.0.1 to 10.0.0.2:smtp", status=1,
           out=["destination port  -A INPUT -p tcp -m tcp --dport 22",
                "destination port  -A INPUT -p tcp -m multiport"])
    picket("explain", "--rules", path, "tcp 10.0.0.1 to 10.0.0.2:https flags ACK", status=1,
           out=["TCP flags         -A INPUT -p tcp -m multiport"])
    path = file(V4.replace("--dports 80,443", "--ports 80,443"))  # source, or destination
    picket("explain", "--rules", path, "tcp 10.0.0.1 to 10.0.0.2:smtp", status=1,
           out=["multiport         -A INPUT"])
    path = file(V4.replace("-i lo", "-p icmp -m icmp --icmp-type 8"))
    picket("explain", "--rules", path, "icmp 10.0.0.1 to 10.0.0.2 type echo-reply", status=1,
           out=["ICMP type and code"])


def test_explain_in_json():
    words = ["--rules", file(V4), "tcp", "192.0.2.9:1", "to", "10.0.0.1:443"]
    document = picket_json("explain", *words, status=1)
    same("verdict", (document["verdict"], document["by"], document["rule"]["line"]), ("DROP", "rule", 9))
    same("looks", [r["answer"] for r in document["rules"]], ["no", "no", "matched", "matched"])
    picket_json("explain", "tcp", "nonsense", "to", "10.0.0.1", status=2)


def test_explain_takes_a_frame():
    ip = "4500001c00004000400600000a0000010a000002"
    picket("explain", "--rules", file(V4), "--frame", "ffffffffffff0200000000010800" + ip +
           "0001001600000000", status=1, out=["hotdrop"])  # eight bytes of a TCP header
    picket("explain", "--rules", file(V4), "--frame", "zz", status=2, err=["hex"])
    picket("explain", "--rules", file(V4), "--frame", ip, "tcp 1.2.3.4 to 1.2.3.5", status=2,
           err=["not both"])
    picket("explain", "--rules", file(V4), "in", "lo", "--frame", ip, out=["ACCEPT", "-i lo"])


def test_explain_hides_no_count():
    many = "".join(f"-A INPUT -p tcp -m tcp --dport {p} -j ACCEPT\n" for p in range(1000, 1100))
    path = file(V4.replace("COMMIT\n", many + "COMMIT\n"))
    words = ["explain", "--rules", path, "udp 10.0.0.1:1 to 10.0.0.2:2"]
    picket(*words, status=1, out=["and 91 more that did not match"])  # 103 looked at, 12 shown
    picket(*words, "--all", status=1, out=["--dport 1099"], not_out=["more that did not"])


def test_hostile_text_is_shown_as_text():
    path = file(V4.replace("-A INPUT -i lo", "-A INPUT -m comment --comment \"\x1b[31m\" --frob"))
    result = picket("check", path, status=2)
    same("no escape is printed", "\x1b" in result.stderr + result.stdout, False)


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
