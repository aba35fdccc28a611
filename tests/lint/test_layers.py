"""Tests what scripts/lint_layers.py complains of, and what it accepts, on small trees that are compiled."""

import os
import subprocess
import sys
import tempfile
import unittest

LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/lint_layers.py")
TABLE = """
program src/a src/b
directory src/a
layer low
layer middle
layer high
directory src/b uses src/a
"""
LOW = "int low(void); int low(void) { return 1; }"
MIDDLE = "int low(void); int middle(void); int middle(void) { return low(); }"
HIGH = "int middle(void); int high(void); int high(void) { return middle(); }"
OTHER = "int low(void); int other(void); int other(void) { return low(); }"


objects = {}  # what was compiled, by its text


def object_of(text):
    if text not in objects:
        with tempfile.TemporaryDirectory() as scratch:
            built = os.path.join(scratch, "x.o")
            subprocess.run(["cc", "-x", "c", "-c", "-o", built, "-"], input=text.encode(), check=True)
            with open(built, "rb") as file:
                objects[text] = file.read()
    return objects[text]


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


class Layers(unittest.TestCase):
    def lint(self, table=TABLE, **changed):
        """Returns what the lint prints for a tree of three layers and a directory that uses them; arguments replace its files."""
        files = {"a_low": LOW, "a_middle": MIDDLE, "a_high": HIGH, "b_other": OTHER, **changed}
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                stem = os.path.join("src", *name.split("_", 1))
                write(os.path.join(root, stem + ".c"), text.encode())
                write(os.path.join(root, "build", stem + ".o"), object_of(text))
            write(os.path.join(root, "table"), table.encode())
            said = subprocess.run(
                [sys.executable, LINT, "--root", root, "--table", os.path.join(root, "table"), os.path.join(root, "build")],
                check=False, capture_output=True, text=True)
        self.assertEqual(said.stderr, "")
        self.assertEqual(said.returncode, 1 if said.stdout else 0)
        return said.stdout

    def test_layers_that_hold_are_silent(self):
        self.assertEqual(self.lint(), "")

    def test_a_use_of_a_higher_layer_is_found(self):
        self.assertIn(
            "src/a/low may not use src/a/high: high",
            self.lint(a_low="int high(void); int low(void); int low(void) { return high(); }", a_high="int high(void); int high(void) { return 1; }"))

    def test_a_pattern_is_the_files_that_it_fits(self):
        table = TABLE.replace("layer middle\n", "layer mid*\n")
        more = {"a_midway": "int low(void); int midway(void); int midway(void) { return low(); }"}
        self.assertEqual(self.lint(table, **more), "")
        self.assertIn(
            "src/a/midway may not use src/a/high: high",
            self.lint(table, a_midway="int high(void); int midway(void); int midway(void) { return high(); }"))
        self.assertIn("src/a/midway has no layer", self.lint(**more))

    def test_a_circle_within_a_layer_is_found(self):
        table = TABLE.replace("layer low\nlayer middle\n", "layer low middle\n")
        self.assertEqual(self.lint(table), "")
        said = self.lint(table, a_low="int middle(void); int low(void); int low(void) { return middle(); }")
        self.assertIn("a circle: src/a/low src/a/middle", said)
        self.assertIn("src/a/low uses src/a/middle: middle", said)

    def test_a_circle_through_data_is_found(self):
        said = self.lint(
            TABLE.replace("layer low\nlayer middle\n", "layer low middle\n"),
            a_low="extern int shared; int low(void); int low(void) { return shared; }",
            a_middle=MIDDLE + " int shared;")
        self.assertIn("a circle: src/a/low src/a/middle", said)

    def test_a_known_circle_is_let_pass_while_it_is_the_same(self):
        table = TABLE.replace("layer low\nlayer middle\n", "layer low middle\n")
        known = table.replace("directory src/b", "circle low middle\ndirectory src/b")
        low = "int middle(void); int low(void); int low(void) { return middle(); }"
        self.assertEqual(self.lint(known, a_low=low), "")
        self.assertIn("a circle that is not there like this: src/a/low src/a/middle", self.lint(known))

    def test_a_directory_that_may_not_be_used_is_found(self):
        low = "int other(void); int low(void); int low(void) { return other(); }"
        self.assertIn("src/a/low may not use src/b/other: other", self.lint(a_low=low, b_other="int other(void); int other(void) { return 1; }"))

    def test_a_file_without_a_place_is_found(self):
        self.assertIn("src/a/new has no layer", self.lint(a_new="int x;"))
        self.assertIn("src/c/new is in a directory that the table does not know", self.lint(c_new="int x;"))
        self.assertIn("layer for src/a/gone, which is not there", self.lint(TABLE.replace("layer low", "layer low gone")))

    def test_function_pointers_that_are_stored_are_found(self):
        events = "typedef struct Events { int (*asked)(int); } Events; int low(void); int low(void) { return 1; }"
        self.assertIn("src/a/low stores function pointers in Events", self.lint(a_low=events))
        self.assertIn("src/a/low stores function pointers in Asked", self.lint(a_low="typedef int (*Asked)(int); " + LOW))
        self.assertIn("src/a/low stores function pointers in kept", self.lint(a_low="static int (*kept)(int); " + LOW))
        self.assertEqual(self.lint(a_low="int each(int (*what)(int)); /* int (*no)(int) */ " + LOW), "")

    def test_tables_of_functions_are_made_where_the_table_says(self):
        low = LOW + " typedef struct Events { int (*asked)(void); } Events;"
        high = HIGH + " typedef struct Events Events; struct Events { int x; }; const Events events = {1};"
        table = TABLE.replace("layer middle", "pointer Events low up high\nlayer middle")
        self.assertEqual(self.lint(table, a_low=low, a_high=high), "")
        self.assertIn("Events of src/a/low is made in no file; the table says src/a/high", self.lint(table, a_low=low))
        self.assertIn("function pointers Events in src/a/low, which are not there", self.lint(table, a_high=high))
        anywhere = TABLE.replace("layer middle", "pointer Events low up src/a/\nlayer middle")
        self.assertEqual(self.lint(anywhere, a_low=low, a_high=high), "")
        events = " typedef struct Events Events; struct Events { int x; }; const Events %s = {1};"
        self.assertIn("the table says src/a/high", self.lint(anywhere, a_low=low, a_high=high, b_other=OTHER + events % "others"))

    def test_a_circle_through_function_pointers_is_found(self):
        middle = MIDDLE + " typedef struct Part { int (*run)(void); } Part;"
        low = LOW + " typedef struct Part Part; struct Part { int x; }; const Part part = {1};"
        table = TABLE.replace("layer low\nlayer middle\n", "layer low middle\npointer Part middle down low\n")
        self.assertEqual(self.lint(table, a_low=low, a_middle=middle), "")
        low += " int middle(void); int again(void); int again(void) { return middle(); }"
        said = self.lint(table, a_low=low, a_middle="int middle(void) { return 1; } typedef struct Part { int (*run)(void); } Part;")
        self.assertIn("a circle: src/a/low src/a/middle", said)
        self.assertIn("src/a/middle uses src/a/low: through Part", said)


if __name__ == "__main__":
    unittest.main()
