"""Writer: the one way to change an account. Changes of single codes that come at once go out as one batch."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from plusofon_pulumi.account.delivery import Change, Delivery

# The longest wait for as many callers as the last batch had, in seconds.
LONGEST_GATHERING = 0.25


class Writer:
    """Carry out changes, one batch at a time.

    Whoever gets the turn sends what has gathered. The host's threads come back soon after a batch has let them go, so
    each batch waits for as many callers as the last one had: without that, two halves of them would take turns, and
    twice as many writes be sent.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._turn = threading.Lock()
        self._joined = threading.Condition()
        self._gathering: Change | None = None
        self._last_callers = 1

    def submit(self, *, opens: Iterable[str] = (), closes: Iterable[str] = ()) -> Change:
        """Open and close codes together with what others submit meanwhile; return the batch, with what came of it."""
        with self._joined:
            if self._gathering is None:
                self._gathering = Change()
            batch = self._gathering
            batch.opens.update(opens)
            batch.closes.update(closes)
            batch.callers += 1
            self._joined.notify_all()
        with self._turn:
            if not batch.is_done:
                self._gather(batch)
                self._carry_out(batch)
        if batch.bug is not None:
            raise batch.bug
        return batch

    def submit_exactly(self, codes: Iterable[str]) -> Change:
        """Make codes the only ones that are open; return the change, with what came of it."""
        change = Change(opens=set(codes), is_exact=True)
        with self._turn:
            self._delivery.deliver_exactly(change)
        return change

    def _gather(self, batch: Change) -> None:
        with self._joined:
            self._joined.wait_for(lambda: batch.callers >= self._last_callers, LONGEST_GATHERING)
            self._gathering = None

    def _carry_out(self, batch: Change) -> None:
        try:
            self._delivery.deliver(batch)
        except Exception as error:  # noqa: BLE001  # a bug of ours: all who wait for the batch must hear of it
            batch.bug = error
        finally:
            batch.is_done = True
            self._last_callers = batch.callers
