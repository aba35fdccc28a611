"""Tests what scripts/lint_c.py complains of, and what it accepts."""

import os
import subprocess
import sys
import tempfile
import unittest

LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/lint_c.py")


class Lint(unittest.TestCase):
    def lint(self, text, path="workers/x.c"):
        """Returns what the lint prints for a tree with this file."""
        with tempfile.TemporaryDirectory() as root:
            file = os.path.join(root, path)
            os.makedirs(os.path.dirname(file))
            with open(file, "w", encoding="utf-8") as source:
                source.write(text)
            said = subprocess.run([sys.executable, LINT, "--root", root], check=False, capture_output=True, text=True)
        self.assertEqual(said.stderr, "")
        self.assertEqual(said.returncode, 1 if said.stdout else 0)
        return said.stdout

    def test_a_function_of_more_than_70_lines(self):
        body = "static int\nlong_one(int x,\n\t\t int y)\n{\n%s}\n"
        self.assertEqual(self.lint(body % ("\tx++;\n" * 66)), "")
        self.assertIn("long_one has 71 lines", self.lint(body % ("\tx++;\n" * 67)))
        self.assertIn("long_one has 71 lines", self.lint(body % ("\tx++;\n" * 67), "src/x.c"))
        self.assertEqual(self.lint("static const int many[] = {\n" + "\t1,\n" * 100 + "};\n"), "")
        attributed = "static void __attribute__((format(printf, 1, 2))) told(const char *format, ...)\n{\n%s}\n"
        self.assertIn("told has 71 lines", self.lint(attributed % ("\n" * 68)))

    def test_a_default_over_an_enumeration_of_ours(self):
        switch = "enum { ONE, TWO };\nstatic void\nf(int x)\n{\n\tswitch (x)\n\t{\n\t\tcase %s:\n\t\t\tbreak;\n\t\tdefault:\n\t\t\tbreak;\n\t}\n}\n"
        self.assertIn("workers/x.c:9: default: in a switch over ONE", self.lint(switch % "ONE"))
        self.assertEqual(self.lint(switch % "THEIRS"), "")
        self.assertEqual(self.lint(switch % "1"), "")
        self.assertIn("src/x.c:9: default: in a switch over ONE", self.lint(switch % "ONE", "src/x.c"))
        self.assertEqual(self.lint("enum { ONE };\n/* case ONE: default: */\n"), "")

    def test_names_without_an_assertion(self):
        names = 'enum { ONE };\nstatic const char *const names[%s] = {\n\t[ONE] = "one",\n};\n'
        held = '_Static_assert(sizeof(names) / sizeof(names[0]) == 1, "all");\n'
        self.assertIn("no static assertion that names has an entry", self.lint(names % ""))
        self.assertIn("no static assertion that names has an entry", self.lint(names % "", "src/x.c"))
        self.assertEqual(self.lint(names % "" + held), "")
        self.assertEqual(self.lint(names % "" + 'StaticAssertDecl(lengthof(names) == 1, "all");\n', "src/x.c"), "")
        self.assertIn("names[1] has that length whatever is missing", self.lint(names % "1" + held))


if __name__ == "__main__":
    unittest.main()
