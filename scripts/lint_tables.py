"""Checks that SQL on tables of state stands in src/tables alone, and that rows are read by their descriptions.

How many pieces of SQL may stand elsewhere is in lint_tables.txt, with a number and a file in each line; the numbers may only
become less. A name of a table that is filled in counts, too (npcsim." table, npcsim.%s).

A row is read by its description, without a statement (RowType) as from one (SpiColumn): a column by its place in a list, or by
its number, is a complaint.

    lint_tables.py            in the top directory
"""

import re
import sys
from pathlib import Path

LISTED = Path("scripts/lint_tables.txt")

CREATED = re.compile(r"^CREATE (?:UNLOGGED )?TABLE npcsim\.(\w+)", re.MULTILINE)
PLACE = re.compile(
    r"\b(?:row|reading)(?:(?:->|\.)row)?(?:->|\.)(?:values|nulls)\[\d+\]"  # of a RowType
    r"|\bspi_datum\([^;]*?,\s*\d"
    r"|\bSPI_get(?:binval|value)\("  # who calls spi_datum() instead is seen here
)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def tables():
    """Returns the tables that the install script makes; partitions of one have its name and a number."""
    names = set()
    for part in Path("sql").glob("[0-9][0-9]_*.sql"):
        names.update(CREATED.findall(part.read_text()))
    return sorted(name for name in names if not re.search(r"_\d+$", name))


def pieces(names):
    """Returns for each file that has SQL on such tables how many pieces it has."""
    after = r"\b(?:FROM|JOIN|INTO|UPDATE|USING|TABLE|ONLY|ON) npcsim\."
    table = r"(?:" + "|".join(names) + r")\b"
    piece = re.compile(after + r"(?:" + table + r"""|"|%s(?!_))|'npcsim\.""" + table)
    found = {}
    for file in sorted([*Path("src").rglob("*.c"), *Path("workers/launcher").glob("*.c")]):
        if file.parts[:2] != ("src", "tables"):
            count = sum(len(piece.findall(literal)) for literal in LITERAL.findall(file.read_text()))
            if count:
                found[str(file)] = count
    return found


def places():
    """Finds columns of rows that are read by their places."""
    for file in sorted([*Path("src").rglob("*.c"), *Path("workers/launcher").glob("*.c")]):
        text = file.read_text()
        for match in PLACE.finditer(text):
            if file != Path("src/spi.c"):
                yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}"


def listed():
    lines = [line.split() for line in LISTED.read_text().splitlines() if line and not line.startswith("#")]
    return {file: int(count) for count, file in lines}


def main():
    found, known = pieces(tables()), listed()
    for file in sorted(found.keys() | known.keys()):
        now, before = found.get(file, 0), known.get(file, 0)
        if now > before:
            print(f"        {file}: {now} pieces of SQL on tables of state, {before} are listed: that is for src/tables")
        elif now < before:
            print(f"        {file}: {now} pieces of SQL on tables of state are left: write that in {LISTED}, where it says {before}")
    by_place = list(places())
    for place in by_place:
        print(f"        {place}: a column is read by its place: RowType (tables/row_type.h) or SpiColumn (spi.h) names it")
    return found != known or bool(by_place)


if __name__ == "__main__":
    sys.exit(main())
