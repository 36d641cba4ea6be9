"""One answer for many askers: a fetched value that the threads of a process share while it is fresh."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from plusofon_pulumi.errors import TransportError

# How long a value (and a failure to get one) serves everybody, in seconds.
MAX_AGE = 5.0

T = TypeVar("T")


class _Flight(Generic[T]):
    """Hold one fetch: what it brought, since when that counts, and whether a write has made it stale meanwhile."""

    def __init__(self, began: float) -> None:
        # A value is as old as its fetch; a failure, which may have come after many attempts, counts from its end.
        self.since = began
        self.stale = False
        self.outcome: Future[T] = Future()


class Shared(Generic[T]):
    """Fetch a value when somebody asks and none is fresh; whoever asks meanwhile waits for the same fetch.

    ``fetch`` brings the value or raises; a failure is shared in the same way, for ``MAX_AGE`` seconds, so that 200
    resources do not each wait for a service that is down. ``max_age``: seconds from the start of the fetch. Two fetches
    are never under way at once.
    """

    def __init__(
        self, fetch: Callable[[], T], max_age: float = MAX_AGE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._max_age = max_age
        self._clock = clock
        self._changed = threading.Condition()
        self._under_way: _Flight[T] | None = None
        self._last: _Flight[T] | None = None

    def get(self) -> T:
        """Return the value, fetched anew if need be; raise what the fetch raised."""
        with self._changed:
            while self._under_way is not None and self._under_way.stale:
                self._changed.wait()
            if self._under_way is not None:
                flight, mine = self._under_way, False
            elif self._last is not None and self._is_fresh(self._last):
                flight, mine = self._last, False
            else:
                flight, mine = self._take_off(), True
        return self._fly(flight) if mine else flight.outcome.result()

    def renew(self) -> T:
        """Return a value whose fetch begins after this call; it then serves the others too."""
        with self._changed:
            self._forget()
            while self._under_way is not None:
                self._changed.wait()
            flight = self._take_off()
        return self._fly(flight)

    def forget(self) -> None:
        """Let nobody who asks from now on have a value whose fetch began before this call."""
        with self._changed:
            self._forget()

    def peek(self) -> T | None:
        """Return the last value that was fetched, however old, or None: for the wording of messages."""
        with self._changed:
            last = self._last
        return last.outcome.result() if last is not None and last.outcome.exception() is None else None

    def _forget(self) -> None:
        self._last = None
        if self._under_way is not None:
            self._under_way.stale = True

    def _is_fresh(self, flight: _Flight[T]) -> bool:
        max_age = self._max_age if flight.outcome.exception() is None else min(self._max_age, MAX_AGE)
        return self._clock() - flight.since < max_age

    def _take_off(self) -> _Flight[T]:
        self._under_way = _Flight(self._clock())
        return self._under_way

    def _fly(self, flight: _Flight[T]) -> T:
        try:
            flight.outcome.set_result(self._fetch())
        except Exception as error:  # noqa: BLE001  # handed to all that ask, and raised there
            flight.since = self._clock()
            flight.outcome.set_exception(error)
        except BaseException:
            # An interrupt belongs to the thread that it came to; those who wait must still be let go, once.
            flight.stale = True
            flight.outcome.set_exception(TransportError("the call was interrupted: try again"))
            raise
        finally:
            with self._changed:
                self._under_way = None
                if not flight.stale:
                    self._last = flight
                self._changed.notify_all()
        return flight.outcome.result()
