#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does tools/mutants find the place of a mutant when code has moved, and say so when it is gone?"""
import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOOL = str(pathlib.Path(__file__).resolve().parents[2] / "tools/mutants")
LOADER = importlib.machinery.SourceFileLoader("mutants", TOOL)
mutants = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutants", LOADER))
LOADER.exec_module(mutants)

CODE = """int first(int a, int b)
{
    return a < b;
}

int second(int a, int b)
{
    return a <
           b;
}
"""


class Find(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name)
        (self.tree / "src").mkdir()

    def mutant(self, before, more=""):
        path = self.tree / "m.mutant"
        path.write_text(f"Bug: b\nTests: unit\nFile: src/a.c\n{more}-{before}\n+    changed;\n")
        return mutants.Mutant(path)

    def find(self, before, more="", code=CODE, file="src/a.c"):
        (self.tree / file).write_text(code)
        return self.mutant(before, more).find(self.tree)

    def test_text_that_stands_once(self):
        place, why = self.find("  int  second(int a,int b)")
        self.assertEqual((place[1:], why), ((5, 6), ""))

    def test_text_over_other_lines(self):
        place, _ = self.find("return a < b;", code=CODE.replace("a < b", "c"))
        self.assertEqual(place[1:], (7, 9))

    def test_half_a_line_is_no_place(self):
        self.assertIsNone(self.find("return a")[0])

    def test_text_that_stands_twice(self):
        place, why = self.find("return a < b;")
        self.assertIsNone(place)
        self.assertIn("src/a.c:3, src/a.c:8", why)

    def test_the_one_after_a_line(self):
        self.assertEqual(self.find("return a < b;", "After: int second(\n")[0][1:], (7, 9))
        self.assertIsNone(self.find("return a < b;", "After: int third(\n")[0])

    def test_text_that_moved(self):
        place, _ = self.find("int first(int a, int b)", file="src/b.h")
        self.assertEqual(place[0], self.tree / "src/b.h")

    def test_text_that_is_gone_names_the_nearest(self):
        place, why = self.find("int first(int a, long b)")
        self.assertIsNone(place)
        self.assertIn("nearest is src/a.c:1: int first(int a, int b)", why)

    def test_planting(self):
        (self.tree / "src/a.c").write_text(CODE)
        m = self.mutant("int first(int a, int b)")
        self.assertEqual(m.plant(m.find(self.tree)[0]), CODE)
        text = (self.tree / "src/a.c").read_text()
        self.assertEqual(text, CODE.replace("int first(int a, int b)", "    changed;"))


if __name__ == "__main__":
    unittest.main()
