"""The programs that are compared: one entry in `KINDS` is one column of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAIVE_FILE = Path(__file__).with_name("naive.py")

Codes = Sequence[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to declare directions: its head in the table, and the project's files for these codes.

    A project in another language brings its own `Pulumi.yaml`. ``opens``: False if the account never changes.
    """

    label: str
    files: Callable[[Codes], dict[str, str]]
    opens: bool = True


def _each(head: str, call: str) -> Callable[[Codes], dict[str, str]]:
    return lambda codes: {"__main__.py": f"{head}\n\nfor code in {list(codes)}:\n    {call}\n"}


def _list(codes: Codes) -> dict[str, str]:
    call = f'plusofon.AllowedDirections("account", codes={list(codes)}, on_destroy="close")'
    return {"__main__.py": f"import plusofon_pulumi as plusofon\n\n{call}\n"}


def _yaml(codes: Codes) -> dict[str, str]:
    line = '  direction-{0}: {{type: "plusofon:AllowedDirection", properties: {{code: "{0}"}}}}\n'
    return {"Pulumi.yaml": "name: test\nruntime: yaml\nresources:\n" + "".join(map(line.format, codes))}


_SINGLE = 'plusofon.AllowedDirection(f"direction-{code}", code=code)'
_NAIVE = 'NaiveDirection(f"direction-{code}", code)'
SINGLE, PLUGIN, LIST, NAIVE, IMPORTED, FLOOR = "single", "plugin", "list", "naive", "imported", "floor"
KINDS = {
    SINGLE: Kind("`AllowedDirection` each", _each("import plusofon_pulumi as plusofon", _SINGLE)),
    PLUGIN: Kind("each, in YAML (plugin)", _yaml),
    LIST: Kind("one `AllowedDirections`", _list),
    NAIVE: Kind("naive provider", _each(NAIVE_FILE.read_text(encoding="utf-8"), _NAIVE)),
    IMPORTED: Kind("naive, imported", _each("from bench.naive import NaiveDirection", _NAIVE)),
    FLOOR: Kind(
        "idle (the floor)", _each("from bench.floor import Idle", 'Idle(f"direction-{code}", code)'), opens=False
    ),
}
