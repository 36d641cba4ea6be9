"""What the tests of the one writer share: a writer with its parts at hand, and a delivery that can be held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.account.writer import Change, Writer
from plusofon_pulumi.account.writes import OpenList
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import by_code
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import ToldCondition, sandbox_for, settings_of
from tests.waiting import PATIENCE


class Held:
    """Stand before a delivery: hold it at its start until it is let go, and perhaps fail it."""

    def __init__(self, delivery: Delivery, error: BaseException | None = None) -> None:
        self._make = delivery.make
        self._error = error
        self.begun = threading.Event()
        self.go = threading.Event()
        self.batches: list[tuple[list[str], list[str]]] = []
        delivery.make = self.make  # type: ignore[method-assign]  # what this class is for

    def make(self, live: Any, *, closing: Any, opening: Any, **more: Any) -> Any:
        self.batches.append((list(closing), list(opening)))
        self.begun.set()
        assert self.go.wait(PATIENCE)
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._make(live, closing=closing, opening=opening, **more)

    def await_begin(self) -> None:
        assert self.begun.wait(PATIENCE)


class Bench:
    """One writer over a sandbox, with its parts at hand."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = PlusofonClient(settings_of(sandbox))
        self.live: Shared[OpenList] = Shared(lambda: by_code(self.client.get_allowed_directions()))
        self.claims = Claims()
        self.delivery = Delivery(self.client, self.live, Shared(self.client.get_directions), self.claims)
        self.writer = Writer(self.live, self.delivery, self.claims)
        self.told = ToldCondition()
        self.writer._turn = self.told

    def open(self, *codes: str) -> Change:
        change = Change(opens=frozenset(codes))
        self.writer.submit(change)
        return change

    def close(self, *codes: str) -> Change:
        change = Change(closes=frozenset(codes))
        self.writer.submit(change)
        return change

    def write(self, method: str, code: str = "36") -> Change:
        return self.open(code) if method == "PUT" else self.close(code)

    def calls(self) -> list[str]:
        return [f"{request.method} {request.path.rpartition('/')[2]}" for request in self.sandbox.requests]


@contextmanager
def bench(*codes: str, fault: str = "", **readings: str) -> Iterator[Bench]:
    """Give a writer over an account in which these codes are open; ``fault``: how calls will fail there."""
    with sandbox_for(fault, open=codes, readings=readings) as sandbox:
        made = Bench(sandbox)
        yield made
        made.client.close()


def kinds(change: Change) -> dict[str, type]:
    return {code: type(error) for code, error in change.failures.items()}
