#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every verb and option that picket has stands in the man page and in the completion, and no other."""
import os
import re
import sys

sys.dont_write_bytecode = True
import command  # noqa: E402
import schema  # noqa: E402
from command import picket, ROOT, SCHEMAS  # noqa: E402

COMMON = {"--json", "--help", "-h"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read()


def verbs():
    found = re.findall(r"^  (\S+) {2,}", picket("help").stdout, re.M)
    return [v for v in found if v != "help"]


def options(verb):
    """The options in the help of a verb: the words before the two blanks that precede the text."""
    lines = re.findall(r"^  (-.*?)(?:  |$)", picket("help", verb).stdout, re.M)
    return {w.rstrip(",") for line in lines for w in line.split() if w.startswith("-")}


def man_section(verb):
    found = re.search(rf"^## {verb}\b.*?(?=^#)", read("man/picket.1.scd"), re.M | re.S)
    return found[0] if found else ""


def man_options(verb):
    return set(re.findall(r"\*(--?[a-z0-9][a-z0-9-]*)\*", man_section(verb)))


def completion(verb, current="-"):
    words = ["picket", verb, current] if verb else ["picket", current]
    script = (f"source {ROOT}/completion/picket.bash; compopt() {{ :; }}\n"
              f"COMP_WORDS=({' '.join(words[:-1])} '{current}'); COMP_CWORD={len(words) - 1}\n"
              '_picket; printf "%s\\n" "${COMPREPLY[@]}"')
    return set(command.ns.run(["bash", "-c", script]).stdout.split())


def test_there_are_verbs():
    missing = {"status", "check", "diff", "apply", "undo", "save", "explain", "detach"} - set(verbs())
    command.same("verbs that are missing", missing, set())


def test_man_page_has_every_verb():
    command.same("verbs without a section", [v for v in verbs() if not man_section(v)], [])
    synopsis = read("man/picket.1.scd").split("# DESCRIPTION")[0]
    command.same("not in the synopsis", [v for v in verbs() if v not in synopsis], [])


def test_man_page_has_every_option_and_no_other():
    for verb in verbs():
        has = options(verb)
        if not COMMON <= has:
            raise AssertionError(f"{verb}: no common options in {has}")
        command.same(f"options of {verb} in the man page", man_options(verb) - COMMON, has - COMMON)


def test_completion_has_every_verb():
    found = {w for w in completion(None, "") if not w.startswith("-")}
    left_out = {"demo", "bench"} - set(verbs())  # not built into this program
    command.same("verbs", found - left_out, set(verbs()) | {"help"})


def test_completion_has_every_option_and_no_other():
    for verb in verbs():
        command.same(f"options of {verb}", completion(verb), options(verb))


def test_completion_of_help():
    command.same("verbs", set(verbs()) - completion("help", ""), set())


def test_every_verb_has_a_closed_schema():
    for verb in verbs():
        command.same(verb, schema.open_objects(schema.load(SCHEMAS, verb)), [])


def test_the_schema_checker_can_fail():
    s = schema.load(SCHEMAS, "detach")
    good = {"schema": "picket.detach/1", "exit": 0, "diagnostics": [], "detached": True}
    command.same("good", schema.breaches(s, good), [])
    bad = [{**good, "more": 1}, {**good, "schema": "picket.detach/2"}, {**good, "exit": True},
           {**good, "diagnostics": [{}]}, {**good, "detached": "yes"},
           {k: v for k, v in good.items() if k != "exit"}, []]
    for document in bad:
        if not schema.breaches(s, document):
            raise AssertionError(f"taken for good: {document}")


def test_help_fits_a_terminal():
    for words in [["help"]] + [["help", v] for v in verbs()]:
        wide = [line for line in picket(*words).stdout.splitlines() if len(line) > 100]
        command.same(" ".join(words), wide, [])


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
