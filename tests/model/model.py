"""A small model of Pulumi's engine, and what must hold whatever programs, owners, networks and kills do.

The model calls the provider's methods as engine 3.274.1 does (step_generator.go, deployment_executor.go): check, diff
and step for each declared resource in turn; deletes at the end, of what is declared no more and of what was replaced. A
failed check or diff ends the run; so does a failed step, without --continue-on-error. A failed create leaves nothing in
state, a failed update or delete the old. What is protected is not deleted, and the run fails. Each run is a process of
its own, and a kill ends it between two requests or within one. (So is each provider: nothing that several of them share
could be lost here. The search on the real engine has two.)

What must hold is INVARIANTS; the places that test them name them. EXCEPTIONS says where one of them cannot hold, and
why: a place that grants an exception counts it, so that a search tells how often it was needed.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest import mock

from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Sandbox
from tests.model.simulation import ALL, ONE, Clock, KilledError, Process, Wire

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
    "vanished": "owned: codes that the program declares closed during a write, and could not be opened again. The whole "
    "batch fails, and the error says which of its codes are open; the next `up` takes them over.",
    "asked": "kept: with delete_before_replace=True, which the user asks for, the old code may be closed before the "
    "engine has told that another resource declares it; that resource opens it again in the same run.",
    "home": "exact: the home direction, where Plusofon keeps it open for ever, cannot be closed: the run fails and "
    "says so.",
}

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


class _StoppedError(Exception):
    """The engine ends the run."""


class Stack:
    """One stack on one account: its state, and its runs."""

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

    # Runs

    def up(self, program: Program, plan: Plan | None = None) -> Ran:
        plan = plan or Plan()
        with self._running(program, plan):
            if plan.refresh:
                self._refresh()
            steps: list[Step] = []
            for name, declared in program.items():
                self._register(name, declared, plan, steps)
            self._carry_out(steps, plan)
            if self._ran.errors and not plan.goes_on:
                raise _StoppedError
            self._delete_the_rest(program, plan)
        if not self._ran.errors:
            self._see_to_what_is_green(program)
        return self._ran

    def preview(self, program: Program, plan: Plan | None = None) -> Ran:
        """Only a look: what it would change is counted."""
        before = self._photograph()
        with self._running(program, plan or Plan()):
            for name, declared in program.items():
                news = self._checked(name, declared)
                old = self._old(name, declared)
                self._ran.changes += old is None or bool(self._diff(declared.kind, old, news).changes)
            kept = {(each.kind, name) for name, each in program.items()}
            kept |= {each.alias for each in program.values() if each.alias}
            self._ran.changes += len(self.state.keys() - kept) + len(self.condemned)
        self._demand("quiet", self._ran.writes == 0, "a preview wrote")
        self._demand("quiet", before == self._photograph(), "a preview changed state")
        return self._ran

    def refresh(self, plan: Plan | None = None) -> Ran:
        with self._running({}, plan or Plan()):
            self._refresh()
        self._demand("quiet", self._ran.writes == 0, "a refresh wrote")
        return self._ran

    def destroy(self, plan: Plan | None = None) -> Ran:
        with self._running({}, plan or Plan()):
            self._delete_the_rest({}, plan or Plan())
        return self._ran

    def converge(self, program: Program) -> None:
        """See that, with nothing in the way, one run reaches exactly what is declared, and a second has no work."""
        program = {name: replace(each, is_protected=False) for name, each in program.items()}
        for entry in self.state.values():
            entry.is_protected = False
        if self.sandbox.readings["R14"] == "cursor":
            self.sandbox.set_readings({"R14": "data"})
        self.sandbox.set_readings({"R15": "adds"})
        expected, before = self._expected(program), self.sandbox.open_codes
        lasting = before - expected if self.sandbox.readings["R11"] == "always" else frozenset()
        ran = self.up(program)
        told = " ".join(ran.errors)
        if "7" in lasting or ("home direction" in told and any(each.delete_first for each in program.values())):
            # With delete_before_replace it may be asked for although another resource declares it.
            self._grant("home")
            self._demand("exact", "home direction" in told, f"nothing is said of the home direction, but {told!r}")
            return
        self._demand("exact", not ran.errors, f"an `up` with nothing in the way failed: {ran.errors}")
        self._demand("exact", self.sandbox.open_codes == expected, f"{self._open()} open, not {sorted(expected)}")
        for again in (self.preview(program), self.up(program), self.up(program, Plan(refresh=True))):
            self._demand("exact", not again.errors, f"a second run failed: {again.errors}")
            self._demand("exact", again.changes == again.writes == 0, f"a second run had work: {again}")
        self._demand("exact", self.sandbox.open_codes == expected, "a second run changed what is open")
        self._demand("exact", self.condemned == [], f"still to be deleted: {self.condemned}")
        noted = {urn: (entry.recorded, entry.outputs.get("on_destroy")) for urn, entry in self.state.items()}
        owed = {
            (each.kind, name): (frozenset(each.codes), each.on_destroy if each.kind == ALL else None)
            for name, each in program.items()
        }
        self._demand("exact", noted == owed, f"state has {noted}, not {owed}")

    def _expected(self, program: Program) -> frozenset[str]:
        wanted = declared_codes(program)
        if is_whole(program):
            return wanted
        kept = {entry.urn for name, each in program.items() if (entry := self._old(name, each)) is not None}
        dropped = [entry for entry in [*self.state.values(), *self.condemned] if entry.urn not in kept]
        dropped += self.condemned
        for name, each in program.items():
            old = self._old(name, each)
            if old is not None and (old.urn[0] != ONE or old.recorded != set(each.codes)):
                dropped.append(old)
        closed = frozenset().union(*(entry.closes for entry in dropped))
        return (self.sandbox.open_codes - closed) | wanted

    # The engine's steps

    def _register(self, name: str, declared: Declared, plan: Plan, steps: list[Step]) -> None:
        news = self._checked(name, declared)
        old = self._old(name, declared)
        urn = (declared.kind, name)
        wanted = frozenset(declared.codes)
        closes: frozenset[str] | None = frozenset() if declared.kind == ONE else None

        def created(result: Any) -> None:
            if old is not None and not old.is_gone:
                self.condemned.append(old)
            if old is not None:
                del self.state[old.urn]
            self.state[urn] = Entry(urn, result.id, news, dict(result.outs), is_protected=declared.is_protected)

        def updated(result: Any) -> None:
            assert old is not None
            del self.state[old.urn]
            self.state[urn] = Entry(urn, old.id, news, dict(result.outs), is_protected=declared.is_protected)

        if old is None:
            steps.append(Step(declared.kind, "create", (news,), created, wanted, closes))
        else:
            diff = self._diff(declared.kind, old, news)
            if not diff.changes and not old.is_gone:
                del self.state[old.urn]
                self.state[urn] = Entry(urn, old.id, news, old.outputs, is_protected=declared.is_protected)
                return
            if diff.replaces or old.is_gone:
                self._see_to_protection(declared, old)
                if declared.delete_first and not old.is_gone:
                    self._carry_out(steps, plan)
                    steps.clear()
                    self._delete_first(old, plan)
                steps.append(Step(declared.kind, "create", (news,), created, wanted, closes))
            else:
                arguments = (old.id, dict(old.outputs), news)
                steps.append(Step(declared.kind, "update", arguments, updated, wanted, closes))
        if not plan.together:
            self._carry_out(steps, plan)
            steps.clear()

    def _delete_first(self, old: Entry, plan: Plan) -> None:
        def deleted(_: object) -> None:
            old.is_gone = True

        step = self._deletion(old, deleted)
        step.may_close_declared = True
        self._carry_out([step], plan)

    def _delete_the_rest(self, program: Program, plan: Plan) -> None:
        registered = {(each.kind, name) for name, each in program.items()}
        steps = []
        for entry in [*self.condemned, *(self.state[urn] for urn in sorted(self.state.keys() - registered))]:

            def deleted(_: object, entry: Entry = entry) -> None:
                if entry in self.condemned:
                    self.condemned.remove(entry)
                else:
                    del self.state[entry.urn]
                self._note_retained(entry)

            if entry.is_gone:
                deleted(None)
            elif program and self._failed_to_register(entry, program):
                continue
            elif entry.is_protected and entry not in self.condemned:
                self._refuse(entry)
            else:
                steps.append(self._deletion(entry, deleted))
        if plan.together:
            self._carry_out(steps, plan)
        for step in [] if plan.together else steps:
            self._carry_out([step], plan)

    def _see_to_protection(self, declared: Declared, old: Entry) -> None:
        """End the run where a protected resource would be replaced; the program, not state, tells whether it is one."""
        if declared.is_protected and not old.is_gone:
            self._refuse(old)
            raise _StoppedError

    def _refuse(self, entry: Entry) -> None:
        """Refuse what would delete a protected resource, without a word to its provider."""
        self.met["protected"] += 1
        self._ran.errors.append(f"{entry.urn} is protected")

    def _failed_to_register(self, entry: Entry, program: Program) -> bool:
        """Tell whether a declared resource, whose step failed under --continue-on-error, has this entry by an alias."""
        return any(each.alias == entry.urn and (each.kind, name) not in self.state for name, each in program.items())

    def _deletion(self, entry: Entry, deleted: Callable[[object], None]) -> Step:
        return Step(entry.urn[0], "delete", (entry.id, dict(entry.outputs)), deleted, closes=entry.closes)

    def _note_retained(self, entry: Entry) -> None:
        if entry.urn[0] == ALL and entry.outputs["on_destroy"] == "retain":
            for code in entry.recorded:
                self.loose.setdefault(code, "retained")

    def _refresh(self) -> None:
        for entry in [*self.state.values(), *self.condemned]:
            with self._quietly():
                result = self._call(entry.urn[0], "read", entry.id, dict(entry.outputs))
            if not result.id:
                self._demand("error", not entry.recorded & self.sandbox.open_codes, f"{entry} was taken for gone")
                if entry in self.condemned:
                    self.condemned.remove(entry)
                else:
                    del self.state[entry.urn]
                continue
            self._see_to_reading(entry, result)
            old_inputs = entry.inputs
            entry.outputs, entry.inputs = dict(result.outs), dict(result.inputs)
            with self._quietly():
                self._call(entry.urn[0], "diff", entry.id, dict(entry.outputs), dict(old_inputs))

    def _see_to_reading(self, entry: Entry, result: Any) -> None:
        """See that a reading tells what is open: no error is an empty list, and no half of it the whole."""
        read = Entry(entry.urn, result.id, dict(result.inputs), dict(result.outs)).recorded
        owed = self.sandbox.open_codes if entry.urn[0] == ALL else entry.recorded
        is_told = read == owed or bool(self._touched_by_the_owner())
        self._demand("error", is_told, f"{sorted(read)} was read of {entry}, but {self._open()} is open")

    def _old(self, name: str, declared: Declared) -> Entry | None:
        return self.state.get((declared.kind, name)) or (self.state.get(declared.alias) if declared.alias else None)

    def _checked(self, name: str, declared: Declared) -> dict[str, Any]:
        old = self._old(name, declared)
        with self._quietly():
            result = self._call(declared.kind, "check", dict(old.inputs) if old else {}, declared.inputs())
        if result.failures:
            for failure in result.failures:
                self._look_at(failure.reason)
                self._ran.errors.append(failure.reason)
            raise _StoppedError
        return dict(result.inputs)

    def _diff(self, kind: str, old: Entry, news: Mapping[str, Any]) -> Any:
        with self._quietly():
            diff = self._call(kind, "diff", old.id, dict(old.outputs), dict(news))
        assert diff.changes in (True, False)
        assert not diff.delete_before_replace
        return diff

    def _call(self, kind: str, method: str, *arguments: Any) -> Any:
        """Make a call that ends the run where it fails."""
        try:
            return self._process.call(kind, method, *arguments)
        except PlusofonError as error:
            self._look_at(str(error))
            self._ran.errors.append(str(error))
            raise _StoppedError from None

    # Writing steps

    def _carry_out(self, steps: Sequence[Step], plan: Plan) -> None:
        """Take steps, at once if there are several; keep what came of them, and see that nothing else has changed."""
        if not steps:
            return
        began, requests = len(self.sandbox.history), len(self.sandbox.requests)
        if len(steps) == 1:
            _take(self._process, steps[0])
        else:
            self._take_together(steps)
        self._ran.changes += len(steps)
        self._follow()
        events = self._written_since(began)
        self._see_to_effects(steps, events, requests)
        opened = {code for event in events if event.event == "open" for code in event.codes}
        for step in steps:
            # What another step of the batch has opened after this one failed is that one's; so with a half-done list.
            theirs = [each.opens for each in steps if each is not step and (each.error is None or each.kind == ALL)]
            others = frozenset().union(*theirs)
            self._keep(step, opened - others, requests)
        if self.wire.dead:
            self._partial |= opened
            for code in opened:
                self.loose.setdefault(code, "blind")
            raise KilledError
        if self._ran.errors and not plan.goes_on:
            raise _StoppedError

    def _keep(self, step: Step, opened: set[str], requests: int) -> None:
        """Keep in state what has come of a step."""
        if step.error is None:
            self._see_to_success(step, requests)
            step.done(step.result)
            if step.kind == ALL and step.method != "delete":
                self._partial.clear()
        elif not isinstance(step.error, (PlusofonError, KilledError)):
            raise step.error
        elif not self.wire.dead:
            self._look_at(str(step.error))
            self._ran.errors.append(str(step.error))
            self._see_to_failure(step, opened, requests)

    def _take_together(self, steps: Sequence[Step]) -> None:
        """Hold the batch until all steps that write have joined it, one after the other."""
        writer = self._process.account.writer
        threads = []
        with mock.patch("plusofon_pulumi.account.writer.LONGEST_GATHERING", 20):
            writer.expected_callers = len(steps) + 1
            for step in steps:
                joined = writer.gathering.callers if writer.gathering else 0
                thread = threading.Thread(target=_take, args=(self._process, step), daemon=True)
                thread.start()
                threads.append(thread)
                while thread.is_alive() and (writer.gathering.callers if writer.gathering else 0) == joined:
                    time.sleep(0.0001)
            with writer.joined:
                writer.expected_callers = 0
                writer.joined.notify_all()
            for thread in threads:
                thread.join(20)
                self._demand("plain", not thread.is_alive(), "a thread waits for ever")

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

    # What is seen to

    @contextmanager
    def _running(self, program: Program, plan: Plan) -> Iterator[None]:
        # Each run is a new process of the engine and of the plugin, which does not start within two seconds.
        self.clock.sleep(2.5)
        self._program, self._ran = program, Ran()
        self._process = Process(self.sandbox)
        self.wire.renew()
        for order in plan.faults:
            self.wire.fail_next(**order)
        if plan.kill is not None:
            self.wire.at[plan.kill].append(self.wire.kill)
        for number, codes in plan.owner.items():
            self.wire.at[number, "before"].append(partial(self._let_the_owner_act, codes))
        self.sandbox.clear_requests()
        self._acts.clear()
        # Acts of the owner between the runs.
        self._follow()
        self._began = self._seen
        try:
            with self.wire.connected(), self._process.heard():
                yield
        except _StoppedError:
            pass
        except KilledError:
            self._ran.was_killed = True
            self._ran.errors.append("killed")
        finally:
            self.wire.clear_faults()
        self.met.update(f"faults of {each.method}" for each in self.sandbox.requests if each.fault)
        self.met.update(f"faults of {method}" for _, method, _ in self.wire.lost)
        self._ran.writes = sum(each.method != "GET" for each in self.sandbox.requests)
        assert not self._ran.was_killed or plan.kill
        self._follow()
        self._see_to_owners()
        self._see_to_texts()

    def _let_the_owner_act(self, codes: frozenset[str]) -> None:
        before = self.sandbox.open_codes
        self.sandbox.set_open(codes)
        self._acts.append((len(self.sandbox.requests), before ^ self.sandbox.open_codes))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """See that a call writes nothing."""
        began = self.wire_writes()
        try:
            yield
        finally:
            self._demand("quiet", self.wire_writes() == began, "a call that must not write wrote")

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


def _take(process: Process, step: Step) -> None:
    try:
        step.result = process.call(step.kind, step.method, *step.arguments)
    except BaseException as error:  # noqa: BLE001  # looked at by the model
        step.error = error


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
