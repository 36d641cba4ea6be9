"""What is compared: the Pulumi programs, as texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAIVE = Path(__file__).with_name("naive.py")

Codes = Sequence[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to declare N directions: its name in tables, and the program of given codes.

    ``opens``: whether the cabinet's list follows the program, also when the stack is destroyed.
    ``is_everywhere``: whether it is measured in each case, or in that of the targets alone.
    """

    label: str
    program: Callable[[Codes], str]
    opens: bool = True
    is_everywhere: bool = True


def _direction(codes: Codes) -> str:
    return f"""\
import plusofon_pulumi as plusofon

for code in {list(codes)}:
    plusofon.AllowedDirection(f"direction-{{code}}", code=code)
"""


def _list(codes: Codes) -> str:
    return f"""\
import plusofon_pulumi as plusofon

plusofon.AllowedDirections("cabinet", codes={list(codes)}, on_destroy="close")
"""


def _naive(codes: Codes) -> str:
    return f"""\
{NAIVE.read_text(encoding="utf-8")}

for code in {list(codes)}:
    NaiveDirection(f"direction-{{code}}", code)
"""


def _naive_imported(codes: Codes) -> str:
    return f"""\
from bench.naive import NaiveDirection

for code in {list(codes)}:
    NaiveDirection(f"direction-{{code}}", code)
"""


def _floor(codes: Codes) -> str:
    return f"""\
from bench.floor import Idle

for code in {list(codes)}:
    Idle(f"direction-{{code}}", code)
"""


def _floor_of_one(codes: Codes) -> str:
    return _floor(codes[:1])


DIRECTION, LIST, NAIVE_KIND, NAIVE_IMPORTED = "direction", "list", "naive", "naive-imported"
FLOOR, FLOOR_OF_ONE = "floor", "floor-1"
KINDS = {
    DIRECTION: Kind("`AllowedDirection` × N", _direction),
    LIST: Kind("`AllowedDirections` of N", _list),
    NAIVE_KIND: Kind("naive provider × N", _naive),
    NAIVE_IMPORTED: Kind("naive provider, imported, × N", _naive_imported, is_everywhere=False),
    FLOOR: Kind("idle resource × N (the floor)", _floor, opens=False),
    FLOOR_OF_ONE: Kind("idle resource × 1", _floor_of_one, opens=False, is_everywhere=False),
}
