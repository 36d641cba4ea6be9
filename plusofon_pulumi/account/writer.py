"""The one writer: changes of all threads go through a queue, in batches, and the live list tells what came of them.

Whoever is first sends what is queued, while the next batch gathers behind. A write is done when a later list shows it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery, OpenList
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.errors import DirectionClaimedError, TransportError


@dataclass(slots=True)
class Change:
    """Ask for codes to be open and others to be closed; afterwards, hold what came of it."""

    opens: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    """Codes that were to be closed, and are not, because the program declares them."""
    notices: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    done: bool = False


class Writer:
    """Carry out changes, one batch at a time."""

    def __init__(self, live: Shared[OpenList], delivery: Delivery, claims: Claims) -> None:
        self._live = live
        self._delivery = delivery
        self._claims = claims
        self._turn = threading.Condition()
        self._queue: list[Change] = []
        self._sending = False
        self._submitted = 0
        self._finished = 0

    def submit(self, change: Change) -> Change:
        """Carry out a change, alone or with those that others queued, and return it with what came of it.

        Raises the error of the first of its codes that is not as asked for.
        """
        with self._turn:
            self._queue.append(change)
            self._submitted += 1
            while self._sending and not change.done:
                self._turn.wait()
            batch: list[Change] = []
            if not change.done:
                self._sending = True
                batch, self._queue = self._queue, []
        if batch:
            self._lead(batch)
        if change.failures:
            raise change.failures[0]
        return change

    def wait_until_idle(self) -> None:
        """Wait for the writes that are queued or under way now."""
        with self._turn:
            ahead = self._submitted
            while self._finished < ahead:
                self._turn.wait()

    def _lead(self, batch: list[Change]) -> None:
        try:
            self._carry_out(batch)
        except Exception as error:  # noqa: BLE001  # handed to the threads that wait, and raised there
            for change in batch:
                change.failures.append(error)
        except BaseException:
            for change in batch:
                change.failures.append(TransportError("the write was interrupted: run `pulumi up` again"))
            raise
        finally:
            with self._turn:
                self._sending = False
                self._finished += len(batch)
                for change in batch:
                    change.done = True
                self._turn.notify_all()

    def _carry_out(self, batch: list[Change]) -> None:
        for change in batch:
            self._honour_claims(change)
        opens = frozenset().union(*(change.opens for change in batch))
        closes = frozenset().union(*(change.closes for change in batch)) - opens
        if not opens and not closes:
            return
        live = self._live.get()
        result = self._delivery.make(live, closing=sorted(closes & live.keys()), opening=sorted(opens - live.keys()))
        for change in batch:
            codes = sorted(change.opens | change.closes)
            change.notices += [result.notices[code] for code in codes if code in result.notices]
            change.failures += [result.failures[code] for code in codes if code in result.failures]

    def _honour_claims(self, change: Change) -> None:
        """Take out of a change the closings that would close what the program declares."""
        change.kept = frozenset(filter(self._claims.holds, change.closes))
        change.closes -= change.kept
        if any(map(self._claims.has_failed, change.kept)):
            change.failures.append(
                DirectionClaimedError(
                    "the program declares the code in another resource, which could not be made, so this one keeps it "
                    "in state. Mend the other's error and run `pulumi up` again."
                )
            )
