#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket address audit and its cures, on a kernel's own addresses.

        host, eth0 00:1b:38:12:34:56  ----  r0 fe80::1, router
                                            lo 2001:db8:ffff::1, the outside

The router's advertisements are sent by the test, so that each address comes when it is asked for.

    test_audit.py [WORDS]...      those whose names have one of these words in them
"""
import datetime
import json
import os
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import closing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib/py"), os.path.join(HERE, "../cli")]

from pktest import fence, hosts, ns, tap  # noqa: E402
import schema  # noqa: E402

PICKET = fence.Picket.binary
SCHEMA = schema.load(os.path.join(HERE, "../../docs/schemas"), "address")
MAC = "00:1b:38:12:34:56"
PREFIX = "2001:db8:1::"
EUI64 = "2001:db8:1:0:21b:38ff:fe12:3456"
OUTSIDE = "2001:db8:ffff::1"
SECRET = "2001:db8:1:2:3:4:5:6"
COUNT = 23
SO_BINDTODEVICE = 25


class Net:
    """Host and router; `with Net(lab):` for each test, so that nothing is left from the one before."""

    def __init__(self, lab, dev="eth0"):
        self.lab, self.dev = lab, dev
        self.host, self.router = lab.netns("host"), lab.netns("router")
        for space in (self.host, self.router):
            ns.quiet(space)
        self.host.ip(f"link add {dev} address {MAC} type veth peer name r0 address 00:1b:38:00:00:01 "
                     f"netns {self.router.name}")
        self.knob(accept_ra=1, autoconf=1, use_tempaddr=0)
        self.router.sysctl(ipv6__conf__all__forwarding=1)  # else its advertisements say: no router
        self.router.ip("link set r0 addrgenmode none", "link set r0 up",
                       f"addr add {OUTSIDE}/128 dev lo", "addr add fe80::1/64 dev r0 nodad",
                       f"route add {PREFIX}/64 dev r0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lab.drop(self.host)
        self.lab.drop(self.router)

    def knob(self, **values):
        with self.host:
            for name, value in values.items():
                with open(f"/proc/sys/net/ipv6/conf/{self.dev}/{name}", "w", encoding="ascii") as f:
                    f.write(f"{value}\n")

    def up(self):
        self.host.ip(f"link set {self.dev} up")
        hosts.until(lambda: "fe80::" in self.addresses(), "no link-local address")

    def addresses(self):
        return self.host.run(["ip", "-6", "addr", "show", "dev", self.dev]).stdout

    def advertise(self):
        """A router advertisement of the prefix, as RFC 4861, 4.2 and 4.6.2 have it; again while the host
        is not ready for it."""
        head = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
        option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0)
        with self.router, socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"r0\0")
            index = socket.if_nametoindex("r0")
            s.bind(("fe80::1", 0, 0, index))
            message = head + option + socket.inet_pton(socket.AF_INET6, PREFIX)
            s.sendto(message, ("ff02::1", 0, 0, index))

            def taken():
                if "dynamic" not in self.addresses():
                    s.sendto(message, ("ff02::1", 0, 0, index))
                return "dynamic" in self.addresses() and "tentative" not in self.addresses()

            hosts.until(taken, "no address of the advertisement")
        return self

    def audit(self, *words, status=None):
        result = self.host.run([PICKET, "address", "audit", *words], check=False)
        if status is not None and result.returncode != status:
            raise AssertionError(f"exit {result.returncode}, expected {status}: {result}")
        return result

    def document(self, *words):
        result = self.audit(*words, "--json")
        document = json.loads(result.stdout)
        problems = schema.breaches(SCHEMA, document)
        if problems or result.stderr:
            raise AssertionError("\n".join(problems) + result.stderr)
        return document

    def judged(self, *words):
        """The addresses of the interface as the audit has them."""
        for link in self.document(*words)["interfaces"]:
            if link["name"] == self.dev:
                return {a["address"]: a for a in link["addresses"]}, link
        raise AssertionError("the interface is missing")

    def kinds(self, *words):
        """(kind, subject) of each finding."""
        return {(f["kind"], f["subject"]) for f in self.document(*words)["findings"]}


def same(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, expected {wanted!r}")


def origins(addresses):
    return sorted((a["origin"], a["certainty"]) for a in addresses.values() if a["kind"] != "link-local")


def eui64_is_told(lab):
    with Net(lab) as net:
        net.up()
        net.advertise()
        addresses, link = net.judged()
        same("mode", (link["addr_gen_mode"], link["secret"]), ("eui64", "none"))
        found = addresses[EUI64]
        same("origin", (found["origin"], found["certainty"], found["mac"]), ("eui64", "certain", MAC))
        same("source", found["source"], True)
        same("attacks", set(found["attacks"].values()), {"device-lifetime", "possible"})
        same("host", net.document()["host"], found["attacks"])
        same("findings", net.kinds(), {("source-mac", EUI64), ("mac-setting", "eth0")})
        net.audit(status=1)


def all_are_told_apart(lab):
    """Stable from a secret, temporary, manual, DHCPv6-like and token, each by what proves it."""
    with Net(lab) as net:
        net.knob(stable_secret=SECRET, use_tempaddr=2)
        net.up()
        net.advertise()
        net.host.ip(f"addr add {PREFIX}5:99/128 dev eth0 valid_lft 3600 preferred_lft 1800 nodad",
                    f"addr add {PREFIX}8d4f:61c2:9be0:a713/64 dev eth0 nodad")
        addresses, link = net.judged()
        same("secret", (link["addr_gen_mode"], link["secret"]), ("stable_secret", "known"))
        same("origins", origins(addresses),
             [("dhcpv6", "strong"), ("manual", "certain"), ("stable-opaque", "certain"),
              ("temporary", "certain")])
        source = [a["origin"] for a in addresses.values() if a["source"]]
        same("source", source, ["temporary"])
        stable = [a for a in addresses.values() if a["origin"] == "stable-opaque"]
        same("proofs", {a["proof"] for a in stable}, {"the kernel's secret makes it"})
        same("stable addresses, the link-local one too", len(stable), 2)
        if SECRET in json.dumps(net.document()) or SECRET in net.audit().stdout:
            raise AssertionError("the secret is told")
        same("host", net.document()["host"]["location-tracking"], "address-lifetime")  # manual
        net.host.ip(f"addr del {PREFIX}8d4f:61c2:9be0:a713/64 dev eth0",
                    f"addr del {PREFIX}5:99/128 dev eth0")
        same("host", net.document()["host"],
             {"correlation": "address-lifetime", "location-tracking": "no", "address-scanning": "no",
              "device-exploits": "no"})


def secret_that_changed(lab):
    """An address of an earlier secret: the flag is there, the proof is not."""
    with Net(lab) as net:
        net.knob(stable_secret=SECRET)
        net.up()
        net.advertise()
        net.knob(stable_secret="2001:db8::1")
        found = [a for a in net.judged()[0].values() if a["origin"] == "stable-opaque"]
        same("stable", [a["certainty"] for a in found], ["strong", "strong"])


def duplicate_counts(lab):
    """The kernel counts on after a duplicate, and so does the proof."""
    with Net(lab) as net:
        net.knob(stable_secret=SECRET, dad_transmits=1, accept_dad=1)
        net.host.sysctl(ipv6__conf__all__accept_dad=1)
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(SECRET)
            f.flush()
            made = ns.run([PICKET, "address", "iid", f"{PREFIX}/64", "--kernel", "--secret-file", f.name,
                           "--interface-id", "00:00:00:00:00:00"]).stdout.strip()
        net.router.ip(f"addr add {made}/64 dev r0 nodad")
        net.up()
        net.advertise()
        found = [a for a in net.judged()[0].values()
                 if a["origin"] == "stable-opaque" and a["kind"] != "link-local"]
        same("proof", [a["proof"] for a in found if a["address"] != made],
             ["the kernel's secret makes it, after one duplicate"])


def token_is_told(lab):
    with Net(lab) as net:
        net.knob(router_solicitations=1)  # without it the kernel takes no token
        net.host.run(["ip", "token", "set", "::dead:beef:5:6", "dev", "eth0"])
        net.up()
        net.advertise()
        addresses, link = net.judged()
        same("token", link["token"], "::dead:beef:5:6")
        same("origin", addresses[f"{PREFIX[:-1]}0:dead:beef:5:6"]["origin"], "token")


def one_secret(lab):
    """Virtual devices have no permanent hardware address: one secret, one identifier."""
    with Net(lab) as net:
        net.host.ip("link add eth1 type veth peer name eth2")
        for dev in ("eth0", "eth1"):
            net.dev = dev
            net.knob(stable_secret=SECRET)
        same("findings", net.kinds(), {("one-secret", "eth1")} |
             {k for k in net.kinds() if k[0] == "mac-setting"})


def run_fix(net, tree, script):
    """Runs the script with /etc and /run of the tree, and the managers' commands replaced by nothing;
    then asks again."""
    stubs = os.path.join(tree, "bin")
    os.makedirs(stubs, exist_ok=True)
    for name in ("networkctl", "nmcli", "netplan", "dhcpcd"):
        with open(os.path.join(stubs, name), "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\necho {name} \"$@\" >>{tree}/called\n")
        os.chmod(os.path.join(stubs, name), 0o755)
    os.symlink(PICKET, os.path.join(stubs, "picket"))
    for folder in ("etc", "etc/sysctl.d", "run"):
        os.makedirs(os.path.join(tree, folder), exist_ok=True)
    net.host.run(["unshare", "-m", "sh", "-ec",
                  'mount --bind "$1/etc" /etc; mount --bind "$1/run" /run; PATH=$1/bin:$PATH; sh "$2"',
                  "sh", tree, script], check=False)


def fix_removes_the_finding(lab):
    for dev in ("eth0", "a;$(id)'b"):  # a name that a shell would run
        with tempfile.TemporaryDirectory() as tree, Net(lab, dev) as net:
            net.up()
            net.advertise()
            script = os.path.join(tree, "fix.sh")
            net.audit("--fix-script", script, status=1)
            net.audit("--fix-script", script, status=2)  # what is there is not overwritten
            same("mode", oct(os.stat(script).st_mode & 0o777), "0o700")
            run_fix(net, tree, script)
            net.advertise()
            same("origins", [o for o, _ in origins(net.judged()[0])], ["stable-opaque", "temporary"])
            same("findings", net.kinds(), set())
            net.audit(status=0)
            with open(os.path.join(tree, "etc/sysctl.d/60-ipv6-addresses.conf"), encoding="utf-8") as f:
                keys = [line.split(" = ")[0] for line in f]
            same("kept", keys,
                 [f"net/ipv6/conf/{dev}/{key}" for key in ("stable_secret", "use_tempaddr")])


def server_keeps_a_stable_one(lab):
    with tempfile.TemporaryDirectory() as tree, Net(lab) as net:
        net.up()
        net.advertise()
        script = os.path.join(tree, "fix.sh")
        net.audit("--fix-script", script, status=1)
        with open(script, encoding="utf-8") as f:
            text = f.read()
        with open(script, "w", encoding="utf-8") as f:
            f.write(text.replace("temporary=yes", "temporary=no"))
        run_fix(net, tree, script)
        net.advertise()
        same("origins", [o for o, _ in origins(net.judged()[0])], ["stable-opaque"])
        same("findings", net.kinds(), set())


def sources(net):
    return [a["origin"] for a in net.judged()[0].values() if a["source"]]


def propose(net):
    """Runs what the finding of the source proposes."""
    finding = next(f for f in net.document()["findings"] if f["kind"] == "source-mac")
    for line in finding["setting"].splitlines():
        net.host.run(["sh", "-c", line])
    same("kind", {k for k, s in net.kinds() if s == finding["subject"]}, {"address-mac"})


def selection_stops_its_use(lab):
    """The first cure: the address stays, and is source no more; its temporary ones stay, too."""
    with Net(lab) as net:
        net.knob(use_tempaddr=1)  # temporary ones are made, and the public one is preferred
        net.up()
        net.advertise()
        same("source before", sources(net), ["eui64"])
        propose(net)
        same("source", sources(net), ["temporary"])
        net.advertise()
        same("source after an advertisement", sources(net), ["temporary"])
    with Net(lab) as net:
        net.up()
        net.host.ip(f"route add default via fe80::1 dev {net.dev}",
                    f"addr add {PREFIX}8d4f:61c2:9be0:a713/64 dev {net.dev} nodad",
                    f"addr add {EUI64}/64 dev {net.dev} nodad")
        same("source before", sources(net), ["eui64"])
        propose(net)
        same("source", sources(net), ["manual"])
        same("deprecated", net.judged()[0][EUI64]["deprecated"], True)


NM = "[connection]\nid=x\nuuid=0a0b\ntype=ethernet\ninterface-name=eth0\n\n[ipv6]\nmethod=auto\n"
NETWORKD = "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n"
# (files, what is said of the manager, what must be in the script, or None: there is nothing to do)
TREES = (
    ({}, {"name": "kernel"}, "stable_secret"),
    ({"etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 auto\n  privext 2\n"},
     {"name": "ifupdown", "identifier": "kernel", "temporary": "used"}, "stable_secret"),
    ({"etc/network/interfaces": "source /etc/network/interfaces.d/*\n",
      "etc/network/interfaces.d/eth0": "iface eth0 inet6 auto\n"},
     {"name": "ifupdown", "temporary": "kernel", "file": "/etc/network/interfaces.d/eth0"},
     "privext 2"),
    ({"etc/systemd/network/20-wired.network": NETWORKD},
     {"name": "systemd-networkd", "identifier": "eui64", "temporary": "off", "certainty": "strong"},
     "'Token=prefixstable'"),
    ({"etc/systemd/network/20-wired.network":
      NETWORKD + "IPv6PrivacyExtensions=yes\n[IPv6AcceptRA]\nToken=prefixstable\n"},
     {"name": "systemd-networkd", "identifier": "opaque", "temporary": "used"}, None),
    ({"etc/systemd/network/20-wired.network": NETWORKD,
      "etc/systemd/network/20-wired.network.d/a.conf": "[IPv6AcceptRA]\nToken=prefixstable\n"},
     {"name": "systemd-networkd", "identifier": "opaque", "temporary": "off"}, None),
    ({"etc/systemd/network/10-first.network": NETWORKD.replace("en* eth*", "!eth*"),
      "usr/lib/systemd/network/20-wired.network": NETWORKD + "DUIDType=link-layer-time\n[DHCPv6]\n"
      "DUIDType=link-layer-time\n"},
     {"name": "systemd-networkd", "file": "/usr/lib/systemd/network/20-wired.network"},
     "DUIDType=uuid"),
    ({"run/systemd/netif/links/%INDEX%":
      "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\n",
      "run/systemd/network/10-netplan-eth0.network": NETWORKD},
     {"name": "systemd-networkd", "netplan": True, "certainty": "certain"},
     "10-netplan-eth0.network.d"),
    ({"run/systemd/netif/links/%INDEX%": "ADMIN_STATE=unmanaged\n",
      "etc/systemd/network/20-wired.network": NETWORKD}, {"name": "kernel"}, "stable_secret"),
    ({"etc/NetworkManager/system-connections/x.nmconnection": NM},
     {"name": "NetworkManager", "identifier": "eui64", "temporary": "kernel", "certainty": "strong"},
     "nmcli connection modify '0a0b' ipv6.addr-gen-mode stable-privacy"),
    ({"etc/NetworkManager/system-connections/x.nmconnection": NM + "addr-gen-mode=stable-privacy\n",
      "etc/NetworkManager/conf.d/p.conf": "[connection]\nipv6.ip6-privacy=2\n"},
     {"name": "NetworkManager", "identifier": "opaque", "temporary": "used"}, None),
    ({"etc/NetworkManager/system-connections/x.nmconnection": NM + "addr-gen-mode=default\n"},
     {"name": "NetworkManager", "identifier": "opaque"}, None),
    ({"etc/NetworkManager/system-connections/x.nmconnection": NM,
      "etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=keyfile\n[connection]\n"
      "ipv6.addr-gen-mode=stable-privacy\n"}, {"name": "NetworkManager", "identifier": "opaque"}, None),
    ({"run/NetworkManager/devices/%INDEX%": "[device]\nmanaged=true\nconnection-uuid=0c0d\n",
      "run/NetworkManager/system-connections/netplan-eth0.nmconnection": NM.replace("0a0b", "0c0d"),
      "etc/NetworkManager/system-connections/x.nmconnection": NM + "addr-gen-mode=stable-privacy\n"},
     {"name": "NetworkManager", "identifier": "eui64", "netplan": True, "certainty": "certain"},
     "netplan set 'ethernets.eth0.ipv6-address-generation=stable-privacy'"),
    ({"run/NetworkManager/devices/%INDEX%": "[device]\nmanaged=true\nconnection-uuid=0c0d\n",
      "run/NetworkManager/system-connections/netplan-lan.1.nmconnection":
          NM.replace("uuid=0a0b\n", "").replace("=ethernet", "=vlan")},
     {"name": "NetworkManager", "identifier": "eui64", "netplan": True},
     "netplan set 'vlans.lan\\.1.ipv6-privacy=true'"),
    ({"run/NetworkManager/devices/%INDEX%": "[device]\nmanaged=false\n",
      "etc/NetworkManager/system-connections/x.nmconnection": NM}, {"name": "kernel"}, "stable_secret"),
    ({"etc/dhcpcd.conf": "duid\nslaac hwaddr\n\ninterface eth1\nslaac private\n"},
     {"name": "dhcpcd", "identifier": "eui64", "temporary": "off"}, "slaac private temporary"),
    ({"etc/dhcpcd.conf": "slaac hwaddr\ninterface eth0\nslaac private temporary\n"},
     {"name": "dhcpcd", "identifier": "opaque", "temporary": "used"}, None),
    ({"etc/dhcpcd.conf": "denyinterfaces eth*\n"}, {"name": "kernel"}, "stable_secret"),
)


def plant(tree, files, index):
    for name, text in files.items():
        path = os.path.join(tree, name.replace("%INDEX%", str(index)))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def managers_are_told(lab):
    """Each tree: who is in charge, what its files say; and its fix, when run, removes the finding."""
    with Net(lab) as net:
        net.up()
        with net.host:
            index = socket.if_nametoindex("eth0")
        for files, says, command in TREES:
            with tempfile.TemporaryDirectory() as tree:
                plant(tree, files, index)
                document, (_, link) = net.document("--root", tree), net.judged("--root", tree)
                manager = link["manager"]
                same(f"{files}", {k: manager.get(k) for k in says}, says)
                fix = "\n".join(document["fix"])
                same(f"{files}: something to mend", bool(fix), command is not None)
                if not command:
                    continue
                if command not in fix:
                    raise AssertionError(f"{files}: {command} is not in\n{fix}")
                script = os.path.join(tree, "fix.sh")
                net.audit("--root", tree, "--fix-script", script)
                if manager["name"] in ("systemd-networkd", "dhcpcd"):
                    run_fix(net, tree, script)
                    same(f"{files}, mended", net.document("--root", tree)["fix"], [])


def needed(program):
    if not shutil.which(program):
        raise tap.Skip(f"{program} is not installed")


def run_words(line, **more):
    return subprocess.run(shlex.split(line), stdout=subprocess.PIPE, check=True, encoding="utf-8",
                          timeout=hosts.DEADLINE * 6, **more).stdout


def fix_of(net, tree, command):
    """The lines of the fix that begin so, and what is said of the identifier and temporary addresses."""
    document, (_, link) = net.document("--root", tree), net.judged("--root", tree)
    return ([line for line in document["fix"] if line.startswith(command)],
            (link["manager"]["identifier"], link["manager"]["temporary"]))


def nmcli_takes_the_fix(lab):
    """Offline: the keyfile goes in, and comes out without the finding."""
    needed("nmcli")
    with Net(lab) as net, tempfile.TemporaryDirectory() as tree:
        net.up()
        keyfile = "etc/NetworkManager/system-connections/x.nmconnection"
        text = NM.replace("0a0b", "2a1c4b8e-0d2b-4f7e-8f57-0a7a3c1b7f10") + "dhcp-duid=llt\n"
        plant(tree, {keyfile: text}, 0)
        lines, said = fix_of(net, tree, "nmcli connection modify ")
        same("before", (len(lines), said), (3, ("eui64", "kernel")))
        for line in lines:
            settings = line.split("'")[2]
            text = run_words("nmcli --offline connection modify" + settings, input=text)
        plant(tree, {keyfile: text}, 0)
        same("after", fix_of(net, tree, "nmcli"), ([], ("opaque", "used")))


def netplan_takes_the_fix(lab):
    """netplan reads it, and makes a keyfile without the finding."""
    needed("netplan")
    with Net(lab) as net, tempfile.TemporaryDirectory() as tree:
        net.up()
        config = os.path.join(tree, "etc/netplan/01.yaml")
        plant(tree, {"etc/netplan/01.yaml": "network:\n  version: 2\n  renderer: NetworkManager\n"
                                            "  ethernets:\n    eth0:\n      dhcp6: true\n"}, 0)
        os.chmod(config, 0o600)
        run_words(f"netplan generate --root-dir {tree}")
        lines, said = fix_of(net, tree, "netplan set ")
        same("before", (len(lines), said), (2, ("eui64", "off")))
        for line in lines:
            run_words(f"{line} --root-dir {tree}")
        run_words(f"netplan generate --root-dir {tree}")
        same("after", fix_of(net, tree, "netplan"), ([], ("opaque", "used")))


def leases_and_names(lab):
    """DUIDs, leases and /etc/hosts."""
    with Net(lab) as net, tempfile.TemporaryDirectory() as tree:
        net.up()
        net.host.ip(f"addr add {PREFIX}abcd:1234/64 dev eth0 valid_lft 3600 preferred_lft 1800 nodad")
        plant(tree, {
            "var/lib/dhcp/dhclient6.eth0.leases":
                'default-duid "\\000\\001\\000\\001)\\234\\"\\\\\\000\\0338\\0224V";\nlease6 {\n'
                f"  interface \"eth0\";\n  ia-na 38:12:34:56 {{\n    iaaddr {PREFIX}abcd:1234 {{\n",
            "var/lib/dhcpcd/duid": "00:03:00:01:00:1b:38:12:34:56\n",
            "etc/hosts": "127.0.0.1 localhost\n"
                         "2001:db8:2:0:21b:38ff:fe99:9999 printer # 2001:db8:2::21b:38ff:fe99:1\n"}, 0)
        document = net.document("--root", tree)
        found = {(f["kind"], f["subject"], f.get("value"), f["where"]) for f in document["findings"]}
        for wanted in (("duid", "DUID-LLT", MAC, "/var/lib/dhcp/dhclient6.eth0.leases"),
                       ("duid", "DUID-LL", MAC, "/var/lib/dhcpcd/duid"),
                       ("address-mac", "2001:db8:2:0:21b:38ff:fe99:9999", "00:1b:38:99:99:99",
                        "/etc/hosts")):
            if wanted not in found:
                raise AssertionError(f"{wanted} is not among {found}")
        llt = next(f for f in document["findings"] if f["subject"] == "DUID-LLT")
        seconds = int.from_bytes(b")\x9c\"\\", "big")
        day = datetime.date(2000, 1, 1) + datetime.timedelta(seconds=seconds)
        same("day", llt["text"].split()[-1], str(day))
        held = net.judged("--root", tree)[0][f"{PREFIX}abcd:1234"]
        same("lease", (held["origin"], held["certainty"]), ("dhcpv6", "certain"))


LLT, LL = bytes.fromhex("00010001299c225c001b38123456"), bytes.fromhex("00030001001b38123456")
UUID = "00:04:9b:9d:1f:02:c8:3b:4c:0e:8c:15:3a:73:65:d2:38:11"


def quoted(data):
    """As ISC's programs write bytes."""
    return "".join(f"\\{b:03o}" if b < 32 or b > 126 or b in b'"\\\\' else chr(b) for b in data)


# Each source: what it holds, and (line, kind, certainty) of what it tells of the one MAC.
SOURCES = {
    "etc/hosts": (f"127.0.0.1 localhost\n{EUI64} printer # {EUI64}\n", [(2, "address-mac", "weak")]),
    "var/lib/misc/dnsmasq.leases":
        (f"1700000000 {MAC} 192.0.2.5 laptop 01:{MAC}\nduid {LLT.hex(':')}\n"
         f"1700000000 941765718 {EUI64} laptop {LL.hex(':')}\n1700000000 9 2001:db8::5 x {UUID}\n",
         [(2, "duid", "certain"), (3, "duid", "certain"), (3, "address-mac", "certain")]),
    "var/lib/dhcp/dhcpd6.leases":
        (f'server-duid "{quoted(LLT)}";\n\nia-na "{quoted(b"abcd" + LL)}" {{\n  iaaddr {EUI64} {{\n',
         [(1, "duid", "certain"), (3, "duid", "certain"), (4, "address-mac", "weak")]),
    "var/lib/kea/kea-leases6.csv":
        (f"address,duid,valid_lifetime,hwaddr\n{EUI64},{UUID},4000,{MAC}\n"
         f"2001:db8::7,{LLT.hex(':')},4000,\n", [(2, "address-mac", "certain"), (3, "duid", "certain")]),
    "var/lib/kea/kea-dhcp6-serverid": (LLT.hex(":") + "\n", [(1, "duid", "certain")]),
    "tmp/hosts/odhcpd":
        (f"# br-lan {LLT.hex()} 38123456 laptop 1700000000 456 128 {EUI64}/128\n",
         [(1, "duid", "certain"), (1, "address-mac", "certain")]),
    "run/systemd/netif/links/9":
        (f"ADMIN_STATE=configured\nDHCP6_CLIENT_DUID=DUID-LLT:{LLT[2:].hex()}0000\n",
         [(2, "duid", "certain")]),
}
# With --also: addrwatch, a web server's log, if_inet6, a comment.
ALSO = (f"1700000000 eth0 0 {MAC} {EUI64} ND_NS\n"
        f"1700000001 eth0 0 {MAC} fe80::21b:38ff:fe12:3456 ND_NS\n"
        '2001:db8:4:0:21b:38ff:fe12:3456 - - [22/Nov/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 23\n'
        '2001:db8:4:0:21b:38ff:fe12:3456 - - [22/Nov/2026:13:55:37 +0000] "GET /a HTTP/1.1" 200 5\n'
        "20010db8000500000 21b38fffe123456\n20010db800050000021b38fffe123456 02 40 00 80     eth0\n"
        "# 2001:db8:6:0:21b:38ff:fe12:3456\n")


def told_by(document, where):
    return [(f["evidence"][0]["line"], f["kind"], f["certainty"]) for f in document["findings"]
            if f["where"] == where and f.get("value") == MAC]


def further_sources(lab):
    """Names, leases of servers and clients, logs and lists: each line that tells the MAC, by number."""
    space = lab.netns("sources")
    with tempfile.TemporaryDirectory() as tree:
        plant(tree, {name: text for name, (text, _) in SOURCES.items()}, 0)
        also = os.path.join(tree, "also")
        with open(also, "w", encoding="ascii") as f:
            f.write(ALSO)
        words = [PICKET, "address", "audit", "--json", "--root", tree, "--also"]
        document = json.loads(space.run([*words, also], check=False).stdout)
        for name, (_, wanted) in SOURCES.items():
            same(name, told_by(document, "/" + name), wanted)
        same("also", [(f["subject"], f["certainty"], [e["line"] for e in f["evidence"]], f["times"])
                      for f in document["findings"] if f["where"] == also],
             [(EUI64, "certain", [1], 1), ("2001:db8:4:0:21b:38ff:fe12:3456", "weak", [3, 4], 2),
              ("2001:db8:5:0:21b:38ff:fe12:3456", "weak", [6], 1)])
        document = json.loads(space.run([*words, "-"], check=False, text=ALSO).stdout)
        same("standard input", len([f for f in document["findings"]
                                    if f["where"] == "standard input"]), 3)
        result = space.run([*words, os.path.join(tree, "none")], check=False)
        same("no such file", result.returncode, 2)


def neighbours(lab):
    """A neighbour's address is told if it has the MAC that the neighbour table has, and not on the
    link only."""
    with Net(lab) as net:
        net.up()
        net.host.ip(*(f"neigh add {a} lladdr 00:1b:38:00:00:05 dev eth0 nud reachable" for a in (
            f"{PREFIX[:-1]}0:21b:38ff:fe00:5", "fe80::21b:38ff:fe00:5",
            f"{PREFIX[:-1]}0:21b:38ff:fe00:6")))
        found = [f["subject"] for f in net.document()["findings"] if f["value"] == "00:1b:38:00:00:05"]
        same("found", found, [f"{PREFIX[:-1]}0:21b:38ff:fe00:5"])


def secret_of_root(lab):
    """Who may not read the secret is told so, and has the kernel's flag."""
    with Net(lab) as net:
        net.knob(stable_secret=SECRET)
        net.up()
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            shutil.copy(PICKET, folder)
            result = net.host.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                   f"{folder}/picket", "address", "audit", "eth0"], check=False)
        if "its secret is for root to read" not in result.stdout or "secret hidden" not in result.stdout:
            raise AssertionError(f"{result}")


def formats(lab):
    with Net(lab) as net:
        net.up()
        net.advertise()
        printed = net.audit("--format", "jsonl", status=1).stdout
        lines = [json.loads(line) for line in printed.splitlines()]
        finding = schema.load(os.path.join(HERE, "../../docs/schemas"), "finding")
        same("breaches", [schema.breaches(finding, line) for line in lines], [[]] * len(lines))
        metrics = net.audit("--format", "openmetrics", status=1).stdout
        same("metrics", 'picket_findings{kind="source-mac",certainty="certain"} 1' in metrics, True)
        for words in (["--format", "csv"], ["--root", "/no/such"], ["eth9"], ["--statistics"]):
            net.audit(*words, status=2)
        same("one interface", [i["name"] for i in net.document("eth0")["interfaces"]], ["eth0"])


def udp(space, source, to, port):
    """A datagram from an address, or from what the kernel takes; the socket."""
    with space:
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.bind((source or "::", 0))
        s.settimeout(hosts.DEADLINE)
        for _ in range(COUNT):
            try:
                s.sendto(b"x", (to, port))
            except PermissionError:
                pass
    return s


def received(s):
    """The sources of all that has come."""
    s.setblocking(False)
    found = []
    while True:
        try:
            found.append(s.recvfrom(64)[1][0])
        except BlockingIOError:
            return found


def rules_keep_it_from_outside(lab):
    """The host still reaches out, from a better address; it still answers at the old one; nothing new
    goes out from that, and no error tells it."""
    with Net(lab) as net, tempfile.TemporaryDirectory() as folder:
        fence.need_netfilter_link()
        net.knob(use_tempaddr=2)
        net.up()
        net.advertise()
        rules = os.path.join(folder, "rules.v6")
        with open(rules, "w", encoding="ascii") as f:
            f.write(net.audit("--format", "rules", status=1).stdout)
        with net.router:
            outside = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            outside.bind((OUTSIDE, 1000))
        asked = net.host.run([PICKET, "check", rules], check=False)
        same("check", (asked.returncode, asked.stderr.count("error")), (0, 0))
        with closing(outside):
            with closing(udp(net.host, EUI64, OUTSIDE, 1000)):
                same("before", received(outside), [EUI64] * COUNT)
            closed = udp(net.router, OUTSIDE, EUI64, 9)  # a port that nobody has
            same("an error comes before", refused(closed), True)
            net.host.run([PICKET, "apply", rules, "--hook", "netfilter"])
            try:
                with_the_rules(net, outside)
            finally:
                net.host.run([PICKET, "detach"])


def refused(s):
    """Whether an ICMPv6 error has come for what this socket sends: it is connected, and tries again."""
    with closing(s):
        s.connect((EUI64, 9))
        s.setblocking(False)
        for _ in range(2):
            try:
                s.send(b"x")
                s.recv(1)
            except ConnectionRefusedError:
                return True
            except BlockingIOError:
                pass
        return False


def with_the_rules(net, outside):
    with closing(udp(net.host, None, OUTSIDE, 1000)):
        sources = received(outside)
        same("it reaches out", len(sources), COUNT)
        if EUI64 in sources:
            raise AssertionError(f"from {sources}")
    with closing(udp(net.host, EUI64, OUTSIDE, 1000)):
        same("nothing new from the old address", received(outside), [])
    with net.host:
        service = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        service.bind((EUI64, 2000))
    with closing(service):
        service.settimeout(hosts.DEADLINE)
        outside.sendto(b"question", (EUI64, 2000))
        _, client = service.recvfrom(64)
        service.sendto(b"answer", client)
        same("it answers", received(outside), [EUI64])
    net.host.ip("neigh flush dev eth0")  # neighbour discovery goes on
    with closing(udp(net.host, None, OUTSIDE, 1000)):
        outside.settimeout(hosts.DEADLINE)
        outside.recvfrom(64)
        received(outside)
    same("no error tells it", refused(udp(net.router, OUTSIDE, EUI64, 9)), False)


TESTS = (eui64_is_told, all_are_told_apart, secret_that_changed, duplicate_counts, token_is_told,
         one_secret, fix_removes_the_finding, server_keeps_a_stable_one, selection_stops_its_use,
         managers_are_told, nmcli_takes_the_fix, netplan_takes_the_fix, leases_and_names,
         further_sources, neighbours, secret_of_root, formats, rules_keep_it_from_outside)


def main():
    if os.geteuid():
        print("1..0 # SKIP needs root")
        return 0
    runner = tap.Tap()
    with ns.Lab() as lab:
        for test in TESTS:
            name = test.__name__.replace("_", " ")
            if not sys.argv[1:] or any(words in name for words in sys.argv[1:]):
                runner.run(name, test, lab)
    return runner.done()


if __name__ == "__main__":
    sys.exit(main())
