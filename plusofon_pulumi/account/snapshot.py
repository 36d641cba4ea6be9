"""Snapshot: one fetched value that the threads of a process share while it is fresh."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from plusofon_pulumi.errors import PlusofonError

# How long a value, and a failure to get one, serves everybody, in seconds from when it came.
MAX_AGE = 5.0

T = TypeVar("T")


class Snapshot(Generic[T]):
    """Fetch a value when somebody asks and none is fresh.

    A failure is shared, too, so that 200 resources do not each wait for a service that is down. Whoever holds ``lock``
    keeps the others from fetching: two fetches are never under way at once, and none during a write. ``last`` is what
    came last, however old: for the wording of messages.
    """

    def __init__(self, fetch: Callable[[], T], max_age: float = MAX_AGE) -> None:
        self.lock = threading.RLock()
        self._fetch = fetch
        self._max_age = max_age
        self.last: T | None = None
        self._error: PlusofonError | None = None
        self._fresh_until = -math.inf

    def get(self) -> T:
        """Return the value, fetched anew if need be; raise what the fetch raised."""
        with self.lock:
            if time.monotonic() >= self._fresh_until:
                try:
                    self.last, self._error = self._fetch(), None
                except PlusofonError as error:
                    self._error = error
                self._fresh_until = time.monotonic() + (MAX_AGE if self._error else self._max_age)
            if self._error is not None:
                raise copy.copy(self._error)
            assert self.last is not None  # noqa: S101  # for mypy: a fetch without an error brings a value
            return self.last

    def invalidate(self) -> None:
        """Have the next one who asks fetch the value anew."""
        with self.lock:
            self._fresh_until = -math.inf
