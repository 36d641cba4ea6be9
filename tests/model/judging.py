"""What one run on the real engine did to one account, and what it broke by that: told from what was seen alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from plusofon_pulumi.client import ATTEMPTS
from plusofon_pulumi.identity import DIRECTION_TYPE, DIRECTIONS_TYPE, PROVIDER_INPUT
from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Request, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.program import Declared, Entry, Program, declared_codes, is_whole
from tests.model.promises import EXCEPTIONS
from tests.model.simulation import ALL, ONE

TYPES = {ONE: DIRECTION_TYPE, ALL: DIRECTIONS_TYPE}
KINDS = {type_: kind for kind, type_ in TYPES.items()}
# Those faults that the client repeats, and that come seldom enough to be over in a few seconds.
PASSING = (
    *("reset", "reset:after", "close", "close:after", "truncate", "truncate:after", "html:502"),
    *("status:429", "status:503", "status:503:after", "status:504"),
)
HANG = "hang"

Finding = tuple[str, str]
"""A name out of INVARIANTS and how it was broken, or one out of EXCEPTIONS and the code that it is needed for."""


@dataclass
class Noted(Entry):
    """What state holds of one resource, as the engine wrote it."""

    is_condemned: bool = False
    """It was replaced, and could not be deleted yet."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (*self.urn, self.id)


@dataclass(frozen=True)
class Seen:
    """What one run did to one account."""

    operation: str
    program: Program = field(default_factory=dict)
    before: Sequence[Noted] = ()
    after: Sequence[Noted] = ()
    changes: Sequence[Change] = ()
    """Those by the API."""
    requests: Sequence[Request] = ()
    open_before: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    failed: bool = False
    killed: bool = False
    """A plugin was, and not only to be."""
    refreshes: bool = False
    """--refresh"""
    only_closes: bool = False
    """PLUSOFON_CLOSE_ONLY"""
    wrong_token: bool = False
    output: str = ""

    @property
    def declared(self) -> frozenset[str]:
        """What it may open, and may not close."""
        return declared_codes(self.program) if self.operation == "up" else frozenset()

    @property
    def declared_in_lists(self) -> frozenset[str]:
        lists = {name: each for name, each in self.program.items() if each.kind == ALL}
        return declared_codes(lists) if self.operation == "up" else frozenset()

    @property
    def opened(self) -> frozenset[str]:
        return frozenset(code for change in self.changes if change.event == "open" for code in change.codes)

    @property
    def owned(self) -> frozenset[str]:
        """What state records: of a list just that, and not whatever is open."""
        return union(entry.recorded for entry in self.after if not entry.is_gone)

    @property
    def lost(self) -> list[Noted]:
        """What is in state no more, or only as deleted before its replacement, for which no delete is called again."""
        kept = {entry.key for entry in self.after if not entry.is_gone}
        return [entry for entry in self.before if not entry.is_gone and entry.key not in kept]


def judge(seen: Seen, ours: Iterable[str] = (), loose: Iterable[str] = ()) -> Iterator[Finding]:
    """Tell what a run broke, and which exceptions it needed.

    ``ours``: what is open through us; ``loose``: what of it was in nobody's state before, by an exception.
    """
    yield from judge_writes(seen)
    yield from judge_success(seen)
    yield from judge_reads(seen)
    excused = set(loose)
    for code in sorted(set(ours) - seen.owned - excused):
        why = why_loose(code, seen)
        excused.add(code)
        yield why, code if why in EXCEPTIONS else f"{code} is open and in nobody's state"
    yield from judge_losses(seen, excused)


def judge_writes(seen: Seen) -> Iterator[Finding]:
    """Judge what was opened and closed."""
    if seen.changes and seen.operation not in ("up", "destroy"):
        yield "quiet", f"{seen.operation} wrote: {seen.changes}"
    asked, had = replaced_first(seen), closable(seen)
    is_list_declared = seen.operation == "up" and is_whole(seen.program)
    for change in seen.changes:
        codes = frozenset(change.codes)
        if change.event == "open":
            if codes - seen.declared or seen.only_closes:
                yield "open", f"{sorted(codes)} opened, {sorted(seen.declared)} declared"
            continue
        for code in sorted(codes & seen.declared):
            yield ("asked", code) if code in asked else ("kept", f"{code} closed, though declared")
        theirs = codes - seen.declared - had
        if theirs and not is_list_declared:
            yield "foreign", f"{sorted(theirs)} closed, though nobody's"
    writes = [each.method for each in seen.requests if each.method != "GET"]
    is_list_alone = seen.operation == "up" and [each.kind for each in seen.program.values()] == [ALL]
    if is_list_alone and any(change.event == "close" for change in seen.changes) and writes[0] != "DELETE":
        yield "order", f"the whole list was changed in the order {writes}"


def closable(seen: Seen) -> frozenset[str]:
    """Return what the deletes of this run may close: what state recorded, or a refresh in the same run found."""
    is_list_to_close = any(
        entry.urn[0] == ALL and entry.outputs["on_destroy"] == "close" and not entry.is_gone for entry in seen.before
    )
    found = seen.open_before if seen.refreshes and is_list_to_close else frozenset()
    return union(entry.closes for entry in seen.before) | found


def replaced_first(seen: Seen) -> frozenset[str]:
    """Return the codes whose resource this run deletes before it makes it anew with another code, as the user asked."""
    olds = [
        (old_of(seen.before, name, each), each)
        for name, each in seen.program.items()
        if seen.operation == "up" and each.delete_first
    ]
    return union(old.closes for old, each in olds if old is not None and old.recorded != set(each.codes))


def why_loose(code: str, seen: Seen) -> str:
    """Return the exception by which a code of ours may be in nobody's state after this run; "owned" without one."""
    for entry in seen.lost:
        if entry.urn[0] == ALL and entry.outputs["on_destroy"] == "retain" and code in entry.recorded:
            return "retained"
    # A kill that came too late fails nothing, and excuses nothing.
    if code in seen.opened & seen.declared and seen.failed:
        if code in seen.declared_in_lists:
            return "partial"
        # That it may be open has to be told, too; a plugin that was killed can tell nothing.
        if seen.killed or (was_unseen(code, seen.requests) and "may not have been opened" in seen.output):
            return "blind"
    return "owned"


def was_unseen(code: str, requests: Sequence[Request]) -> bool:
    """Tell whether the list could not be read after the last write that was to open a code."""
    writes = [place for place, each in enumerate(requests) if each.method == "PUT" and code in codes_put(each)]
    if not writes:
        return False
    faults = [each.fault for each in requests[writes[-1] :] if is_of_the_list(each) and each.fault]
    # What is repeated has failed only where each attempt has.
    return len(faults) >= ATTEMPTS or any(fault not in (*PASSING, HANG) for fault in faults)


def judge_success(seen: Seen) -> Iterator[Finding]:
    """true: an `up` that succeeded has opened what is declared, and closed the rest where that is declared."""
    if seen.operation != "up" or seen.failed:
        return
    for code in sorted(seen.declared - seen.open):
        is_believed = was_unseen(code, seen.requests) and "its list could not be read" in seen.output
        yield ("believed", code) if is_believed else ("true", f"the run succeeded, and {code} is closed")
    if is_whole(seen.program) and seen.open - seen.declared:
        yield "true", f"the run succeeded, and {sorted(seen.open - seen.declared)} are open"


def judge_reads(seen: Seen) -> Iterator[Finding]:
    """error: a refresh records the open list, and nothing else where it could not read that."""
    if seen.operation != "refresh":
        return
    before = {entry.key: entry for entry in seen.before}
    reads = [each for each in seen.requests if is_of_the_list(each)]
    could_read = not seen.wrong_token and any(each.status == 200 and not each.fault for each in reads)
    is_undisturbed = not (seen.failed or any(each.fault for each in seen.requests))
    for entry in seen.after:
        if entry.is_condemned or entry.is_gone or entry.key not in before:
            continue
        if entry.urn[0] == ONE:
            if is_undisturbed and not entry.recorded <= seen.open:
                yield "true", f"{entry.urn} is in state after a good refresh, and closed"
            continue
        possible = [seen.open] if is_undisturbed or could_read else []
        possible += [] if is_undisturbed else [before[entry.key].recorded]
        if entry.recorded not in possible:
            yield "error", f"{entry.urn} records {sorted(entry.recorded)}, not one of {list(map(sorted, possible))}"


def judge_losses(seen: Seen, excused: set[str]) -> Iterator[Finding]:
    """error: what has gone from state is closed, or another resource's by now, or was given up on purpose."""
    for lost in seen.lost:
        is_given_up = seen.operation == "destroy" or (
            seen.operation == "up" and (lost.is_condemned or lost.urn[1] not in seen.program)
        )
        if lost.urn[0] == ALL:
            if not is_given_up:
                yield "error", f"{lost.urn} is gone from state, and nobody has dropped it"
            if lost.outputs["on_destroy"] == "retain":
                continue
        still = lost.recorded & seen.open
        if seen.operation in ("up", "destroy"):
            still -= seen.owned | excused
        # What only reads finds a code closed, or keeps its resource, whoever else has the code.
        if still:
            yield "error", f"{lost.urn} is gone from state, {sorted(still)} is open"


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def old_of(entries: Iterable[Noted], name: str, declared: Declared) -> Noted | None:
    """Return what state has of a declared resource, by its own name or by its alias."""
    found = {entry.urn: entry for entry in entries if not entry.is_condemned}
    return found.get((declared.kind, name)) or (found.get(declared.alias) if declared.alias else None)


def is_of_the_list(request: Request) -> bool:
    return (request.method, request.path) == ("GET", ALLOWED_PATH)


@cache
def _codes_by_id() -> dict[str, str]:
    return {row.id: row.code for row in catalogue()}


def codes_put(request: Request) -> set[str]:
    """Return the codes that a PUT asks for."""
    ids = request.body.get("direction_ids", []) if isinstance(request.body, dict) else []
    return {_codes_by_id().get(str(id_), "") for id_ in ids}


def noted(resource: Mapping[str, Any]) -> Noted:
    """Read a resource of the engine's state."""
    name, outputs = str(resource["urn"]).rpartition("::")[2], resource["outputs"]
    assert outputs[PROVIDER_INPUT]
    return Noted(
        (KINDS[resource["type"]], name),
        resource["id"],
        resource["inputs"],
        outputs,
        is_gone=resource.get("pendingReplacement", False),
        is_condemned=resource.get("delete", False) and not resource.get("pendingReplacement", False),
    )


def expected_of(program: Program, sandbox: Sandbox, entries: Sequence[Noted]) -> frozenset[str]:
    """Return what is open after an `up` that nothing is in the way of."""
    wanted = declared_codes(program)
    if is_whole(program):
        return wanted
    olds = [(old_of(entries, name, each), each) for name, each in program.items()]
    kept = [old for old, each in olds if old and old.urn[0] == ONE and old.recorded == set(each.codes)]
    dropped = [entry for entry in entries if not any(entry is each for each in kept)]
    return (sandbox.open_codes - union(entry.closes for entry in dropped)) | wanted


def asks_home_to_close(seen: Seen, sandbox: Sandbox, expected: frozenset[str]) -> bool:
    """Tell whether an `up` has to close the home direction, if only for a moment, where it stays open for ever."""
    is_asked = "7" in sandbox.open_codes - expected or "7" in replaced_first(seen)
    return is_asked and sandbox.readings["R11"] == "always"
