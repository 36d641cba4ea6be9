"""Programs, what state holds of them, and the edits that a search makes to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

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


Program = dict[str, Declared]


def declared_codes(program: Mapping[str, Declared]) -> frozenset[str]:
    return frozenset(code for each in program.values() for code in each.codes)


def is_whole(program: Mapping[str, Declared]) -> bool:
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
    is_condemned: bool = False
    """It was replaced, and could not be deleted yet."""
    is_protected: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return (*self.urn, self.id if self.urn[0] == ONE else "")  # an alias may give a list the id of a single

    @property
    def recorded(self) -> frozenset[str]:
        codes = self.outputs["codes"] if self.urn[0] == ALL else [self.outputs["code"]]
        return frozenset(codes)

    @property
    def retains(self) -> bool:
        return self.urn[0] == ALL and self.outputs["on_destroy"] == "retain"

    @property
    def closes(self) -> frozenset[str]:
        """What its delete may close."""
        return frozenset() if self.is_gone or self.retains else self.recorded


def old_of(entries: Iterable[Entry], name: str, declared: Declared) -> Entry | None:
    """Return what state has of a declared resource, by its own name or by its alias."""
    found = {entry.urn: entry for entry in entries if not entry.is_condemned}
    return found.get((declared.kind, name)) or (found.get(declared.alias) if declared.alias else None)


class Edit(NamedTuple):
    """What an edit of a program may need: names of single resources and of lists, codes and choices."""

    names: tuple[str, ...]
    """All that a program may use, in the order in which they are tried."""
    lists: tuple[str, ...]
    codes: tuple[str, ...]
    on_destroy: str
    flag: bool

    def whole(self, codes: Iterable[str], alias: Urn | None) -> Program:
        return {self.lists[0]: Declared(ALL, tuple(codes), self.on_destroy, alias=alias)}


def declare(program: Program, edit: Edit, *, delete_first: bool = False) -> Program:
    return (
        {**program, edit.names[0]: Declared(ONE, edit.codes[:1], delete_first=delete_first)} if edit.codes else program
    )


def drop(program: Program, edit: Edit) -> Program:
    return {name: each for name, each in program.items() if name != edit.names[0]}


def rename(program: Program, edit: Edit) -> Program:
    name, other = edit.names[:2]
    if name not in program or other in program:
        return program
    each = program[name]
    return {**drop(program, edit), other: replace(each, alias=(each.kind, name) if edit.flag else None)}


def swap(program: Program, edit: Edit) -> Program:
    name, other = edit.names[:2]
    return {**program, name: program[other], other: program[name]} if {name, other} <= program.keys() else program


def declare_the_whole_list(program: Program, edit: Edit) -> Program:
    return {**_singles(program), **edit.whole(edit.codes, (ALL, edit.lists[1]) if edit.flag else None)}


def drop_the_whole_list(program: Program, edit: Edit) -> Program:
    return _singles(program)


def move_into_a_list(program: Program, edit: Edit) -> Program:
    codes = declared_codes(singles := _singles(program))
    return edit.whole(sorted(codes), (ONE, next(iter(singles))) if edit.flag else None) if singles else program


def move_out_of_the_list(program: Program, edit: Edit) -> Program:
    for name, each in program.items():
        if each.kind == ALL:
            aliases = [(ALL, name) if edit.flag else None, *[None] * len(edit.names)]
            moved = zip(edit.names, sorted(each.codes), aliases, strict=False)
            return {single: Declared(ONE, (code,), alias=alias) for single, code, alias in moved}
    return program


def _singles(program: Program) -> Program:
    return {name: each for name, each in program.items() if each.kind == ONE}


EDITS: tuple[Callable[[Program, Edit], Program], ...] = (
    *(declare, partial(declare, delete_first=True), drop, rename, swap),
    *(declare_the_whole_list, drop_the_whole_list, move_into_a_list, move_out_of_the_list),
)


def normalised(program: Program) -> Program:
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
