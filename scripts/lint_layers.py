#!/usr/bin/env python3
"""Checks the object files against scripts/layers.txt: which file uses which, by their undefined symbols (nm).

    lint_layers.py [--table FILE] [--root DIR] BUILD

BUILD is the directory in which BUILD/src/.../x.o is made from src/.../x.c. An include alone does not count as a use; a symbol
that an object needs to be linked does. Stored function pointers are found in the sources, where they are declared: each has a
line of the table, which says where the functions lie that it calls. It prints what it finds; the exit status is then 1.
"""

import argparse
import fnmatch
import os
import re
import subprocess
import sys

TREES = ("src", "workers")


class Table:
    """The contents of scripts/layers.txt, whose first comment explains its form."""

    def __init__(self, path):
        self.programs = []  # {directory}
        self.uses = {}  # directory -> directories
        self.file_uses = {}  # file -> directories
        self.layers = {}  # directory -> [[file]]
        self.circles = []  # (directory, {file})
        self.pointers = {}  # (name, file) -> (direction, {file})
        directory = None
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                words = line.split("#")[0].split()
                if not words:
                    continue
                kind, rest = words[0], words[1:]
                if kind == "program":
                    self.programs.append(set(rest))
                elif kind == "directory":
                    directory = rest[0]
                    self.uses[directory] = self.used(rest[1:], path, number)
                    self.layers[directory] = []
                elif kind == "layer":
                    self.layers[directory].append([f"{directory}/{file}" for file in rest])
                elif kind == "circle":
                    self.circles.append((directory, {f"{directory}/{file}" for file in rest}))
                elif kind == "file":
                    self.file_uses[f"{directory}/{rest[0]}"] = self.used(rest[1:], path, number)
                elif kind == "pointer" and len(rest) >= 3 and rest[2] in ("up", "down", "here", "caller"):
                    files = {file if "/" in file else f"{directory}/{file}" for file in rest[3:]}
                    if bool(files) != (rest[2] in ("up", "down")):
                        sys.exit(f"{path}:{number}: up and down name files, here and caller do not")
                    self.pointers[(rest[0], f"{directory}/{rest[1]}")] = (rest[2], files)
                else:
                    sys.exit(f"{path}:{number}: what is this: {line.strip()}")

    @staticmethod
    def used(words, path, number):
        if words and words[0] != "uses":
            sys.exit(f"{path}:{number}: uses is missing")
        return set(words[1:])


# ---------------------------------------------------------------------------------------------------------
# The object files


def sources(root):
    """Returns the files there are, by their paths without endings, with the endings of each."""
    found = {}
    for tree in TREES:
        for path, _, names in os.walk(os.path.join(root, tree)):
            for name in names:
                stem, ending = os.path.splitext(name)
                if ending in (".c", ".h"):
                    found.setdefault(os.path.relpath(os.path.join(path, stem), root), set()).add(ending)
    return found


def symbols(build, files):
    """Returns which files define a symbol, which symbols each file lacks, and which files were not built."""
    defined, lacking, missing = {}, {}, []
    for file in files:
        path = os.path.join(build, file + ".o")
        if not os.path.exists(path):
            missing.append(file)
            continue
        lacking[file] = set()
        said = subprocess.run(["nm", "-g", "--format=posix", path], check=True, capture_output=True, text=True).stdout
        for line in said.splitlines():
            name, kind = line.split()[:2]
            if kind in "Uwv":
                lacking[file].add(name)
            else:
                defined.setdefault(name, []).append(file)
    return defined, lacking, missing


def graph_of(defined, lacking, programs):
    """Returns for each file the files it uses, with the symbols it needs. A symbol of its own directory goes before namesakes."""
    graph = {file: {} for file in lacking}
    for file, names in lacking.items():
        here = os.path.dirname(file)
        linked = set().union(*(program for program in programs if here in program))
        for name in names:
            owners = [owner for owner in defined.get(name, []) if os.path.dirname(owner) in linked]
            near = [owner for owner in owners if os.path.dirname(owner) == here]
            for owner in near or owners:
                graph[file].setdefault(owner, []).append(name)
    return graph


def circles_of(graph):
    """Returns the strongly connected parts of more than one file (by Tarjan's algorithm), as sets."""
    index, low, stack, circles = {}, {}, [], []

    def visit(file):
        index[file] = low[file] = len(index)
        stack.append(file)
        for used in graph[file]:
            if used not in index:
                visit(used)
            if used in stack:
                low[file] = min(low[file], low[used])
        if low[file] == index[file]:
            at = stack.index(file)
            if len(stack) - at > 1:
                circles.append(set(stack[at:]))
            del stack[at:]

    for file in graph:
        if file not in index:
            visit(file)
    return circles


# ---------------------------------------------------------------------------------------------------------
# Stored function pointers

NOT_CODE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.)*|/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S | re.M)
POINTER = re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)(?:\[\w*\])?\s*\)\s*\(")
TYPEDEF = re.compile(r"typedef\b[^;{}()]*$")
STATIC = re.compile(r"(?:^|[;}])\s*(?:static|extern)\b[^;{}()]*$")


def plain(text):
    """Returns the text without comments, literals and the preprocessor's lines."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def brackets(text):
    """Returns where each brace closes, and for each place the braces around it."""
    closes, around, stack = {}, {}, []
    for at, char in enumerate(text):
        if char == "{":
            stack.append(at)
        elif char == "}" and stack:
            closes[stack.pop()] = at
        elif char == "(":
            around[at] = list(stack)
    return closes, around


def head_of(text, at):
    """Returns what stands before a brace, back to the end of the statement before."""
    begin = max(text.rfind(char, 0, at) for char in ";{}")
    return text[begin + 1 : at]


def stored_pointers(text):
    """Returns the names of structs with members that are function pointers, and of types and variables that are such pointers."""
    text = plain(text)
    closes, around = brackets(text)
    names = set()
    for match in POINTER.finditer(text):
        braces = around[match.start()]
        if not braces:
            before = text[: match.start()]
            if TYPEDEF.search(before) or STATIC.search(before):
                names.add(match.group(1))
            continue
        head = head_of(text, braces[0])
        if re.search(r"\b(struct|union)\b", head) and not re.search(r"[=)]", head):
            after = re.match(r"\s*(\w+)", text[closes[braces[0]] + 1 :])
            tag = re.search(r"\b(?:struct|union)\s+(\w+)\s*$", head)
            names.add(after.group(1) if after else tag.group(1))
    return names


def makers_of(name, texts):
    """Returns the files that make a table of this type."""
    made = re.compile(r"\b" + name + r"\s+\w+(\[[^]]*\])?\s*=\s*\{")
    return {file for file, text in texts.items() if made.search(text)}


# ---------------------------------------------------------------------------------------------------------
# Finding what is wrong


class Finder:
    def __init__(self, table, root, build):
        self.table = table
        self.complaints = []
        self.files = sources(root)
        self.texts = {}
        for file, endings in self.files.items():
            for ending in sorted(endings):
                with open(os.path.join(root, file + ending), encoding="utf-8") as source:
                    self.texts[file + ending] = source.read()
        programs = [file for file, endings in self.files.items() if ".c" in endings]
        defined, lacking, missing = symbols(build, sorted(programs))
        self.graph = graph_of(defined, lacking, table.programs)
        for file in missing:
            self.complain(f"{file}.c was not built")
        self.pointers = {pointer: (direction, self.meant(files)) for pointer, (direction, files) in table.pointers.items()}
        self.place = {}  # file -> (directory, number of its layer)
        for directory, layers in table.layers.items():
            for number, files in enumerate(layers):
                for file in sorted(self.meant(files)):
                    self.place[file] = (directory, number)

    def complain(self, text):
        self.complaints.append(text)

    def meant(self, files):
        """Returns the files that are meant, with patterns replaced by the files that they fit."""
        return {found for file in files for found in (fnmatch.filter(self.files, file) if "*" in file else [file])}

    def check_places(self):
        for file in self.files:
            directory = os.path.dirname(file)
            if directory not in self.table.uses or not any(directory in program for program in self.table.programs):
                self.complain(f"{file} is in a directory that the table does not know")
            elif self.table.layers[directory] and file in self.graph and file not in self.place:
                self.complain(f"{file} has no layer")
        for file in self.place:
            if file not in self.files:
                self.complain(f"the table has a layer for {file}, which is not there")

    def may_use(self, file, used):
        here, there = os.path.dirname(file), os.path.dirname(used)
        if here != there:
            return there in self.table.uses.get(here, set()) | self.table.file_uses.get(file, set())
        if file in self.place and used in self.place:
            return self.place[used][1] <= self.place[file][1]
        return True

    def check_uses(self):
        for file, uses in self.graph.items():
            for used, names in uses.items():
                if not self.may_use(file, used):
                    self.complain(f"{file} may not use {used}: {', '.join(sorted(names))}")

    def check_pointers(self):
        """Checks the stored function pointers, and adds calls through those marked "down" to the graph."""
        texts = {file: plain(text) for file, text in self.texts.items()}
        stems = {file: os.path.splitext(file)[0] for file in texts}
        declared = {(name, stems[file]) for file, text in self.texts.items() for name in stored_pointers(text)}
        for name, file in sorted(declared - set(self.pointers)):
            self.complain(f"{file} stores function pointers in {name}, which the table does not know")
        for (name, file), (direction, files) in self.pointers.items():
            if (name, file) not in declared:
                self.complain(f"the table has function pointers {name} in {file}, which are not there")
                continue
            makers = {stems[maker] for maker in makers_of(name, texts)}
            wanted = files if direction in ("up", "down") else {file} if direction == "here" else set()
            anywhere = {entry for entry in wanted if entry.endswith("/")}  # in these directories
            wanted = wanted - anywhere | {maker for maker in makers if os.path.dirname(maker) + "/" in anywhere}
            if makers != wanted and not (direction == "here" and not makers):
                self.complain(
                    f"{name} of {file} is made in {', '.join(sorted(makers)) or 'no file'}; "
                    f"the table says {', '.join(sorted(wanted)) or 'that callers hand it over'}"
                )
            for maker in wanted if direction in ("up", "down") else set():
                if direction == "down":
                    self.graph.get(file, {}).setdefault(maker, []).append(f"through {name}")
                elif not self.may_use(maker, file):
                    self.complain(f"{name}: {maker} does not lie above {file}")

    def check_circles(self):
        found = circles_of(self.graph)
        known = [files for _, files in self.table.circles]
        for circle in found:
            if circle in known:
                continue
            self.complain("a circle: " + " ".join(sorted(circle)))
            for file in sorted(circle):
                for used in sorted(circle & set(self.graph[file])):
                    self.complain(f"    {file} uses {used}: {', '.join(sorted(self.graph[file][used]))}")
        for circle in known:
            if circle not in found:
                self.complain("the table has a circle that is not there like this: " + " ".join(sorted(circle)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    parser.add_argument("--table")
    parser.add_argument("build")
    arguments = parser.parse_args()
    table = Table(arguments.table or os.path.join(arguments.root, "scripts/layers.txt"))
    finder = Finder(table, arguments.root, arguments.build)
    finder.check_places()
    finder.check_uses()
    finder.check_pointers()
    finder.check_circles()
    for complaint in finder.complaints:
        print(f"        {complaint}")
    return 1 if finder.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
