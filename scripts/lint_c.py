#!/usr/bin/env python3
"""Checks rules for our C that no compiler checks:  lint_c.py [--root DIR]

- No function is longer than 70 lines, from its name to its closing brace.
- No switch over an enumeration of ours has a "default:", so that the compiler tells of a member that is missing.
- An array whose entries stand at members of an enumeration ([MEMBER] = ...) gets its length from them, and a
  static assertion says that these are all.

It prints what it finds; the exit status is then 1.
"""

import argparse
import os
import re
import sys

LONGEST = 70
NOT_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:[^\n\\]|\\.)*", re.S | re.M)
ENUM = re.compile(r"\benum\b\s*\w*\s*\{([^{}]*)\}")
DEFAULT = re.compile(r"\bdefault\s*:")
CASE = re.compile(r"\bcase\s+([A-Za-z_]\w*)\s*:")
NAMES = re.compile(r"\b(\w+)\s*\[\s*(\w*)\s*\]\s*=\s*\{\s*\[\s*[A-Z]\w*\s*\]\s*=")


def plain(text):
    """Returns the text with blanks for comments, literals and the preprocessor's lines; it has as many lines as before."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def sources(root, *trees):
    """Yields the path and the plain text of each C file below these directories."""
    for tree in trees:
        for path, _, names in sorted(os.walk(os.path.join(root, tree))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    file = os.path.join(path, name)
                    with open(file, encoding="utf-8") as source:
                        yield os.path.relpath(file, root), plain(source.read())


def functions(text):
    """Yields name and length of each defined function, which is one whose parameters end the line before a brace in column 1."""
    lines = text.split("\n")
    begin = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            begin = number if number > 0 and lines[number - 1].rstrip().endswith(")") else None
        elif line.startswith("}") and begin is not None:
            head = begin - 1
            while head > 0 and lines[head][:1] in ("", " ", "\t"):
                head -= 1
            name = re.search(r"(\w+)\(", re.sub(r"__attribute__\(\(.*?\)\)\)?", "", " ".join(lines[head:begin])))
            yield name.group(1) if name else "?", number - head + 1
            begin = None


def block_around(text, at):
    """Returns where the innermost pair of braces around a place begins and ends."""
    depth, begin = 0, at
    while begin > 0:
        begin -= 1
        if text[begin] == "}":
            depth += 1
        elif text[begin] == "{":
            if depth == 0:
                break
            depth -= 1
    depth, end = 0, at
    while end < len(text):
        if text[end] == "{":
            depth += 1
        elif text[end] == "}":
            if depth == 0:
                break
            depth -= 1
        end += 1
    return begin, end


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def long_functions(root):
    return [
        f"{file}: {name} has {length} lines, {LONGEST} are enough"
        for file, text in sources(root, "src", "workers")
        for name, length in functions(text)
        if length > LONGEST
    ]


def defaults(root):
    members = {
        member
        for _, text in sources(root, "src", "workers")
        for body in ENUM.findall(text)
        for member in re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", body)
    }
    complaints = []
    for file, text in sources(root, "src", "workers"):
        for match in DEFAULT.finditer(text):
            begin, end = block_around(text, match.start())
            ours = [case for case in CASE.findall(text[begin:end]) if case in members]
            if ours:
                complaints.append(f"{file}:{line_of(text, match.start())}: default: in a switch over {ours[0]} and its like")
    return complaints


def names(root):
    complaints = []
    for file, text in sources(root, "src", "workers"):
        for match in NAMES.finditer(text):
            name, length = match.groups()
            place = f"{file}:{line_of(text, match.start())}"
            if length:
                complaints.append(f"{place}: {name}[{length}] has that length whatever is missing: let its entries make it")
            elif not re.search(r"(?:_Static_assert|static_assert|StaticAssertDecl|StaticAssertStmt)\((?:sizeof|lengthof)\(" + name + r"\)", text):
                complaints.append(f"{place}: no static assertion that {name} has an entry for each member")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    arguments = parser.parse_args()
    complaints = long_functions(arguments.root) + defaults(arguments.root) + names(arguments.root)
    for complaint in complaints:
        print(f"        {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
