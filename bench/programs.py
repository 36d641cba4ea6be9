"""What is compared: the Pulumi programs, as texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAIVE_FILE = Path(__file__).with_name("naive.py")

Codes = Sequence[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to declare N directions: its name in tables, and the program of given codes.

    ``opens``: whether the account's list follows the program, also when the stack is destroyed.
    ``is_everywhere``: whether it is measured in each case, or in that of the targets alone.
    """

    label: str
    program: Callable[[Codes], str]
    opens: bool = True
    is_everywhere: bool = True


def _one_each(head: str, call: str) -> Callable[[Codes], str]:
    """Return what writes a program that makes a resource for each code."""
    return lambda codes: f"{head}\n\nfor code in {list(codes)}:\n    {call}\n"


def _list(codes: Codes) -> str:
    return f"""\
import plusofon_pulumi as plusofon

plusofon.AllowedDirections("account", codes={list(codes)}, on_destroy="close")
"""


_direction = _one_each(
    "import plusofon_pulumi as plusofon", 'plusofon.AllowedDirection(f"direction-{code}", code=code)'
)
_NAIVE_CALL = 'NaiveDirection(f"direction-{code}", code)'
_naive = _one_each(NAIVE_FILE.read_text(encoding="utf-8"), _NAIVE_CALL)
_naive_imported = _one_each("from bench.naive import NaiveDirection", _NAIVE_CALL)
_floor = _one_each("from bench.floor import Idle", 'Idle(f"direction-{code}", code)')


DIRECTION, LIST, NAIVE, NAIVE_IMPORTED = "direction", "list", "naive", "naive-imported"
FLOOR, FLOOR_OF_ONE = "floor", "floor-1"
KINDS = {
    DIRECTION: Kind("`AllowedDirection` × N", _direction),
    LIST: Kind("`AllowedDirections` of N", _list),
    NAIVE: Kind("naive provider × N", _naive),
    NAIVE_IMPORTED: Kind("naive provider, imported, × N", _naive_imported, is_everywhere=False),
    FLOOR: Kind("idle resource × N (the floor)", _floor, opens=False),
    FLOOR_OF_ONE: Kind("idle resource × 1", lambda codes: _floor(codes[:1]), opens=False, is_everywhere=False),
}
