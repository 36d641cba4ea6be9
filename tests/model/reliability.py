"""Run the fault table and write it into docs/reliability.md: `make faults`."""

from __future__ import annotations

import sys
from collections import Counter

from tests.checkout import CHECKOUT
from tests.model.fault_cells import CALLS, OPERATIONS, TIMES, Cell, Failing, cells
from tests.model.simulation import FAULTS, ONE

PAGE = CHECKOUT / "docs" / "reliability.md"
BEGIN, END = "<!-- fault table: written by make faults -->\n", "<!-- end of the fault table -->\n"

OUTCOMES = {
    "done": ("✓", "done, and the account shows it"),
    "told": ("!", "told by `check`, so in the preview, before anything is written"),
    "failed": ("E", "an error; nothing was to be written"),
    "undone": ("E−", "an error, and the account is as before"),
    "part": ("E±", "an error, and a part of what was asked for is done"),
    "carried out": ("E+", "an error, though the account is as asked for: whether it was carried out could not be seen"),
    "believed": ("✓?", "taken for done on the word of the answer, with a message, for the list could not be read"),
}


def table(found: list[Cell]) -> str:
    """Write the cells as Markdown: a table for each call, a column for each operation that makes it."""
    counts = Counter(cell.outcome for cell in found)
    survived = sum(not cell.broken for cell in found)
    figures = (
        f"{len(found)} cells, {survived} survived: {len(FAULTS)} faults (one of writes only), once and always, at each "
        f"kind of call that each of {len(OPERATIONS)} operations makes."
    )
    reading = (
        "In each cell, the first sign is for a fault that comes once, the second for one that stays. `:after`: the "
        "call takes effect, and then fails."
    )
    lines = [
        figures,
        "",
        "| sign | cells | outcome |",
        "|---|---|---|",
        *(f"| {sign} | {counts[name]} | {meaning} |" for name, (sign, meaning) in OUTCOMES.items() if counts[name]),
        "",
        reading,
    ]
    for call in CALLS:
        lines += ["", f"### {call.told[0].upper()}{call.told[1:]} (`{call.name}`)", "", *_table_of(call, found)]
    return "\n".join(lines) + "\n"


def _table_of(call: Failing, found: list[Cell]) -> list[str]:
    here = {(cell.fault, cell.times, cell.operation): OUTCOMES[cell.outcome][0] for cell in found if cell.call is call}
    columns = [each for each in OPERATIONS if any(operation is each for _, _, operation in here)]
    names = [f"{'one:' if each.kind == ONE else 'all:'} {each.name}" for each in columns]
    faults: dict[tuple[str, ...], list[str]] = {}
    for fault in FAULTS:
        signs = tuple(
            " ".join(here[fault, times, each] for times in TIMES if (fault, times, each) in here) for each in columns
        )
        if any(signs):
            faults.setdefault(signs, []).append(f"`{fault}`")
    rows = [f"| {', '.join(same)} | {' | '.join(signs)} |" for signs, same in faults.items()]
    return [f"| fault | {' | '.join(names)} |", "|---" * (len(columns) + 1) + "|", *rows]


def page(text: str, written: str) -> str:
    """Return the page with another table in the place of its own."""
    return f"{text.partition(BEGIN)[0]}{BEGIN}\n{written}\n{END}{text.partition(END)[2]}"


def main() -> int:
    """Write the table; return 1 if a cell has not survived."""
    found = cells()
    broken = [str(cell) for cell in found if cell.broken]
    sys.stdout.write(f"{len(found)} cells, {len(found) - len(broken)} survived\n")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), table(found)), encoding="utf-8")
    sys.stdout.writelines(f"{cell}\n" for cell in broken)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
