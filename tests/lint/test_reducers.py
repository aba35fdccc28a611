"""Tests that src/reducer.h does not let a reducer build that changes a world and has no replay, or no line in the list."""

import os
import subprocess
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
TEXT = """
#include "postgres.h"
#include "reducer.h"
typedef struct Told { int64 npc_id; %(member)s; } Told;
static const Argument told[] = { ID_ARGUMENT(Told, npc_id), %(argument)s };
static bool apply(struct WorldLock *lock, void *arguments, ReducerResult *result) { return true; }
const Reducer reducer_%(name)s = { WORLD_REDUCER(%(name)s, %(apply)s), REDUCER_ARGUMENTS(Told, told) };
void *used = apply;
"""
GOOD = {"member": "int32 x", "argument": "NUMBER_ARGUMENT(Told, x, 0, 9)", "name": "remove_npc", "apply": "apply"}


def said(**changed):
    """Returns what the compiler says of a description, '' when it is good."""
    headers = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"], check=True, capture_output=True, text=True)
    command = ["cc", "-std=gnu11", "-Werror", "-fsyntax-only", "-I", os.path.join(ROOT, "src"), "-isystem", headers.stdout.strip(), "-x", "c", "-"]
    return subprocess.run(command, check=False, capture_output=True, text=True, input=TEXT % {**GOOD, **changed}).stderr


class Reducers(unittest.TestCase):
    def test_a_description_builds(self):
        self.assertEqual(said(), "")
        self.assertEqual(said(member="int64 x"), "")
        self.assertEqual(said(member="TextList x", argument="TEXTS_ARGUMENT(Told, x, 3, 9)"), "")

    def test_without_a_function_that_replays_it_does_not(self):
        self.assertIn("_Generic", said(apply="NULL"))
        self.assertIn("_Generic", said(apply="0"))
        self.assertIn("_Generic", said(apply="used"))

    def test_without_a_line_in_the_list_it_does_not(self):
        self.assertIn("REDUCER_vanish_npc", said(name="vanish_npc"))

    def test_an_argument_of_another_type_than_its_member_does_not(self):
        self.assertIn("_Generic", said(member="int16 x"))
        self.assertIn("_Generic", said(member="bool x", argument="ID_ARGUMENT(Told, x)"))
        self.assertIn("_Generic", said(member="char *x", argument="OBJECT_ARGUMENT(Told, x)"))


if __name__ == "__main__":
    unittest.main()
