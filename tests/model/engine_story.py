"""A project and two accounts on the real engine: random edits, runs, owners, readings, faults and killed plugins."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plusofon_pulumi.identity import DIRECTION_TYPE, DIRECTIONS_TYPE, PROVIDER_INPUT
from plusofon_pulumi.sandbox import ALLOWED_PATH, READINGS, Sandbox
from tests.e2e.harness import Project, Result, started
from tests.e2e.tracebacks import traceback_in
from tests.model import SEED
from tests.model.judging import Ledger, Seen, expected_of
from tests.model.program import EDITS, Edit, Entry, Program, normalised
from tests.model.promises import INVARIANTS
from tests.model.simulation import ALL, CODES, HANG, ONE, PASSING

TYPES = {ONE: DIRECTION_TYPE, ALL: DIRECTIONS_TYPE}
KINDS = {type_: kind for kind, type_ in TYPES.items()}
# In seconds: longer than any run without a hanging call.
PATIENCE = 180
LASTING = (
    *("status:400", "status:401", "status:403", "status:404", "status:500"),
    *("success-false", "success-false:after", "expired"),
)
ODD = ("html:200", "html:200:after", "ignore", "echo:401", "redirect:https://example.com/")
YES = ("--yes", "--skip-preview")
WRONG_TOKEN = "sandbox-revoked-token-that-nobody-may-see"
# A PUT that replaces the list breaks every promise but that of rule 3, which has its own tests.
PLAYED = {name: reading.values for name, reading in READINGS.items() if name != "R15"}


@dataclass
class Account:
    """One account, what the program declares for it, and whose its open codes are."""

    sandbox: Sandbox
    names: tuple[str, ...]
    lists: tuple[str, ...]
    provider: str | None = None
    program: Program = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.sandbox)

    def noted(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return what state has of this account."""
        return [entry for entry in entries if entry.urn[1] in self.names + self.lists]

    def source(self) -> str:
        lines = []
        for name, each in self.program.items():
            options = [f"provider={self.provider}"] if self.provider else []
            if name in self.protected:
                options.append("protect=True")
            if each.alias:
                options.append(f"aliases=[pulumi.Alias(name={each.alias[1]!r}, type_={TYPES[each.alias[0]]!r})]")
            if each.delete_first:
                options.append("delete_before_replace=True")
            what = (
                f"code={each.codes[0]!r}"
                if each.kind == ONE
                else f"codes={list(each.codes)}, on_destroy={each.on_destroy!r}"
            )
            lines.append(f"plusofon.{each.kind}({name!r}, {what}, opts=pulumi.ResourceOptions({', '.join(options)}))")
        return "\n".join(lines)


class Story:
    """A project, its two accounts, and what has happened: told when something breaks."""

    def __init__(self, project: Project, accounts: list[Account], chance: random.Random) -> None:
        self.project = project
        self.accounts = accounts
        self.chance = chance
        self.told: list[str] = []
        self.counts: Counter[str] = Counter()

    # What happens

    def step(self) -> None:
        """Change something, and run: a run takes seconds, so hardly any is to find what the last one has left."""
        chance = self.chance
        changes = [*[self.edit] * chance.choice([0, 1, 1, 2, 3])]
        changes += [each for each in (self.owner, self.readings) if chance.random() < 0.2]
        acts = [
            *[self.up] * 6,
            *[self.up_with_a_kill] * 3,
            *[self.another_operation] * 3,
            self.with_a_wrong_token,
            *[self.converge] * 3,
        ]
        for act in (*changes, chance.choice(acts)):
            self.counts[act.__name__] += 1
            act()

    def edit(self) -> None:
        account = self.chance.choice(self.accounts)
        before = account.program
        # Most kinds of edits fit some programs only.
        while account.program == before:
            edit = Edit(
                tuple(self.chance.sample(account.names, len(account.names))),
                tuple(self.chance.sample(account.lists, 2)),
                tuple(self.chance.sample(CODES, self.chance.randrange(4))),
                self.chance.choice(["retain", "close"]),
                self.chance.random() < 0.5,
            )
            account.program = normalised(self.chance.choice(EDITS)(before, edit))
        account.protected = {each for each in account.program if self.chance.random() < 0.1}
        self.told.append(f"the program: {account.source()!r}")

    def owner(self) -> None:
        account = self.chance.choice(self.accounts)
        codes = self.chance.sample([*CODES, "999"], self.chance.randrange(5))
        account.sandbox.set_open(codes)
        self.told.append(f"the owner of {account.sandbox.url} sets {codes}")

    def readings(self) -> None:
        account = self.chance.choice(self.accounts)
        chosen = self.chance.sample(list(PLAYED), 4)
        changes = {name: self.chance.choice(list(PLAYED[name])) for name in chosen}
        account.sandbox.set_readings(changes)
        self.told.append(f"the readings of {account.sandbox.url}: {changes}")

    def order_faults(self) -> None:
        # Most are never met: a write's waits in vain where nothing is to be written.
        for _ in range(self.chance.choice([0, 1, 2, 4])):
            sandbox = self.chance.choice(self.accounts).sandbox
            passing, hangs = self.chance.random() < 0.5, self.chance.random() < 0.02
            fault = HANG if hangs else self.chance.choice(PASSING if passing else LASTING + ODD)
            n = 1 if hangs else self.chance.choice([1, 2] if passing else [1, 1, 3, 99])
            method = self.chance.choice([None, "GET", *["PUT", "DELETE"] * 3])
            skip = self.chance.choice([0, 1, 2, 4] if method in (None, "GET") else [0, 0, 0, 1])
            sandbox.fail_next(n, fault, method=method, skip=skip)
            self.told.append(f"  {sandbox.url}: {n} × {fault} of {method} after {skip}")
        if self.chance.random() < 0.1:
            # A write that is carried out, though its answer says no, and then nothing to be seen: seldom by chance.
            sandbox = self.chance.choice(self.accounts).sandbox
            sandbox.fail_next(99, self.chance.choice(["success-false:after", "html:200:after"]), method="PUT")
            sandbox.fail_next(99, "status:403", method="GET", path=ALLOWED_PATH, skip=1)
            self.told.append(f"  {sandbox.url}: writes with bad answers, and a list that can be read once")

    def up(self) -> None:
        self.order_faults()
        may_hang = any(each.delete_first for account in self.accounts for each in account.program.values())  # limits.md
        options = ("--refresh",) if may_hang else ("--refresh", "--continue-on-error")
        more = [each for each in options if self.chance.random() < 0.2]
        self.run("up", *YES, *more, env={"PLUSOFON_CLOSE_ONLY": "1"} if self.chance.random() < 0.15 else {})

    def up_with_a_kill(self) -> None:
        if self.chance.random() < 0.3:
            self.order_faults()
        self.run("up", *YES, kill=self.chance.randrange(1, 9))

    def with_a_wrong_token(self) -> None:
        """The token of the first account is revoked, and given back after one run (R9)."""
        self.run(self.chance.choice(["up", "refresh", "destroy"]), *YES, env={"PLUSOFON_TOKEN": WRONG_TOKEN})

    def another_operation(self) -> None:
        self.order_faults()
        self.run(*self.chance.choice([("preview",), ("refresh", *YES), ("destroy", *YES)]))

    def converge(self) -> None:
        """exact: one run reaches what is declared, and a second has nothing to do."""
        for account in self.accounts:
            if account.sandbox.readings["R14"] == "cursor":
                account.sandbox.set_readings({"R14": "data"})
        if self.entries():
            self.project.run("state", "unprotect", "--all", "--yes", fails=None)
        for account in self.accounts:
            account.protected.clear()
        entries = self.entries()
        expected = [
            expected_of(account.program, account.sandbox.open_codes, account.noted(entries))
            for account in self.accounts
        ]
        is_home_asked = [
            account.sandbox.readings["R11"] == "always"
            and "7" in account.sandbox.open_codes
            and ("7" not in codes or any(each.delete_first for each in account.program.values()))
            for account, codes in zip(self.accounts, expected, strict=True)
        ]
        result = self.run("up", *YES)
        if any(is_home_asked) and result.code != 0:
            self.accounts[0].ledger.granted["home"] += 1
            self.demand("exact", "home direction" in result.output, f"nothing is said of 7: {result}")
            return
        self.demand("exact", result.code == 0, f"an `up` with nothing in the way failed: {result}")
        for account, codes in zip(self.accounts, expected, strict=True):
            now = account.sandbox.open_codes
            self.demand("exact", now == codes, f"{sorted(now)} open, not {sorted(codes)}: {result}")
        again = self.run("preview", "--expect-no-changes")
        self.demand("exact", again.code == 0, f"a second run has work: {again}")
        self.counts["converged"] += 1

    # How it is run, and looked at

    def run(self, *arguments: str, kill: int = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run `pulumi`, with a change of its environment, and look at what came of it."""
        second = self.accounts[1].sandbox
        head = f"second = plusofon.Provider('second', token={second.token!r}, base_url={second.url!r})\n"
        self.project.write(head + "\n".join(account.source() for account in self.accounts))
        self.project.set_env(**(env or {}))
        for account in self.accounts:
            account.ledger.follow()
            account.sandbox.clear_requests()
        entries = self.entries()
        before = [(account.noted(entries), account.sandbox.open_codes) for account in self.accounts]
        self.told.append(f"`pulumi {' '.join(arguments)}` {env or ''}" + (f" killed at request {kill}" if kill else ""))
        if kill:
            result, was_killed = self.killed(arguments, kill)
        else:
            result, was_killed = self.project.run(*arguments, fails=None, seconds=PATIENCE), False
        now_open = [sorted(account.sandbox.open_codes) for account in self.accounts]
        self.told.append(f"  -> {result.code} after {result.seconds:.1f} s, open: {now_open}, killed: {was_killed}")
        self.look(result, before, was_killed)
        self.project.set_env(PLUSOFON_CLOSE_ONLY=None, PLUSOFON_TOKEN=self.accounts[0].sandbox.token)
        for account in self.accounts:
            account.sandbox.clear_faults()
        if was_killed:
            # What the dead plugin wrote shows by the time that the next one reads.
            time.sleep(max(account.sandbox.readings.delay for account in self.accounts))
        return result

    def killed(self, arguments: tuple[str, ...], number: int) -> tuple[Result, bool]:
        """Run, and kill the plugins at the n-th request; tell whether one was, for there may be fewer requests."""
        began, was_killed = time.monotonic(), False
        with started(self.project, arguments[0], *arguments[3:]) as run:
            while run.process.poll() is None:
                if sum(account.sandbox.calls() for account in self.accounts) >= number:
                    was_killed = run.kill_plugins()
                    break
                time.sleep(0.003)
            return Result(arguments, run.wait(), run.said, "", time.monotonic() - began), was_killed

    def look(self, result: Result, before: list[tuple[list[Entry], frozenset[str]]], was_killed: bool) -> None:
        state, env = json.dumps(self.project.state()), self.project.env
        for token in (WRONG_TOKEN, *(account.sandbox.token for account in self.accounts)):
            self.demand("secret", token not in result.output + state, "the token is shown")
        self.demand("plain", not traceback_in(result.output), f"a traceback: {result}")
        after = self.entries()
        for account, (had, opened) in zip(self.accounts, before, strict=True):
            seen = Seen(
                *(result.arguments[0], dict(account.program), had, account.noted(after), account.ledger.follow()),
                *(account.sandbox.requests, opened, account.sandbox.open_codes, result.output),
                failed=result.code != 0,
                killed=was_killed,
                refreshes="--refresh" in result.arguments,
                only_closes="PLUSOFON_CLOSE_ONLY" in env,
                wrong_token=env["PLUSOFON_TOKEN"] == WRONG_TOKEN and account.provider is None,
            )
            # What the search has reached: one that reaches nothing finds nothing.
            self.counts.update(f"faults of {each.method}" for each in seen.requests if each.fault)
            self.counts.update(change.event for change in seen.changes)
            account.ledger.judge(seen, lambda name, holds, what: self.demand(name, holds, f"{what}: {result}"))
        self.counts.update(runs=1, killed=was_killed, failed=result.code != 0)

    def entries(self) -> list[Entry]:
        return [entry_of(each) for each in self.project.resources()]

    def demand(self, invariant: str, holds: bool, told: str) -> None:
        story = "\n".join(self.told)
        assert holds, f"SEARCH_SEED={SEED}: {INVARIANTS[invariant]}: {told}\n{story}\n{self.project.folder}"


def entry_of(resource: Mapping[str, Any]) -> Entry:
    """Read a resource of the engine's state."""
    name, outputs = str(resource["urn"]).rpartition("::")[2], resource["outputs"]
    assert outputs[PROVIDER_INPUT]
    is_gone = resource.get("pendingReplacement", False)
    is_condemned = resource.get("delete", False) and not is_gone
    return Entry((KINDS[resource["type"]], name), resource["id"], resource["inputs"], outputs, is_gone, is_condemned)
