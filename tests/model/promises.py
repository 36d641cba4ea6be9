"""What must hold whatever programs, owners, networks and kills do, and how it is seen.

The places that test an invariant name it. EXCEPTIONS says where one of them cannot hold, and why: a place that grants
an exception counts it, so that a search tells how often it was needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Sandbox
from tests.model.program import Entry, Program, Ran, Step, Urn, declared_codes, is_whole
from tests.model.simulation import ALL, ONE, Clock, Process, Wire

INVARIANTS = {
    "open": "a code is opened only by the create or update of a resource that declares it",
    "kept": "a code that the program declares is never closed by us",
    "foreign": "a code is closed only by the delete of the resource that had it, or where the whole list is declared",
    "order": "the whole list is closed before it is opened",
    "quiet": "preview, refresh, check, diff and read write nothing",
    "true": "a step that succeeds has done what it says",
    "noticed": "what closes or opens between a write and the look after it is mended, or fails the run",
    "owned": "what we have opened is in state, or declared and reported as failed",
    "error": "an error never removes a resource from state, and a read never does unless the code is closed",
    "exact": "once the faults have ended, one `up` reaches exactly what is declared, and a second has nothing to do",
    "secret": "the token is in no text, no output and no input",
    "plain": "every failure is an error of ours, one paragraph long",
}

EXCEPTIONS = {
    "blind": "owned: a creation of one direction failed, and the list could not be read after the write; or the plugin "
    "was killed. The code may be open with nothing in state. The next `up` of the same program takes it over; it stays "
    "open only where the program drops it before that.",
    "partial": "owned: a change of the whole list failed half-way. What it had opened by then is not in state yet; the "
    "next `up` or `refresh` takes it over, but a destroy before that, also with on_destroy=close, does not know it.",
    "retained": 'owned: on_destroy is "retain", and the resource was destroyed: leaving things open is its meaning.',
    "believed": "true: an opening was answered with success, and the list could not be read: it is believed, with a "
    "message. If it was not done, the next `up` does it.",
    "raced": "true, noticed: the owner changed the account after the last look. The next `up` mends it.",
    "vanished": "owned: codes that the program declares closed during a write, and could not be opened again. All of "
    "the batch fails, and the error says which of its codes are open; the next `up` takes them over.",
    "asked": "kept: with delete_before_replace=True, which the user asks for, the old code may be closed before the "
    "engine has told that another resource declares it; that resource opens it again in the same run.",
    "home": "exact: the home direction, where Plusofon keeps it open for ever, cannot be closed: the run fails and "
    "says so.",
}


class Promises:
    """One stack on one account, and what is seen to in each of its runs."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.wire = Wire(sandbox, clock)
        self.state: dict[Urn, Entry] = {}
        self.condemned: list[Entry] = []
        self.granted: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.loose: dict[str, str] = {}
        """Open, through us, and in nobody's state; and the exception that allows it."""
        self._partial: set[str] = set()
        self._seen = 0
        self._began = 0
        self._acts: list[tuple[int, frozenset[str]]] = []
        """What the owner changed during the run, and after how many requests."""
        self._ours: set[str] = set()
        self._program: Program = {}
        self._process: Process
        self._ran = Ran()

    def _see_to_reading(self, entry: Entry, result: Any) -> None:
        """See that a reading tells what is open: no error is an empty list, and no half of it the whole."""
        read = Entry(entry.urn, result.id, dict(result.inputs), dict(result.outs)).recorded
        owed = self.sandbox.open_codes if entry.urn[0] == ALL else entry.recorded
        is_told = read == owed or bool(self._touched_by_the_owner())
        self._demand("error", is_told, f"{sorted(read)} was read of {entry}, but {self._open()} is open")

    def _see_to_effects(self, steps: Sequence[Step], events: Sequence[Change], requests: int) -> None:
        opens = frozenset().union(*(step.opens for step in steps))
        closes_all_but = [step.opens for step in steps if step.closes is None]
        closes = frozenset().union(*(step.closes or () for step in steps))
        declared = declared_codes(self._program)
        # What closed by itself may be opened again by whoever writes next.
        replaces = self.sandbox.readings["R15"] == "replaces"
        mended = declared if replaces else declared & self._touched_by_the_owner()
        for event in events:
            codes = frozenset(event.codes)
            if event.event == "open":
                self._demand("open", codes <= opens | mended, f"{sorted(codes)} opened by {[s.method for s in steps]}")
                self._demand("open", codes <= declared, f"{sorted(codes)} opened, {sorted(declared)} declared")
                continue
            if replaces:  # PUT closes what it does not name, whatever we do
                continue
            if codes & declared and all(step.may_close_declared for step in steps):
                self._grant("asked")
            else:
                self._demand("kept", not codes & declared, f"{sorted(codes & declared)} closed, though declared")
            theirs = codes - closes
            allowed = closes_all_but and not any(theirs & but for but in closes_all_but)
            self._demand("foreign", not theirs or bool(allowed), f"{sorted(theirs)} closed, though nobody's")
        if len(steps) == 1 and steps[0].closes is None:
            self._see_to_order(steps[0], requests)

    def _see_to_order(self, step: Step, requests: int) -> None:
        """See that a whole list is opened only after a look that showed the closings."""
        seen = self.sandbox.requests[requests:]
        kinds = ["look" if _is_good_look(each) else each.method for each in seen]
        for place, kind in enumerate(kinds):
            before = kinds[:place]
            if kind == "PUT" and "DELETE" in before:
                since = before[len(before) - before[::-1].index("DELETE") :]
                self._demand("order", "look" in since, f"opened before a look at what was closed: {kinds}")
        lasting = self.sandbox.open_codes - step.opens - self._touched_by_the_owner()
        if lasting and kinds.count("DELETE"):
            last = len(kinds) - 1 - kinds[::-1].index("DELETE")
            self._demand(
                "order", "PUT" not in kinds[last:], f"{sorted(lasting)} is open still, and something was opened"
            )

    def _see_to_what_is_green(self, program: Program) -> None:
        """See that after a run without an error all that is declared is open, and of a whole list nothing else."""
        now, wanted = self.sandbox.open_codes, declared_codes(program)
        amiss = wanted ^ now if is_whole(program) else wanted - now
        if self._ran.changes == 0 or not amiss:
            return
        believed = "its list could not be read" in self._process.said.getvalue()
        noticed = {code for code in amiss if self._could_be_noticed(code, whole=is_whole(program))}
        self._grant("believed" if believed else "raced")
        self._demand("noticed", believed or not noticed, f"green, but {self._open()} is open, not {sorted(wanted)}")

    def _could_be_noticed(self, code: str, *, whole: bool) -> bool:
        """Return True if the last act of the owner on a code came before a look that must see it.

        For a whole list that is any later look; for single codes one after a write that had seen the code before.
        """
        acts = [place for place, codes in self._acts if code in codes]
        seen = self.sandbox.requests
        looks = [place for place, each in enumerate(seen) if _is_good_look(each)]
        if not acts or whole:
            return not acts or any(look >= acts[-1] for look in looks)
        writes = [place for place, each in enumerate(seen) if each.method != "GET"]
        return any(
            max((look for look in looks if look < write), default=acts[-1])
            < acts[-1]
            <= min((look for look in looks if look > write), default=-1)
            for write in writes
        )

    def _see_to_success(self, step: Step, requests: int) -> None:
        now = self.sandbox.open_codes
        if step.method == "delete":
            amiss = now & (step.closes or frozenset()) - declared_codes(self._program)
        else:
            amiss = step.opens - now if step.kind == ONE else step.opens ^ now
        raced: AbstractSet[str] = amiss & self._touched_by_the_owner()
        if step.method != "delete":
            raced = {code for code in raced if not self._could_be_noticed(code, whole=step.kind == ALL)}
        if raced:
            self._grant("raced")
        left = amiss - raced
        if left and left <= self._believed(step, requests):
            self._grant("believed")
        else:
            self._demand("true", not left, f"{step.method} of {step.kind} succeeded, but {self._open()} is open")

    def _believed(self, step: Step, requests: int) -> frozenset[str]:
        """Return what a step may believe to be open: PUT was answered with success, and then the list with an error."""
        seen = self.sandbox.requests[requests:]
        puts = [place for place, each in enumerate(seen) if each.method == "PUT" and _was_answered_well(each)]
        is_blind = puts and self._was_list_unreadable(requests + puts[-1])
        is_told = "its list could not be read" in self._process.said.getvalue()
        return step.opens if is_blind and is_told and step.method != "delete" else frozenset()

    def _was_list_unreadable(self, began: int) -> bool:
        """Tell whether a reading of the list failed after so many requests."""
        seen = self.sandbox.requests[began:]
        failed = [(each.method, each.path) for each in seen if each.fault]
        failed += [(method, path) for number, method, path in self.wire.lost if number >= began]
        return ("GET", ALLOWED_PATH) in failed

    def _see_to_failure(self, step: Step, opened: set[str], requests: int) -> None:
        left = step.opens & opened & self.sandbox.open_codes
        if step.kind == ALL:
            self._partial |= left
            for code in left:
                self.loose.setdefault(code, "partial")
        elif left and "is open, but" in str(step.error):
            for code in left:
                self.loose.setdefault(code, "vanished")
        elif left:
            is_blind = self._was_list_unreadable(requests)
            self._demand("owned", is_blind, f"{left} is open, the list could be read, but {step.error}")
            is_told = "may not have been opened" in str(step.error) or "interrupted" in str(step.error)
            self._demand("owned", is_told, f"{left} may be open, but all that is told is {step.error}")
            for code in left:
                self.loose.setdefault(code, "blind")

    def wire_writes(self) -> int:
        return sum(each.method != "GET" for each in self.sandbox.requests)

    def _touched_by_the_owner(self) -> frozenset[str]:
        """Return the codes that the owner opened or closed during this run, when a list read before may still serve."""
        return frozenset(
            code for change in self.sandbox.history[self._began :] if change.by != "api" for code in change.codes
        )

    def _written_since(self, began: int) -> list[Change]:
        return [change for change in self.sandbox.history[began:] if change.by == "api"]

    def _follow(self) -> None:
        """Follow whose the open codes are: ours is what was last opened by us."""
        history = self.sandbox.history
        for change in history[self._seen :]:
            if (change.event, change.by) == ("open", "api"):
                self._ours.update(change.codes)
            else:
                self._ours.difference_update(change.codes)
                for code in change.codes:
                    self.loose.pop(code, None)
                self._partial.difference_update(change.codes)
        self._seen = len(history)

    def _see_to_owners(self) -> None:
        entries = [*self.state.values(), *self.condemned]
        owned = frozenset().union(*(entry.recorded for entry in entries if not entry.is_gone))
        for code in owned:
            self.loose.pop(code, None)
        for code in sorted(self._ours - owned - self.loose.keys()):
            self._demand("owned", code in self._partial, f"{code} is open and in nobody's state")
        if not any(entry.urn[0] == ALL for entry in entries):
            for code in self._partial - owned:
                self.loose.setdefault(code, "partial")
            self._partial.clear()
        self.granted.update(set(self.loose.values()))

    def _see_to_texts(self) -> None:
        self._look_at(self._process.said.getvalue(), lines=None)
        for entry in [*self.state.values(), *self.condemned]:
            self._look_at(repr(entry), lines=None)

    def _look_at(self, text: str, lines: int | None = 1) -> None:
        self._demand("secret", self.sandbox.token not in text, "the token is shown")
        if lines is not None:
            self._demand("plain", "\n" not in text and len(text) < 2000, f"no paragraph: {text[:3000]!r}")

    def _grant(self, exception: str) -> None:
        assert exception in EXCEPTIONS
        self.granted[exception] += 1

    def _demand(self, invariant: str, holds: bool, told: str) -> None:
        assert holds, f"{INVARIANTS[invariant]}: {told}\n{self._story()}"

    def _story(self) -> str:
        seen = [
            f"{each.method} {each.path} {each.body} -> {each.status} {each.fault or ''}"
            for each in self.sandbox.requests
        ]
        parts: dict[str, object] = {
            "program": dict(self._program),
            "state": [*self.state.values(), *self.condemned],
            "open": self._open(),
            "history": self.sandbox.history[-12:],
            "errors": self._ran.errors,
            "said": self._process.said.getvalue(),
        }
        return "\n".join([*(f"{name}: {value}" for name, value in parts.items()), *seen])

    def _open(self) -> list[str]:
        return sorted(self.sandbox.open_codes, key=int)

    def _photograph(self) -> str:
        return repr((self.state, self.condemned))


def _is_good_look(request: Any) -> bool:
    return request.method == "GET" and request.path == ALLOWED_PATH and request.status == 200 and not request.fault


def _was_answered_well(request: Any) -> bool:
    return request.status == 200 and request.fault in (None, "ignore")
