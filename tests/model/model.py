"""A small model of Pulumi's engine.

The model calls the provider's methods as engine 3.274.1 does (step_generator.go, deployment_executor.go): check, diff
and step for each declared resource in turn; deletes at the end, of what is declared no more and of what was replaced. A
failed check or diff ends the run; so does a failed step, without --continue-on-error. A failed create leaves nothing in
state, a failed update or delete the old. What is protected is not deleted, and the run fails. Each run is a process of
its own, and a kill ends it between two requests or within one. (So is each provider: nothing that several of them share
could be lost here. The search on the real engine has two.)
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest import mock

from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.sandbox import Sandbox
from tests.model.judging import Ledger, Seen, expected_of
from tests.model.program import Declared, Entry, Program, Urn, declared_codes, old_of
from tests.model.promises import INVARIANTS
from tests.model.simulation import ALL, Clock, KilledError, Process, Wire


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
    only_closes: bool = False
    """PLUSOFON_CLOSE_ONLY"""


@dataclass
class Step:
    """One call that may write, and what the engine does when it has succeeded."""

    kind: str
    method: str
    arguments: tuple[Any, ...]
    done: Callable[[Any], None]
    result: Any = None
    error: BaseException | None = None

    def take(self, process: Process) -> None:
        try:
            self.result = process.call(self.kind, self.method, *self.arguments)
        except BaseException as error:  # noqa: BLE001  # looked at by the model
            self.error = error


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
    """One stack on one account: its state, its runs, and what must hold after each."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.wire = Wire(sandbox, clock)
        self.ledger = Ledger(sandbox)
        self.state: dict[Urn, Entry] = {}
        self.condemned: list[Entry] = []
        self.met: Counter[str] = Counter()
        self._acts: list[tuple[int, frozenset[str]]] = []
        self._process: Process
        self._program: Program = {}
        self._ran = Ran()

    @property
    def entries(self) -> list[Entry]:
        return [*self.state.values(), *self.condemned]

    # Runs

    def up(self, program: Program, plan: Plan | None = None) -> Ran:
        plan = plan or Plan()
        with self._running("up", program, plan):
            if plan.refresh:
                self._refresh()
            steps: list[Step] = []
            for name, declared in program.items():
                self._register(name, declared, plan, steps)
            self._carry_out(steps, plan)
            if self._ran.errors and not plan.goes_on:
                raise _StoppedError
            self._delete_the_rest(program, plan)
        return self._ran

    def preview(self, program: Program, plan: Plan | None = None) -> Ran:
        """Only a look: what it would change is counted."""
        before = repr(self.entries)
        with self._running("preview", program, plan or Plan()):
            for name, declared in program.items():
                news, old = self._checked(name, declared), self._old(name, declared)
                self._ran.changes += old is None or bool(self._diff(declared.kind, old, news).changes)
            kept = {(each.kind, name) for name, each in program.items()}
            kept |= {each.alias for each in program.values() if each.alias}
            self._ran.changes += len(self.state.keys() - kept) + len(self.condemned)
        self._demand("quiet", before == repr(self.entries), "a preview changed state")
        return self._ran

    def refresh(self, plan: Plan | None = None) -> Ran:
        with self._running("refresh", {}, plan or Plan()):
            self._refresh()
        return self._ran

    def destroy(self, plan: Plan | None = None) -> Ran:
        with self._running("destroy", {}, plan or Plan()):
            self._delete_the_rest({}, plan or Plan())
        return self._ran

    def converge(self, program: Program) -> None:
        """See that, with nothing in the way, one run reaches exactly what is declared, and a second has no work."""
        program = {name: replace(each, is_protected=False) for name, each in program.items()}
        for entry in self.entries:
            entry.is_protected = False
        if self.sandbox.readings["R14"] == "cursor":
            self.sandbox.set_readings({"R14": "data"})
        self.sandbox.set_readings({"R15": "adds"})
        before = self.sandbox.open_codes
        expected = expected_of(program, before, self.entries)
        ran = self.up(program)
        told = " ".join(ran.errors)
        # With delete_before_replace it may be asked for although another resource declares it.
        is_home_asked = "home direction" in told and any(each.delete_first for each in program.values())
        if is_home_asked or ("7" in before - expected and self.sandbox.readings["R11"] == "always"):
            self.ledger.granted["home"] += 1
            self._demand("exact", "home direction" in told, f"nothing is said of the home direction, but {told!r}")
            return
        self._demand("exact", not ran.errors, f"an `up` with nothing in the way failed: {ran.errors}")
        self._demand("exact", self.sandbox.open_codes == expected, f"this is not open: {sorted(expected)}")
        for again in (self.preview(program), self.up(program), self.up(program, Plan(refresh=True))):
            self._demand("exact", again == Ran(), f"a second run had work, or failed: {again}")
        self._demand("exact", self.sandbox.open_codes == expected, "a second run changed what is open")
        owed = {
            (each.kind, name): (frozenset(each.codes), each.kind == ALL and each.on_destroy == "retain")
            for name, each in program.items()
        }
        has = {urn: (entry.recorded, entry.retains) for urn, entry in self.state.items()}
        self._demand("exact", has == owed and not self.condemned, f"state has {self.entries}, not {owed}")

    # The engine's steps

    def _register(self, name: str, declared: Declared, plan: Plan, steps: list[Step]) -> None:
        news = self._checked(name, declared)
        old = self._old(name, declared)
        urn = (declared.kind, name)

        def kept(id_: str, outputs: Mapping[str, Any]) -> None:
            if old is not None:
                del self.state[old.urn]
            self.state[urn] = Entry(urn, id_, news, dict(outputs), is_protected=declared.is_protected)

        def created(result: Any) -> None:
            if old is not None and not old.is_gone:
                self.condemned.append(replace(old, is_condemned=True))
            kept(result.id, result.outs)

        def updated(result: Any) -> None:
            assert old is not None
            kept(old.id, result.outs)

        diff = None if old is None else self._diff(declared.kind, old, news)
        if old is not None and diff is not None and not diff.changes and not old.is_gone:
            kept(old.id, old.outputs)
            return
        if old is not None and diff is not None and not diff.replaces and not old.is_gone:
            steps.append(Step(declared.kind, "update", (old.id, dict(old.outputs), news), updated))
        else:
            if old is not None and not old.is_gone:
                self._make_room(old, declared, plan, steps)
            steps.append(Step(declared.kind, "create", (news,), created))
        if not plan.together:
            self._carry_out(steps, plan)
            steps.clear()

    def _make_room(self, old: Entry, declared: Declared, plan: Plan, steps: list[Step]) -> None:
        """Do what comes before a replacement: a protected resource ends the run; the program says whether it is one."""
        if declared.is_protected:
            self._refuse(old)
            raise _StoppedError

        def deleted(_: object) -> None:
            old.is_gone = True

        if declared.delete_first:
            self._carry_out(steps, plan)
            steps.clear()
            self._carry_out([_deletion(old, deleted)], plan)

    def _delete_the_rest(self, program: Program, plan: Plan) -> None:
        registered = {(each.kind, name) for name, each in program.items()}
        steps = []
        for entry in [*self.condemned, *(self.state[urn] for urn in sorted(self.state.keys() - registered))]:
            if entry.is_gone:
                self._forget(entry)
            elif any(each.alias == entry.urn and (each.kind, name) not in self.state for name, each in program.items()):
                # Its new name's step has failed, and the run goes on.
                continue
            elif entry.is_protected and not entry.is_condemned:
                self._refuse(entry)
            else:
                steps.append(_deletion(entry, partial(self._forget, entry)))
        for together in [steps] if plan.together else [[step] for step in steps]:
            self._carry_out(together, plan)

    def _refuse(self, entry: Entry) -> None:
        """Refuse what would delete a protected resource, without a word to its provider."""
        self.met["protected"] += 1
        self._ran.errors.append(f"{entry.urn} is protected")

    def _forget(self, entry: Entry, _: object = None) -> None:
        if entry.is_condemned:
            self.condemned.remove(entry)
        else:
            del self.state[entry.urn]

    def _refresh(self) -> None:
        for entry in self.entries:
            result = self._call(entry.urn[0], "read", entry.id, dict(entry.outputs))
            if not result.id:
                self._forget(entry)
                continue
            old_inputs = entry.inputs
            entry.outputs, entry.inputs = dict(result.outs), dict(result.inputs)
            self._call(entry.urn[0], "diff", entry.id, dict(entry.outputs), dict(old_inputs))

    def _old(self, name: str, declared: Declared) -> Entry | None:
        return old_of(self.state.values(), name, declared)

    def _checked(self, name: str, declared: Declared) -> dict[str, Any]:
        old = self._old(name, declared)
        result = self._call(declared.kind, "check", dict(old.inputs) if old else {}, declared.inputs())
        self._ran.errors += [failure.reason for failure in result.failures]
        if result.failures:
            raise _StoppedError
        return dict(result.inputs)

    def _diff(self, kind: str, old: Entry, news: Mapping[str, Any]) -> Any:
        diff = self._call(kind, "diff", old.id, dict(old.outputs), dict(news))
        assert diff.changes in (True, False)
        assert not diff.delete_before_replace
        return diff

    def _call(self, kind: str, method: str, *arguments: Any) -> Any:
        """Make a call that ends the run where it fails."""
        try:
            return self._process.call(kind, method, *arguments)
        except PlusofonError as error:
            self._ran.errors.append(str(error))
            raise _StoppedError from None

    def _carry_out(self, steps: Sequence[Step], plan: Plan) -> None:
        """Take steps, at once if there are several, and keep what came of them."""
        if not steps:
            return
        if len(steps) == 1:
            steps[0].take(self._process)
        else:
            self._take_together(steps)
        self._ran.changes += len(steps)
        for step in steps:
            if step.error is None:
                step.done(step.result)
            elif isinstance(step.error, PlusofonError):
                self._ran.errors.append(str(step.error))
            elif not isinstance(step.error, KilledError):
                raise step.error
        if self.wire.dead:
            raise KilledError
        if self._ran.errors and not plan.goes_on:
            raise _StoppedError

    def _take_together(self, steps: Sequence[Step]) -> None:
        """Hold the batch until all steps that write have joined it, one after the other."""
        writer = self._process.account.writer
        threads = []
        with mock.patch("plusofon_pulumi.account.writer.LONGEST_GATHERING", 20):
            writer.expected_callers = len(steps) + 1
            for step in steps:
                joined = writer.gathering.callers if writer.gathering else 0
                thread = threading.Thread(target=step.take, args=(self._process,), daemon=True)
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

    # What is seen of a run

    @contextmanager
    def _running(self, operation: str, program: Program, plan: Plan) -> Iterator[None]:
        # Each run is a new process of the engine and of the plugin, which does not start within two seconds.
        self.clock.sleep(2.5)
        self._program, self._ran = program, Ran()
        self._process = Process(self.sandbox, only_closes=plan.only_closes)
        self.wire.renew()
        for order in plan.faults:
            self.wire.fail_next(**order)
        if plan.kill is not None:
            self.wire.at[plan.kill].append(self.wire.kill)
        for number, codes in plan.owner.items():
            self.wire.at[number, "before"].append(partial(self._let_the_owner_act, codes))
        self.sandbox.clear_requests()
        self._acts.clear()
        self.ledger.follow()
        before, open_before = [replace(entry) for entry in self.entries], self.sandbox.open_codes
        try:
            with self.wire.connected(), self._process.heard():
                yield
        except _StoppedError:
            pass
        except KilledError:
            assert plan.kill
            self._ran.was_killed = True
            self._ran.errors.append("killed")
        finally:
            self.wire.clear_faults()
        requests = self.wire.calls
        self.met.update(f"faults of {each.method}" for each in requests if each.fault)
        self._ran.writes = sum(each.method != "GET" for each in requests)
        seen = Seen(
            *(operation, program, before, self.entries, self.ledger.follow(), requests),
            *(open_before, self.sandbox.open_codes, "\n".join([self._process.said.getvalue(), *self._ran.errors])),
            failed=bool(self._ran.errors),
            killed=self._ran.was_killed,
            refreshes=plan.refresh,
            only_closes=plan.only_closes,
            replaces=self.sandbox.readings["R15"] == "replaces",
            acts=self._acts,
        )
        self.ledger.judge(seen, self._demand)
        self._demand("secret", self.sandbox.token not in seen.output + repr(self.entries), "the token is shown")
        for text in self._ran.errors:
            self._demand("plain", "\n" not in text and len(text) < 2000, f"no paragraph: {text[:3000]!r}")

    def _let_the_owner_act(self, codes: frozenset[str]) -> None:
        before = self.sandbox.open_codes
        self.sandbox.set_open(codes)
        self._acts.append((len(self.wire.calls), before ^ self.sandbox.open_codes))

    def _demand(self, invariant: str, holds: bool, told: str) -> None:
        assert holds, f"{INVARIANTS[invariant]}: {told}\n{self._story()}"

    def _story(self) -> str:
        parts: dict[str, object] = {
            "program": self._program,
            "declared": sorted(declared_codes(self._program)),
            "state": self.entries,
            "open": sorted(self.sandbox.open_codes),
            "history": self.sandbox.history[-12:],
            "errors": self._ran.errors,
            "said": self._process.said.getvalue(),
        }
        lines = [f"{name}: {value}" for name, value in parts.items()]
        lines += [f"{each.method} {each.path} {each.body} -> {each.status} {each.fault}" for each in self.wire.calls]
        return "\n".join(lines)


def _deletion(entry: Entry, deleted: Callable[[object], None]) -> Step:
    return Step(entry.urn[0], "delete", (entry.id, dict(entry.outputs)), deleted)
