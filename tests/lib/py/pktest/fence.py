# SPDX-License-Identifier: GPL-2.0-or-later
"""The firewalls under test behind one interface: load rule sets, read every counter back."""
import json
import os
import re
import tempfile

from .ns import run
from .tap import Skip

FAMILIES = (4, 6)
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../.."))
EMPTY = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"

_RULE = re.compile(r"\[(\d+):(\d+)\] (-A .*)")
_CHAIN = re.compile(r":(\S+) (\S+) \[(\d+):(\d+)\]")


class Counters:
    """The filter table of one family: `lines` as saved, `values` (packets, bytes) beside them."""

    def __init__(self, save):
        self.lines, self.values, inside = [], [], False
        for line in save.splitlines():
            if line.startswith("*"):
                inside = line == "*filter"
            if not inside or line[:1] in "#*" or line == "COMMIT":
                continue
            rule, chain = _RULE.fullmatch(line), _CHAIN.fullmatch(line)
            if rule:
                self._add(rule[3], rule[1], rule[2])
            elif chain:
                self._add(f":{chain[1]} {chain[2]}", chain[3], chain[4])
            else:
                raise ValueError(f"not a line of iptables-save -c: {line!r}")

    def _add(self, line, packets, size):
        self.lines.append(line)
        self.values.append((int(packets), int(size)))

    def since(self, base):
        """These counters less those of `base`, which must hold the same rules."""
        if self.lines != base.lines:
            raise ValueError("the rule set changed between two readings")
        self.values = [(a - c, b - d) for (a, b), (c, d) in zip(self.values, base.values)]
        return self

    def of(self, text):
        """(packets, bytes) of the first line that contains the text."""
        for line, value in zip(self.lines, self.values):
            if text in line:
                return value
        raise KeyError(text)


class Fence:
    """What both have: counters() are those since load or rebase; now() are as they are."""

    def __init__(self, space, name):
        self.space, self.name, self._base = space, name, {}

    def load(self, texts):
        """Puts rule sets (text by family) in force and counts from here."""
        self.replace(texts)
        self.rebase(texts)

    def rebase(self, families):
        self._base = {family: self.now(family) for family in families}

    def counters(self, family):
        return self.now(family).since(self._base[family])


class Iptables(Fence):
    """iptables-legacy or iptables-nft of one namespace."""

    def __init__(self, space, kind="legacy"):
        super().__init__(space, f"iptables-{kind}")
        self.kind = kind

    def _command(self, family, suffix):
        return f"ip{'6' if family == 6 else ''}tables-{self.kind}{suffix}"

    keeps = False  # a restore starts counters anew
    together = False  # each family is replaced for itself

    def replace(self, texts):
        for family, text in texts.items():
            self.space.run([self._command(family, "-restore")], text=text, private_run=True)

    def now(self, family):
        save = self.space.run([self._command(family, "-save"), "-c", "-t", "filter"],
                              private_run=True)
        return Counters(save.stdout)

    def clear(self):
        self.load({family: EMPTY for family in FAMILIES})


def legacy_available(space):
    """Whether this kernel still has the legacy tables."""
    return not space.run(["iptables-legacy", "-S"], private_run=True, check=False).returncode


class Picket(Fence):
    """The fence of one namespace."""

    binary = os.environ.get("PICKET") or os.path.join(ROOT, "build/picket")

    def __init__(self, space, hook="netfilter", devs=(), classifier=None):
        super().__init__(space, f"picket on {hook}" + (f", {classifier}" if classifier else ""))
        self.hook, self.devs, self._stands = hook, tuple(devs), False
        self.classifier = ("--classifier", classifier) if classifier else ()
        self._folder = tempfile.TemporaryDirectory(prefix="picket-test-")

    def command(self, *args, **options):
        return self.space.run([self.binary, *args], **options)

    def apply(self, texts, check=True, extra=()):
        """`picket apply` of the texts by family."""
        files = []
        for family, text in texts.items():
            files.append(os.path.join(self._folder.name, f"rules.v{family}"))
            with open(files[-1], "w", encoding="utf-8") as f:
                f.write(text)
        devs = [word for dev in self.devs for word in ("--dev", dev)]
        words = ["--hook", self.hook, *devs, *self.classifier, *extra]
        result = self.command("apply", *files, *words, check=check)
        self._stands = self._stands or not result.returncode
        return result

    keeps = True  # a rule that stays keeps its counters
    together = True  # one switch for both families

    def replace(self, texts):
        self.apply(texts)

    def now(self, family):
        return Counters(self.command("save", "-c", f"-{family}").stdout)

    def status(self):
        return json.loads(self.command("status", "--json").stdout)

    def clear(self):
        if self._stands:
            self.command("detach")
            self._stands = False


def need_picket():
    """A missing binary is a failure, not a skip."""
    if not os.access(Picket.binary, os.X_OK):
        raise FileNotFoundError(f"{Picket.binary}: build it, or name one in PICKET")


def need_netfilter_link():
    """Netfilter links came with Linux 6.4; every other hook runs on 6.1 as well."""
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    if release < (6, 4):
        raise Skip("the kernel has no netfilter links (Linux 6.4)")


def which(name):
    return not run(["sh", "-c", f"command -v {name}"], check=False).returncode
