"""Writer: the one way to change an account; changes of single codes that come at once go out as one batch."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from plusofon_pulumi.account.change import Change
from plusofon_pulumi.account.delivery import Delivery

# The longest wait for as many callers as the last batch had, in seconds.
LONGEST_GATHERING = 0.25


class Writer:
    """Carry out changes, one batch at a time.

    The first caller of a batch sends what has gathered when its turn comes. The host's threads come back soon after a
    batch has let them go, so the next one waits for as many callers as the last one had: otherwise two halves of the
    threads would take turns, and twice as many writes be sent. ``joined`` is notified of each caller of the batch that
    is ``gathering``.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._turn = threading.Lock()
        self.joined = threading.Condition()
        self.gathering: Change | None = None
        self.expected_callers = 1

    def submit(self, *, opens: Iterable[str] = (), closes: Iterable[str] = ()) -> Change:
        """Open and close codes together with what others submit meanwhile; return the batch, with what came of it."""
        with self.joined:
            is_first = self.gathering is None
            batch = self.gathering = self.gathering or Change()
            batch.opens.update(opens)
            batch.closes.update(closes)
            batch.callers += 1
            self.joined.notify_all()
        if is_first:
            with self._turn:
                with self.joined:
                    self.joined.wait_for(lambda: batch.callers >= self.expected_callers, LONGEST_GATHERING)
                    self.gathering = None
                self._carry_out(batch)
        batch.is_done.wait()
        if batch.bug is not None:
            raise batch.bug
        return batch

    def _carry_out(self, batch: Change) -> None:
        try:
            self._delivery.deliver(batch)
        except BaseException as error:  # noqa: BLE001  # a bug of ours: raised for all who wait for the batch
            batch.bug = error
        with self.joined:
            self.expected_callers = batch.callers + (self.gathering.callers if self.gathering else 0)
        batch.is_done.set()

    def submit_exactly(self, codes: Iterable[str]) -> Change:
        """Make codes the only ones that are open; return the change, with what came of it."""
        change = Change(opens=set(codes))
        with self._turn:
            self._delivery.deliver_exactly(change)
        return change
