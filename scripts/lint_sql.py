"""Runs pgspot on SQL scripts, each given as its parts:  lint_sql.py PART[,PART…]…

pgspot looks for statements that a hostile owner of a database could turn against a superuser who runs them. What it complains of is
either mended or explained, in a comment above or in the statement:

    -- pgspot PS015: why this one is no danger

An explanation without a complaint of pgspot is a complaint, too, and so is a placeholder of a schema in a comment: the server
replaces it by a name that may hold a line's end, behind which the text goes on as SQL. Nothing is hidden from pgspot, but it is
taught two things: functions with a body of standard SQL (BEGIN ATOMIC), which it cannot read, have their names resolved when
they are created, like everything else in the script; and the argument of execute_with_postgis() is SQL.
"""

import argparse
import copy
import re
import sys

from pglast import ast, parse_sql
from pgspot import visitors
from pgspot.codes import codes
from pgspot.state import Counter, State

EXPLANATION = re.compile(r"--\s*pgspot (PS\d+): \S")
PLACEHOLDER = re.compile(r"--[^\n]*@ext(schema|owner)")
SETTINGS = argparse.Namespace(
    proc_without_search_path=[], summary_only=False, plpgsql=True, ignore=[], ignore_lang=[], sql_fn=["execute_with_postgis"])

look_at_function = visitors.SQLVisitor.visit_CreateFunctionStmt


def look_at_any_function(visitor, ancestors, node):
    """Visits the body of a BEGIN ATOMIC function like any other statement, and checks the function's header here."""
    if node.sql_body is not None:
        node = copy.copy(node)
        body = ast.DefElem(defname="as", arg=[ast.String(sval="")])
        node.options = (*node.options, body)
    return look_at_function(visitor, ancestors, node)


visitors.SQLVisitor.visit_CreateFunctionStmt = look_at_any_function


class Complaints(Counter):
    """Returns pgspot's complaints by the statement that they are about."""

    def __init__(self):
        super().__init__(SETTINGS)
        self.said = []

    def print_issue(self, code, context):
        self.said.append((self.stmt_location, code, f"{codes[code]['title']}: {context}"))

    def unknown(self, message):
        self.said.append((self.stmt_location, "unknown", message))


def read(part):
    with open(part, encoding="utf8") as file:
        return file.read()


def check(parts):
    """Prints the complaints about a script, which is read as the joined parts, and returns how many there are."""
    texts = [read(part) for part in parts]
    lines = [(part, number) for part, text in zip(parts, texts) for number in range(1, text.count("\n") + 1)]
    script = "".join(texts)
    complaints = Complaints()
    visitors.visit_sql(State(complaints), script, toplevel=True)

    # The visitor replaces placeholders before it parses, so its places are those in the text with the replacements.
    parsed = complaints.sql
    assert parsed.count("\n") == script.count("\n")
    ends = {statement.stmt_location: statement.stmt_location + statement.stmt_len for statement in parse_sql(parsed)}
    explained = [(match.start(), match.group(1)) for match in EXPLANATION.finditer(parsed)]
    used = set()
    found = 0

    def complain(place, code, text):
        nonlocal found
        found += 1
        part, number = lines[parsed.count("\n", 0, place)]
        print(f"        {part}:{number}: {code}: {text}")

    for place, code, text in complaints.said:
        mine = [(at, of) for at, of in explained if of == code and place <= at < ends[place]]
        used.update(mine)
        if not mine:
            complain(place + re.match(r"(\s|--[^\n]*)*", parsed[place:]).end(), code, text)
    for at, code in explained:
        if (at, code) not in used:
            complain(at, code, "explained here, but not said by pgspot")
    for number, line in enumerate(script.split("\n")):
        if PLACEHOLDER.search(line):
            found += 1
            print("        {}:{}: a placeholder in a comment".format(*lines[number]))
    return found


if __name__ == "__main__":
    sys.exit(1 if sum(check(script.split(",")) for script in sys.argv[1:]) else 0)
