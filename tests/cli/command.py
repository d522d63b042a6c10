# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the command line share: run picket, expect an exit status and some text."""
import json
import os
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/lib/py"))

from pktest import ns, tap  # noqa: E402,F401
import schema  # noqa: E402

PICKET = os.environ.get("PICKET") or os.path.join(ROOT, "build/picket")
SCHEMAS = os.path.join(ROOT, "docs/schemas")


def picket(*args, status=0, out=(), err=(), not_out=(), not_err=(), space=None, text=None,
           timeout=ns.TIMEOUT):
    """Runs picket; each of `out` and `err` must stand in what it prints, none of not_* may."""
    result = (space.run if space else ns.run)([PICKET, *args], check=False, text=text, timeout=timeout)
    problems = [f"exit {result.returncode}, expected {status}"] * (result.returncode != status)
    for name, printed, wanted, unwanted in (("stdout", result.stdout, out, not_out),
                                            ("stderr", result.stderr, err, not_err)):
        problems += [f"{name} lacks {w!r}" for w in wanted if w not in printed]
        problems += [f"{name} has {w!r}" for w in unwanted if w in printed]
    if problems:
        raise AssertionError(f"picket {' '.join(args)}: {'; '.join(problems)}\n"
                             f"stdout:\n{result.stdout}stderr:\n{result.stderr}")
    return result


def picket_json(verb, *args, status=0, space=None, timeout=ns.TIMEOUT):
    """Runs the verb with --json: the document, which must be as its schema says, and nothing else."""
    result = picket(verb, *args, "--json", status=status, space=space, timeout=timeout)
    document = json.loads(result.stdout)
    problems = schema.breaches(schema.load(SCHEMAS, verb), document)
    if result.stderr:
        problems.append(f"stderr is not empty: {result.stderr}")
    if document.get("exit") != status:
        problems.append(f"its exit says {document.get('exit')}")
    if problems:
        raise AssertionError("\n".join(problems) + f"\n{result.stdout}")
    return document


def same(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, expected {wanted!r}")


def run_all(module):
    """Runs each function whose name starts with test_, in the order written."""
    runner = tap.Tap()
    for name, function in list(vars(module).items()):
        if name.startswith("test_"):
            runner.run(name.removeprefix("test_").replace("_", " "), function)
    return runner.done()
