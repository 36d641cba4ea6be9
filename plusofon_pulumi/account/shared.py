"""One answer for many askers: a fetched value that the threads of a process share while it is fresh."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from plusofon_pulumi.errors import TransportError

# How long a value (and a failure to get one) serves everybody, in seconds.
MAX_AGE = 5.0

T = TypeVar("T")


class _Fetch(Generic[T]):
    """Hold one fetch: what it brought, when, and whether a write has made it stale meanwhile."""

    def __init__(self) -> None:
        self.ended = math.inf
        self.stale = False
        self.outcome: Future[T] = Future()


class Shared(Generic[T]):
    """Fetch a value when somebody asks and none is fresh; whoever asks meanwhile waits for the same fetch.

    ``fetch`` brings the value or raises; a failure is shared in the same way, for ``MAX_AGE`` seconds, so that 200
    resources do not each wait for a service that is down. ``max_age``: seconds from the end of the fetch, for an answer
    that takes longer than that must serve somebody, too. Two fetches are never under way at once.
    """

    def __init__(self, fetch: Callable[[], T], max_age: float = MAX_AGE) -> None:
        self._fetch = fetch
        self._max_age = max_age
        self._changed = threading.Condition()
        self._under_way: _Fetch[T] | None = None
        self._last: _Fetch[T] | None = None

    def get(self) -> T:
        """Return the value, fetched anew if need be; raise what the fetch raised."""
        with self._changed:
            while self._under_way is not None and self._under_way.stale:
                self._changed.wait()
            if self._under_way is not None:
                fetch, mine = self._under_way, False
            elif self._last is not None and self._is_fresh(self._last):
                fetch, mine = self._last, False
            else:
                fetch, mine = self._begin(), True
        return self._carry_out(fetch) if mine else fetch.outcome.result()

    def renew(self) -> T:
        """Return a value whose fetch begins after this call; it then serves the others too."""
        with self._changed:
            self._forget()
            while self._under_way is not None:
                self._changed.wait()
            fetch = self._begin()
        return self._carry_out(fetch)

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

    def _is_fresh(self, fetch: _Fetch[T]) -> bool:
        max_age = self._max_age if fetch.outcome.exception() is None else min(self._max_age, MAX_AGE)
        return time.monotonic() - fetch.ended < max_age

    def _begin(self) -> _Fetch[T]:
        self._under_way = _Fetch()
        return self._under_way

    def _carry_out(self, fetch: _Fetch[T]) -> T:
        try:
            fetch.outcome.set_result(self._fetch())
        except Exception as error:  # noqa: BLE001  # handed to all that ask, and raised there
            fetch.outcome.set_exception(error)
        except BaseException:
            # An interrupt belongs to the thread that it came to; those who wait must still be let go, once.
            fetch.stale = True
            fetch.outcome.set_exception(TransportError("the call was interrupted: try again"))
            raise
        finally:
            with self._changed:
                fetch.ended = time.monotonic()
                self._under_way = None
                if not fetch.stale:
                    self._last = fetch
                self._changed.notify_all()
        return fetch.outcome.result()
