"""Judge one run on one account by what was seen of it alone: the searches on the model and on the engine share this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from plusofon_pulumi.client import ATTEMPTS
from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Request, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.program import Entry, Program, declared_codes, is_whole, old_of
from tests.model.promises import EXCEPTIONS
from tests.model.simulation import ALL, HANG, ONE, PASSING

Finding = tuple[str, str]
"""A name out of INVARIANTS and how it was broken, or one out of EXCEPTIONS and the code that it is needed for."""


@dataclass(frozen=True)
class Seen:
    """What one run did to one account.

    ``changes``: those by the API. ``killed``: a plugin was, and not only to be. ``refreshes``: --refresh.
    ``only_closes``: PLUSOFON_CLOSE_ONLY. ``replaces``: PUT closes what it does not name (R15). ``acts``: what the owner
    changed during the run, and after how many requests.
    """

    operation: str
    program: Program = field(default_factory=dict)
    before: Sequence[Entry] = ()
    after: Sequence[Entry] = ()
    changes: Sequence[Change] = ()
    requests: Sequence[Request] = ()
    open_before: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    output: str = ""
    failed: bool = False
    killed: bool = False
    refreshes: bool = False
    only_closes: bool = False
    wrong_token: bool = False
    replaces: bool = False
    acts: Sequence[tuple[int, frozenset[str]]] = ()

    @property
    def declared(self) -> frozenset[str]:
        """What it may open, and may not close."""
        return declared_codes(self.program) if self.operation == "up" else frozenset()

    @property
    def is_whole(self) -> bool:
        return self.operation == "up" and is_whole(self.program)

    @property
    def opened(self) -> frozenset[str]:
        return frozenset(code for change in self.changes if change.event == "open" for code in change.codes)

    @property
    def touched(self) -> frozenset[str]:
        return union(codes for _, codes in self.acts)

    @property
    def owned(self) -> frozenset[str]:
        """What state records: of a list just that, and not whatever is open."""
        return union(entry.recorded for entry in self.after if not entry.is_gone)

    @property
    def lost(self) -> list[Entry]:
        """What is in state no more, or only as deleted before its replacement, for which no delete is called again."""
        kept = {entry.key for entry in self.after if not entry.is_gone}
        return [entry for entry in self.before if not entry.is_gone and entry.key not in kept]


@dataclass
class Ledger:
    """Whose the open codes of one account are, over many runs."""

    sandbox: Sandbox
    ours: set[str] = field(default_factory=set)
    loose: dict[str, str] = field(default_factory=dict)
    """Open, through us, and in nobody's state; and the exception that allows it."""
    granted: Counter[str] = field(default_factory=Counter)
    _seen: int = 0

    def follow(self) -> list[Change]:
        """Return what the API has changed since the last time; ours is what was last opened by us."""
        history = self.sandbox.history
        new, self._seen = history[self._seen :], len(history)
        for change in new:
            if (change.event, change.by) == ("open", "api"):
                self.ours.update(change.codes)
            else:
                self.ours.difference_update(change.codes)
                for code in change.codes:
                    self.loose.pop(code, None)
        return [change for change in new if change.by == "api"]

    def judge(self, seen: Seen, demand: Callable[[str, bool, str], None]) -> None:
        """Judge a run: demand what it broke, and count what it was granted."""
        for code in seen.owned & self.loose.keys():
            del self.loose[code]
        for name, what in judge(seen, self.ours, self.loose):
            demand(name, name in EXCEPTIONS, what)
            self.granted[name] += 1
            if what in self.ours:
                self.loose[what] = name


def judge(seen: Seen, ours: Iterable[str] = (), loose: Iterable[str] = ()) -> Iterator[Finding]:
    """Return what a run broke, and which exceptions it needed.

    ``ours``: what is open through us; ``loose``: what of it was in nobody's state before, by an exception.
    """
    yield from judge_writes(seen)
    yield from judge_order(seen)
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
    is_writing = seen.changes or any(each.method != "GET" for each in seen.requests)
    if is_writing and seen.operation not in ("up", "destroy"):
        yield "quiet", f"{seen.operation} wrote: {seen.changes}"
    asked, had = replaced_first(seen), closable(seen)
    for change in seen.changes:
        codes = frozenset(change.codes)
        if change.event == "open":
            if codes - seen.declared or seen.only_closes:
                yield "open", f"{sorted(codes)} opened, {sorted(seen.declared)} declared"
            continue
        if seen.replaces:
            continue
        for code in sorted(codes & seen.declared):
            yield ("asked", code) if code in asked else ("kept", f"{code} closed, though declared")
        theirs = codes - seen.declared - had
        if theirs and not seen.is_whole:
            yield "foreign", f"{sorted(theirs)} closed, though nobody's"


def judge_order(seen: Seen) -> Iterator[Finding]:
    """Judge when a whole list was opened: after a look that showed all its closings."""
    if not seen.is_whole:
        return
    kinds = ["look" if is_good_look(each) else each.method for each in seen.requests]
    for place, kind in enumerate(kinds):
        if kind == "PUT" and "DELETE" in kinds[:place] and "look" not in kinds[_last("DELETE", kinds[:place]) : place]:
            yield "order", f"opened before a look at what was closed: {kinds}"
    lasting = seen.open & seen.open_before - seen.declared - seen.touched
    if lasting and "DELETE" in kinds and "PUT" in kinds[_last("DELETE", kinds) :]:
        yield "order", f"{sorted(lasting)} stayed open, and something was opened"


def judge_success(seen: Seen) -> Iterator[Finding]:
    """Judge an `up`: what it has made is open; if it succeeded, all that is declared is, and of a list nothing else."""
    if seen.operation != "up":
        return
    if seen.failed:
        olds = [(entry.key, entry.outputs) for entry in seen.before]
        made = union(each.recorded for each in seen.after if (each.key, each.outputs) not in olds and not each.is_gone)
        amiss = made & seen.declared - seen.open - (seen.declared if seen.replaces else seen.touched)
    else:
        amiss = seen.declared ^ seen.open if seen.is_whole else seen.declared - seen.open
    for code in sorted(amiss):
        is_told = "its list could not be read" in seen.output
        is_unseen = seen.replaces or was_unseen(code, seen, is_good=True)
        if is_told and (code in seen.touched or (code in seen.declared and is_unseen)):
            yield "believed", code
        elif code not in seen.touched:
            yield "true", f"it succeeded, and {sorted(seen.open)} is open, not {sorted(seen.declared)}"
        else:
            could = could_be_noticed(code, seen)
            yield ("noticed", f"{code} was changed before a look, and it succeeded") if could else ("raced", code)


def judge_reads(seen: Seen) -> Iterator[Finding]:
    """Judge a refresh: it records the open list, and nothing else where it could not read that."""
    if seen.operation != "refresh":
        return
    before = {entry.key: entry for entry in seen.before}
    is_undisturbed = not (seen.failed or any(each.fault for each in seen.requests))
    could_read = not seen.wrong_token and any(map(is_good_look, seen.requests))
    for entry in seen.after:
        if entry.is_condemned or entry.is_gone or entry.key not in before:
            continue
        recorded = entry.recorded - seen.touched
        if entry.urn[0] == ONE:
            if is_undisturbed and not recorded <= seen.open:
                yield "true", f"{entry.urn} is in state after a good refresh, and closed"
            continue
        possible = [seen.open - seen.touched] if is_undisturbed or could_read else []
        possible += [] if is_undisturbed else [before[entry.key].recorded - seen.touched]
        if recorded not in possible:
            yield "error", f"{entry.urn} records {sorted(recorded)}, not one of {list(map(sorted, possible))}"


def judge_losses(seen: Seen, excused: set[str]) -> Iterator[Finding]:
    """Judge what has gone from state: it is closed, or another resource's by now, or was given up on purpose."""
    for lost in seen.lost:
        is_given_up = seen.operation == "destroy" or (
            seen.operation == "up" and (lost.is_condemned or lost.urn[1] not in seen.program)
        )
        if lost.urn[0] == ALL and not is_given_up:
            yield "error", f"{lost.urn} is gone from state, and nobody has dropped it"
        if lost.retains:
            continue
        still = lost.recorded & seen.open - seen.touched
        if seen.operation in ("up", "destroy"):
            still -= seen.owned | excused
        # What only reads finds a code closed, or keeps its resource, whoever else has the code.
        if still:
            yield "error", f"{lost.urn} is gone from state, {sorted(still)} is open"


def why_loose(code: str, seen: Seen) -> str:
    """Return the exception by which a code of ours may be in nobody's state after this run; "owned" without one."""
    if any(entry.retains and code in entry.recorded for entry in seen.lost):
        return "retained"
    # A kill that came too late fails nothing, and excuses nothing.
    if code in seen.opened & seen.declared and seen.failed:
        if seen.is_whole:
            return "partial"
        # That it may be open has to be told, too; a plugin that was killed can tell nothing.
        told = [words for words in ("may not have been opened", "may not be open again") if words in seen.output]
        if seen.killed or (was_unseen(code, seen) and told):
            return "blind"
        return "vanished" if "open, but" in seen.output else "owned"
    return "owned"


def was_unseen(code: str, seen: Seen, *, is_good: bool = False) -> bool:
    """Return True if the list could not be read after the last PUT of a code (``is_good``: answered with success)."""
    puts = [place for place, each in enumerate(seen.requests) if each.method == "PUT" and code in codes_put(each)]
    if not puts or (is_good and not (seen.requests[puts[-1]].status == 200 and not is_faulty(seen.requests[puts[-1]]))):
        return False
    faults = [each.fault for each in seen.requests[puts[-1] :] if is_of_the_list(each) and is_faulty(each)]
    # What is repeated has failed only where each attempt has; after a minute there are no more.
    return len(faults) >= (3 if HANG in faults else ATTEMPTS) or any(fault not in (*PASSING, HANG) for fault in faults)


def could_be_noticed(code: str, seen: Seen) -> bool:
    """Return True if the last act of the owner on a code came before a look that must see it.

    For a whole list that is any later look; for single codes one after a write that had seen the code before.
    """
    act = [place for place, codes in seen.acts if code in codes][-1]
    writes = [place for place, each in enumerate(seen.requests) if each.method != "GET"]
    looks = [place for place, each in enumerate(seen.requests) if is_good_look(each)]
    if "left open:" in seen.output:
        looks.pop()  # only names what a list that ends leaves open
    if seen.is_whole:
        return bool(writes) and any(look >= act for look in looks)
    return any(
        max((look for look in looks if look < write), default=act)
        < act
        <= min((look for look in looks if look > write), default=-1)
        for write in writes
    )


def closable(seen: Seen) -> frozenset[str]:
    """Return what the deletes of this run may close: what state recorded, or a refresh in the same run found."""
    is_list_to_close = any(entry.urn[0] == ALL and not entry.retains and not entry.is_gone for entry in seen.before)
    found = seen.open_before | seen.touched if seen.refreshes and is_list_to_close else frozenset()
    return union(entry.closes for entry in seen.before) | found


def replaced_first(seen: Seen) -> frozenset[str]:
    """Return the codes whose resource this run deletes before it makes it anew with another code, as the user asked."""
    olds = [(old_of(seen.before, name, each), each) for name, each in seen.program.items() if each.delete_first]
    return union(old.closes for old, each in olds if old is not None and old.recorded != set(each.codes))


def expected_of(program: Program, open_codes: frozenset[str], entries: Sequence[Entry]) -> frozenset[str]:
    """Return what is open after an `up` that nothing is in the way of."""
    wanted = declared_codes(program)
    if is_whole(program):
        return wanted
    olds = [(old_of(entries, name, each), each) for name, each in program.items()]
    kept = [old for old, each in olds if old and old.urn[0] == ONE and old.recorded == set(each.codes)]
    dropped = [entry for entry in entries if not any(entry is each for each in kept)]
    return (open_codes - union(entry.closes for entry in dropped)) | wanted


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def is_of_the_list(request: Request) -> bool:
    return (request.method, request.path) == ("GET", ALLOWED_PATH)


def is_faulty(request: Request) -> bool:
    return request.fault not in (None, "ignore")


def is_good_look(request: Request) -> bool:
    return is_of_the_list(request) and request.status == 200 and not request.fault


def codes_put(request: Request) -> set[str]:
    """Return the codes that a PUT asks for."""
    ids = request.body.get("direction_ids", []) if isinstance(request.body, dict) else []
    return {_codes_by_id().get(str(id_), "") for id_ in ids}


@cache
def _codes_by_id() -> dict[str, str]:
    return {row.id: row.code for row in catalogue()}


def _last(kind: str, kinds: Sequence[str]) -> int:
    return len(kinds) - 1 - kinds[::-1].index(kind)
