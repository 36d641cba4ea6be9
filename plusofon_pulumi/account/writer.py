"""The one writer: changes of all threads go through a queue, in batches, and the live list tells what came of them.

Whoever is first sends what is queued, while the next batch gathers behind. A write is done when a later list shows it.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.account.writes import OpenList
from plusofon_pulumi.errors import DirectionClaimedError, DirectionNotChangedError, PlusofonError, TransportError

# The longest wait for threads that have just been answered to come back with their next change, in seconds.
LONGEST_GATHERING = 0.25


@dataclass(slots=True, eq=False)
class Change:
    """Ask for codes to be open and others to be closed; afterwards, hold what came of it."""

    opens: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    exactly: bool = False
    """Close, before anything is opened, whatever is open and not in `opens`; such a change is carried out alone."""
    kept: frozenset[str] = frozenset()
    """Codes that were to be closed, and are not, because the program declares them."""
    believed: dict[str, PlusofonError] = field(default_factory=dict)
    """Codes that were answered to be open, and why that could not be seen."""
    failures: dict[str, PlusofonError] = field(default_factory=dict)
    """The errors of codes that are not as asked for."""
    unseen: set[str] = field(default_factory=set)
    """Those of the failed codes of which it could not be seen what they are."""
    error: Exception | None = None
    """What went wrong with the change as a whole."""
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
        self._under_way: list[Change] = []
        # How many changes the next batch may have, and until when it is worth waiting for them.
        self._expected = 0
        self._gather_until = 0.0

    def submit(self, change: Change) -> Change:
        """Carry out a change, alone or with those that others queued, and return it with what came of it.

        Raises what failed it as a whole; the errors of single codes are in `failures`.
        """
        with self._turn:
            self._queue.append(change)
            self._turn.notify_all()
        try:
            while batch := self._await_turn(change):
                self._lead(batch)
        finally:
            self._withdraw(change)
        if change.error is not None:
            raise change.error
        return change

    def wait_until_idle(self) -> None:
        """Wait for the writes that are queued or under way now."""
        with self._turn:
            ahead = [*self._under_way, *self._queue]
            while not all(change.done for change in ahead):
                self._turn.wait()

    def _await_turn(self, change: Change) -> list[Change]:
        """Return the batch that this thread is to send, or nothing once its change is done."""
        with self._turn:
            while self._sending and not change.done:
                self._turn.wait()
            if change.done:
                return []
            self._sending = True
            try:
                self._gather()
            except BaseException:
                self._sending = False
                self._turn.notify_all()
                raise
            batch = [self._queue[0]]
            if not batch[0].exactly:
                batch = list(itertools.takewhile(lambda each: not each.exactly, self._queue))
            del self._queue[: len(batch)]
            self._under_way = batch
            return batch

    def _gather(self) -> None:
        """Wait a little for the threads that the last batch let go: they are about to come back with their next change.

        Without it, two halves of the threads would take turns, and twice as many writes be sent.
        """
        while len(self._queue) < self._expected and (left := self._gather_until - time.monotonic()) > 0:
            self._turn.wait(left)

    def _withdraw(self, change: Change) -> None:
        """Take an interrupted thread's change out of the queue, where nobody would ever send it."""
        with self._turn:
            if change in self._queue:
                self._queue.remove(change)
                change.done = True
                self._turn.notify_all()

    def _lead(self, batch: list[Change]) -> None:
        began = time.monotonic()
        try:
            if batch[0].exactly:
                self._carry_out_exactly(batch[0])
            else:
                self._carry_out(batch)
        except Exception as error:  # noqa: BLE001  # handed to the threads that wait, and raised there
            for change in batch:
                change.error = error
        except BaseException:
            for change in batch:
                change.error = TransportError("the write was interrupted: run `pulumi up` again")
                change.unseen = set(change.opens | change.closes)
            raise
        finally:
            with self._turn:
                self._sending = False
                self._expected = len(batch) + len(self._queue)
                now = time.monotonic()
                self._gather_until = now + min(2 * (now - began), LONGEST_GATHERING)
                self._under_way = []
                for change in batch:
                    change.done = True
                self._turn.notify_all()

    def _carry_out(self, batch: list[Change]) -> None:
        exactly = batch[0].exactly
        for change in batch:
            self._honour_claims(change)
        if not exactly and not any(change.opens or change.closes for change in batch):
            return
        live = self._live.get()
        if exactly:
            batch[0].closes = frozenset(live) - batch[0].opens
        # Once more, now that the write is about to be sent: a claim may have come while the list was read.
        for change in batch:
            self._honour_claims(change)
        opens = frozenset().union(*(change.opens for change in batch))
        closes = frozenset().union(*(change.closes for change in batch)) - opens
        closing, opening = sorted(closes & live.keys()), sorted(opens - live.keys())
        result = self._delivery.make(live, closing=closing, opening=opening, close_first=exactly)
        for change in batch:
            # A claim that came between two attempts, or while the list was looked at.
            self._keep(change, change.closes & result.kept)
            for code in sorted(change.opens | change.closes):
                if code in result.believed:
                    change.believed[code] = result.believed[code]
                if code in result.failures:
                    change.failures[code] = result.failures[code]
            change.unseen |= result.unseen & change.failures.keys()

    def _carry_out_exactly(self, change: Change) -> None:
        """Carry out an exact change, and once more if the list then shows codes that were opened meanwhile."""
        others: list[str] = []
        for _ in range(2):
            self._carry_out([change])
            # None where the list could not be read afterwards.
            live = self._live.peek() or {}
            others = sorted(live.keys() - change.opens)
            if change.failures or not others:
                return
        change.failures = dict.fromkeys(others, _opened_meanwhile())

    def _honour_claims(self, change: Change) -> None:
        """Take out of a change the closings that would close what the program declares."""
        self._keep(change, frozenset(filter(self._claims.holds, change.closes)))
        if change.exactly and change.kept:
            change.opens = change.closes = frozenset()

    def _keep(self, change: Change, codes: frozenset[str]) -> None:
        """Note codes that are not closed because the program declares them."""
        change.kept |= codes
        change.closes -= codes
        for code in sorted(codes):
            refusal = _not_listed() if change.exactly else self._claims.refusal(code)
            if refusal is not None:
                change.failures[code] = refusal


def _opened_meanwhile() -> DirectionNotChangedError:
    return DirectionNotChangedError("it was opened meanwhile, by somebody or by Plusofon. Run `pulumi up` again.")


def _not_listed() -> DirectionClaimedError:
    return DirectionClaimedError(
        "an AllowedDirection of this program declares the code: add it to `codes`, or remove that resource"
    )
