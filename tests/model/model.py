"""A small model of Pulumi's engine.

The model calls the provider's methods as engine 3.274.1 does (step_generator.go, deployment_executor.go): check, diff
and step for each declared resource in turn; deletes at the end, of what is declared no more and of what was replaced. A
failed check or diff ends the run; so does a failed step, without --continue-on-error. A failed create leaves nothing in
state, a failed update or delete the old. What is protected is not deleted, and the run fails. Each run is a process of
its own, and a kill ends it between two requests or within one. (So is each provider: nothing that several of them share
could be lost here. The search on the real engine has two.)

What must hold is in `promises`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock

from plusofon_pulumi.errors import PlusofonError
from tests.model.program import Declared, Entry, Plan, Program, Ran, Step, declared_codes, is_whole
from tests.model.promises import Promises
from tests.model.simulation import ALL, ONE, KilledError, Process


class _StoppedError(Exception):
    """The engine ends the run."""


class Stack(Promises):
    """One stack on one account: its state, and its runs."""

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


def _take(process: Process, step: Step) -> None:
    try:
        step.result = process.call(step.kind, step.method, *step.arguments)
    except BaseException as error:  # noqa: BLE001  # looked at by the model
        step.error = error
