"""What the model of the engine works on: programs, entries of state, what befalls a run, and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.model.simulation import ALL, ONE

Urn = tuple[str, str]


@dataclass(frozen=True)
class Declared:
    """One resource of a program: an AllowedDirection has one code."""

    kind: str
    codes: tuple[str, ...]
    on_destroy: str = "retain"
    delete_first: bool = False
    alias: Urn | None = None
    is_protected: bool = False

    def inputs(self) -> dict[str, Any]:
        if self.kind == ONE:
            return {"code": self.codes[0]}
        return {"codes": list(self.codes), "on_destroy": self.on_destroy}


Program = Mapping[str, Declared]


def declared_codes(program: Program) -> frozenset[str]:
    return frozenset(code for each in program.values() for code in each.codes)


def is_whole(program: Program) -> bool:
    return any(each.kind == ALL for each in program.values())


@dataclass
class Entry:
    """What state holds of one resource."""

    urn: Urn
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    is_gone: bool = False
    """It was deleted before its replacement, which then failed: the engine calls no delete for it any more."""
    is_protected: bool = False

    @property
    def recorded(self) -> frozenset[str]:
        codes = self.outputs["codes"] if self.urn[0] == ALL else [self.outputs["code"]]
        return frozenset(codes)

    @property
    def closes(self) -> frozenset[str]:
        """What its delete may close."""
        retains = self.is_gone or (self.urn[0] == ALL and self.outputs["on_destroy"] == "retain")
        return frozenset() if retains else self.recorded


@dataclass
class Plan:
    """What befalls one run: orders of faults as `Sandbox.fail_next` takes them, a kill, and acts of the owner."""

    faults: Sequence[Mapping[str, Any]] = ()
    kill: tuple[int, str] | None = None
    owner: Mapping[int, frozenset[str]] = field(default_factory=dict)
    together: bool = False
    """Steps are given to the provider at once, as from the engine's threads, so that they become one batch."""
    goes_on: bool = False
    """--continue-on-error"""
    refresh: bool = False


@dataclass
class Step:
    """One call that may write, and what it may do."""

    kind: str
    method: str
    arguments: tuple[Any, ...]
    done: Callable[[Any], None]
    opens: frozenset[str] = frozenset()
    closes: frozenset[str] | None = frozenset()
    """None: whatever is not among `opens`."""
    may_close_declared: bool = False
    result: Any = None
    error: BaseException | None = None


@dataclass
class Ran:
    """How a run ended. ``changes``: the steps that it took."""

    errors: list[str] = field(default_factory=list)
    was_killed: bool = False
    changes: int = 0
    writes: int = 0


def normalised(program: Mapping[str, Declared]) -> dict[str, Declared]:
    """Return a program that is not refused: of both kinds the last declared one stays, and each alias counts once."""
    kept = dict(program)
    if len({each.kind for each in kept.values()}) > 1:
        last = list(kept.values())[-1].kind
        kept = {name: each for name, each in kept.items() if each.kind == last}
    aliases: set[Urn] = {(each.kind, name) for name, each in kept.items()}
    for name, each in kept.items():
        if each.alias in aliases:
            kept[name] = replace(each, alias=None)
        elif each.alias:
            aliases.add(each.alias)
    return kept
