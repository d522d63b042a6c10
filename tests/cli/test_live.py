#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that change or ask the kernel, each in a network namespace of its own, and what they print
under --json against the schemas. Traffic: a prime count of pings over loopback.
"""
import json
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import command  # noqa: E402
from command import picket, picket_json, same  # noqa: E402
from pktest import fence, ns  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="picket-test-")
LAB = ns.Lab()
PINGS = 23
V4 = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:user - [0:0]
-A INPUT -i lo -j user
-A user -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A user -p icmp -j ACCEPT
COMMIT
"""
V6 = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
COMMIT
"""


def file(text, name):
    path = os.path.join(FOLDER.name, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Space:
    """A namespace with loopback up; on leaving, the fence goes first and then the namespace."""

    number = 0

    def __enter__(self):
        fence.need_netfilter_link()
        Space.number += 1
        self.space = LAB.netns(f"cli{Space.number}")
        ns.quiet(self.space)
        return self.space

    def __exit__(self, *_):
        self.space.run([command.PICKET, "detach"], check=False)
        LAB.drop(self.space)


def apply(space, v4=V4, v6=V6):
    return picket("apply", file(v4, "r.v4"), file(v6, "r.v6"), space=space)


def test_nothing_stands():
    with Space() as space:
        picket(status=1, out=["none stands", "every packet passes"], space=space)
        same("standing", picket_json("status", status=1, space=space)["standing"], False)
        picket("save", status=1, err=["no fence stands"], space=space)
        picket_json("save", status=1, space=space)
        picket("undo", status=1, err=["error PK"], space=space)
        picket_json("undo", status=1, space=space)
        picket("detach", out=["nothing to do"], not_err=["error"], space=space)
        same("detached", picket_json("detach", space=space)["detached"], False)
        picket("diff", file(V4, "r.v4"), status=1, out=["+ -A INPUT -i lo -j user"], space=space)
        picket("explain", "tcp 1.2.3.4 to 1.2.3.5:22", out=["ACCEPT: no fence stands"], space=space)
        picket_json("explain", "tcp 1.2.3.4 to 1.2.3.5:22", space=space)


def test_a_kernel_without_btf_is_not_said_to_lack_xdp_links():
    with Space() as space:
        hide = ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /sys/kernel/btf && mount -t tmpfs "
                'tmpfs /boot && exec "$@"', "sh"]
        shown = space.run([*hide, command.PICKET, "status"], check=False)
        same("exit", shown.returncode, 1)
        same("kernel", ("BTF NO" in shown.stdout, "XDP links" in shown.stdout), (True, False))


def test_apply_one_family_says_that_the_other_is_open():
    with Space() as space:
        picket("apply", file(V4, "r.v4"), out=["ipv4  3 rules in force", "ipv6  OPEN"],
               err=["IPv6 is OPEN", "apply -6"], not_err=["IPv4 is OPEN"], space=space)
        picket(out=["fence     standing: netfilter", "OPEN"], err=["IPv6 is OPEN"], space=space)
        document = picket_json("status", space=space)
        same("open", [document["families"][f]["open"] for f in ("ipv4", "ipv6")], [False, True])
        picket("explain", "tcp fe80::1 to fe80::2:22", out=["ACCEPT: no IPv6 rules"], space=space)
        document = picket_json("apply", file(V6, "r.v6"), space=space)
        same("families", (document["families"]["ipv4"]["given"], document["families"]["ipv6"]["open"]),
             (False, False))
        same("IPv4 stays", "-A user" in picket("save", "-4", space=space).stdout, True)


def test_apply_is_all_or_nothing():
    with Space() as space:
        apply(space)
        before = picket_json("status", space=space)
        picket("apply", file(V4.replace("icmp-type 8", "icmp-type 888"), "r.v4"), file(V6, "r.v6"),
               status=2, err=["r.v4:7:"], space=space)
        picket_json("apply", file("*filter\n-A NONE -j ACCEPT\nCOMMIT\n", "r.v4"), status=2, space=space)
        same("generation", picket_json("status", space=space)["generation"], before["generation"])


def test_a_set_past_its_memory_is_refused_and_nothing_is_touched():
    with Space() as space:
        words = ["apply", "--memory-max", "2K", file(V4, "r.v4")]
        picket(*words, status=2, err=["error PK1104", "2048 bytes", "protocol and status"], space=space)
        picket(status=1, out=["none stands"], space=space)
        apply(space)
        before = picket_json("status", space=space)
        picket(*words, status=2, err=["error PK1104"], space=space)
        same("status", picket_json("status", space=space), before)


def test_status_shows_the_bytes_of_each_structure():
    with Space() as space:
        apply(space)
        picket(out=["ipv4 rows ", "leaves ", "in-interface ", "ipv6 rows "], space=space)
        document = picket_json("status", space=space)
        plan = picket_json("check", "--plan", file(V4, "r.v4"), file(V6, "r.v6"))["plan"]
        same("plan", document["plan"], plan)
        ranges = (f"-A INPUT -p tcp --dport {i}:{i + 20000} -j DROP\n" for i in range(300))
        hosts = (f"-A INPUT -s 192.0.2.{i} -j DROP\n" for i in range(100))
        many = file(f"*filter\n{''.join(ranges)}{''.join(hosts)}COMMIT\n", "many.v4")
        picket("apply", "-4", many, space=space)
        plan = picket_json("check", "--plan", many)["plan"]
        if not plan["ipv4"]["order_bytes"] or not plan["ipv4"]["list_bytes"]:
            raise AssertionError(f"no order of bits, or no lists, in {plan}")
        same("plan of many", picket_json("status", space=space)["plan"]["ipv4"], plan["ipv4"])


def test_the_classifier_is_shown_and_a_changed_rule_keeps_it():
    with Space() as space:
        v4 = file(V4, "r.v4")
        picket("apply", "--classifier", "lbvs", v4, space=space)
        picket(out=["classifier lbvs"], space=space)
        same("classifier", picket_json("status", space=space)["classifier"], "lbvs")
        picket("rule", "append", "INPUT", "-p", "udp", "-j", "DROP", space=space)
        status = picket_json("status", space=space)
        same("classifier", (status["classifier"], status["plan"]["classifier"]), ("lbvs", "lbvs"))
        picket("apply", v4, space=space)
        same("classifier", picket_json("status", space=space)["classifier"], "auto")
        picket("undo", space=space)
        same("classifier", picket_json("status", space=space)["classifier"], "lbvs")


def test_counters_are_exact_and_stay():
    with Space() as space:
        apply(space)
        ping = ["ping", "-c", str(PINGS), "-i", "0.01", "-W", "1", "127.0.0.1"]
        space.run(ping)
        save = fence.Counters(picket("save", "-c", "-4", space=space).stdout)
        # requests and replies: 84 bytes each, both through OUTPUT and INPUT
        same("echo requests", save.of("--icmp-type 8"), (PINGS, PINGS * 84))
        same("jump", save.of("-A INPUT"), (2 * PINGS, 2 * PINGS * 84))
        same("policy", save.of(":OUTPUT"), (2 * PINGS, 2 * PINGS * 84))
        apply(space, V4.replace("COMMIT", "-A user -j DROP\nCOMMIT"))
        space.run(ping)
        save = fence.Counters(picket("save", "-c", "-4", space=space).stdout)
        same("after a change", save.of("--icmp-type 8"), (2 * PINGS, 2 * PINGS * 84))
        document = picket_json("status", space=space)
        chains = {c["chain"]: c for c in document["families"]["ipv4"]["chains"]}
        same("status", chains["OUTPUT"]["counters"]["packets"], 4 * PINGS)
        same("user chains have no policy", "policy" in chains["user"], False)


def long(comment, n=1500):
    """A set whose text is long enough that programs are loaded while it is read."""
    rules = "".join(f"-A user -s 10.0.{i >> 8}.{i & 255}/32 -m comment --comment {comment}{i} -j DROP\n"
                    for i in range(n))
    return V4.replace("-A user -p icmp -j", rules + "-A user -p icmp -j")


def test_programs_that_were_loaded_ahead_judge_as_others():
    # of the second, the tables are far smaller than its text lets expect: they are loaded again
    for comment in "c", "c" * 240:
        with Space() as space:
            v4 = file(long(comment), "long.v4")
            picket("apply", v4, out=["ipv4  1503 rules in force"], space=space)
            picket("diff", v4, out=["no difference"], space=space)
            space.run(["ping", "-c", str(PINGS), "-i", "0.01", "-W", "1", "127.0.0.1"])
            save = fence.Counters(picket("save", "-c", "-4", space=space).stdout)
            same("jump", save.of("-A INPUT"), (2 * PINGS, 2 * PINGS * 84))
            picket("apply", file(V4, "r.v4"), space=space)
            picket("undo", space=space)
            picket("diff", v4, out=["no difference"], space=space)


def test_programs_that_were_loaded_ahead_in_vain_leave_nothing():
    with Space() as space:
        bad = file(long("c").replace("icmp-type 8", "icmp-type 888"), "long.v4")
        picket("apply", bad, status=2, err=["888"], space=space)
        picket(status=1, out=["none stands"], space=space)
        v4 = file(long("c"), "long.v4")
        picket("apply", "--memory-max", "2048", v4, status=2, err=["error PK1104"], space=space)
        picket(status=1, out=["none stands"], space=space)


def test_connections_without_any():
    with Space() as space:
        picket("conn", err=["no such connections"], space=space)
        same("list", picket_json("conn", space=space)["connections"], [])
        same("count", picket_json("conn", "count", space=space)["count"], 0)
        picket("conn", "delete", "--all", status=1, out=["0 connections deleted"], space=space)
        same("connections", "connections" in picket_json("status", status=1, space=space), False)


def test_save_can_be_read_back():
    with Space() as space:
        apply(space)
        text = picket("save", "-c", space=space).stdout
        same("families", (text.count("*filter"), text.count("# Generated by ip")), (2, 2))
        both = file(text, "saved")
        picket("diff", both, out=["no difference"], space=space)
        same("differs", picket_json("diff", both, space=space)["differs"], False)
        picket("apply", both, out=["ipv4  3 rules", "ipv6  1 rule in force"], space=space)
        same("again", picket("save", "-c", space=space).stdout, text)
        same("v4", picket("save", "-4", space=space).stdout.split("*")[1].splitlines()[1:],
             V4.splitlines()[1:] + ["# Completed"])
        same("JSON", picket_json("save", "-4", space=space)["ipv4"],
             picket("save", "-4", space=space).stdout.splitlines())


def test_counters_are_loaded_only_with_c():
    with Space() as space:
        counted = V4.replace("-A INPUT", "[7:700] -A INPUT")
        apply(space, counted)
        picket("save", "-c", out=["[0:0] -A INPUT"], space=space)
        picket("apply", "-c", file(counted, "r.v4"), space=space)
        picket("save", "-c", out=["[7:700] -A INPUT"], space=space)


def test_diff_and_undo():
    with Space() as space:
        apply(space)
        other = file(V4.replace("-j ACCEPT\nCOMMIT", "-j DROP\nCOMMIT").replace("FORWARD DROP",
                                                                              "FORWARD ACCEPT"), "o.v4")
        picket("diff", other, status=1, space=space,
               out=["- :FORWARD DROP", "+ :FORWARD ACCEPT", "- -A user -p icmp -j ACCEPT",
                    "+ -A user -p icmp -j DROP"], not_out=["--icmp-type", "ipv6"])
        changes = picket_json("diff", other, status=1, space=space)["ipv4"]
        same("changes", sorted(c["change"] for c in changes), ["add", "policy", "remove"])
        first = picket_json("status", space=space)["id"]
        picket("apply", other, space=space)
        second = picket_json("status", space=space)["id"]
        same("other id", first != second, True)
        picket("undo", out=[f"back to rule set {first}"], space=space)
        same("and forth", picket_json("undo", space=space)["id"], second)


def test_explain_of_the_live_set_names_file_and_line():
    with Space() as space:
        apply(space)
        picket("explain", "in lo icmp 127.0.0.1 to 127.0.0.1 type 0", space=space,
               out=["ACCEPT in INPUT by rule", "-A user -p icmp -j ACCEPT", "r.v4:8", "r.v4:8"])
        document = picket_json("explain", "in eth0 icmp 10.0.0.1 to 10.0.0.2", status=1, space=space)
        same("by", (document["verdict"], document["by"], document["chain"]), ("DROP", "policy", "INPUT"))


def test_detach_leaves_nothing():
    with Space() as space:
        apply(space)
        pins = picket_json("status", space=space)["pins"]
        same("detached", picket_json("detach", space=space)["detached"], True)
        same("pins", os.path.exists(pins), False)
        picket(status=1, out=["none stands"], space=space)
        space.run(["ping", "-c", "1", "-W", "1", "127.0.0.1"])


def test_an_interface_that_is_not_there():
    with Space() as space:
        picket("apply", "--dev", "none0", file(V4, "r.v4"), status=3, err=["none0"], space=space)
        picket_json("apply", "--dev", "none0", file(V4, "r.v4"), status=3, space=space)
        picket(status=1, out=["none stands"], space=space)


def left_by_the_dead(name):
    """What `status` elsewhere says once a namespace with a fence has gone, whose pins go too."""
    dead = LAB.netns(name)
    ns.quiet(dead)
    apply(dead)
    pins = picket_json("status", space=dead)["pins"]
    LAB.drop(dead)
    with Space() as space:
        said = picket("status", status=1, space=space).stderr
        same("pins", os.path.exists(pins), False)
    return said


def test_fence_of_a_dead_namespace_is_swept():
    """By whoever comes first: another picket on this machine may, so that ours has nothing to say."""
    fence.need_netfilter_link()
    said = [left_by_the_dead("dead")]
    while "removed what" not in said[-1] and len(said) < 10:
        said.append(left_by_the_dead("dead"))
    same("said", bool(re.search(r"removed what \d+ dead network namespaces? left", said[-1])), True)


def test_without_privilege():
    program = os.path.join(FOLDER.name, "picket")  # the build folder may be closed to others
    shutil.copy(command.PICKET, program)
    with Space() as space:
        os.chmod(FOLDER.name, 0o755)
        for words in (["status"], ["apply", file(V4, "r.v4")], ["detach"], ["undo"], ["save"]):
            run = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
                   program, *words, "--json"]
            result = space.run(run, check=False)
            document = json.loads(result.stdout)
            same(f"{words[0]}: exit", (result.returncode, document["exit"]), (3, 3))
            text = " ".join(d["text"] + d.get("hint", "") for d in document["diagnostics"])
            same(f"{words[0]}: names root ({text})", "run it as root" in text, True)


if __name__ == "__main__":
    if os.geteuid():
        print("1..0 # SKIP needs root")
        sys.exit(0)
    sys.exit(command.run_all(sys.modules[__name__]))
