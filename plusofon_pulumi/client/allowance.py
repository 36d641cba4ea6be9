"""What an answer may cost: the moment by which it must have come whole, and how many bytes it may have.

A socket's time-out is for one read: a peer that sends a byte now and then is never late, be it in the head, between
chunks or after the body. So each read of an answer ends when the allowance of the call that its thread makes does.
"""

from __future__ import annotations

import errno
import functools
import http.client
import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests.adapters

# All attempts at one call, all its pages and the pauses between them, in seconds.
DEADLINE = 60.0
# In bytes, all the pages of a list together.
LARGEST_ANSWER = 5 * 1024 * 1024
# In bytes, what an answer may have on top of its body: its head, and the sizes of its chunks.
LARGEST_FRAME = 1024 * 1024


class TooMuchError(Exception):
    """Say that an answer is larger than any list of directions."""


@dataclass(slots=True)
class Allowance:
    """Hold what is left for a call. ``until`` is a moment of the monotonic clock."""

    until: float
    size: int
    came: int = 0
    """How many bytes of the current attempt's answer have come from the socket."""

    @classmethod
    def new(cls) -> Allowance:
        """Return that of a call which begins now."""
        return cls(time.monotonic() + DEADLINE, LARGEST_ANSWER)

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.until - time.monotonic()

    @contextmanager
    def spent_here(self) -> Iterator[None]:
        """Hold what this thread reads meanwhile to the moment."""
        before = _spent.set(self)
        self.came = 0
        try:
            yield
        finally:
            _spent.reset(before)

    def read(self, read: Callable[[int], bytes]) -> bytes:
        """Read a body to its end; raise TooMuchError beyond the size, which the caller reduces by what was of use."""
        content = bytearray()
        while chunk := read(64 * 1024):
            content += chunk
            if len(content) > self.size:
                raise TooMuchError(f"it is larger than {LARGEST_ANSWER // 1024 // 1024} MiB")
        return bytes(content)

    def count(self, size: int) -> None:
        """Note what came from the socket; raise OSError where no answer has so much, whatever it says of its size."""
        self.came += size
        if self.came > self.size + LARGEST_FRAME:
            raise OSError(errno.EMSGSIZE, "more came than any answer has")


_spent: ContextVar[Allowance] = ContextVar("allowance")


class _Reader(io.RawIOBase):
    """Read from a socket, no longer and no more than the allowance lasts."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        allowance = _spent.get()
        left = allowance.left()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left, self._sock.gettimeout() or left))
        size = self._raw.readinto(buffer)
        allowance.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Reader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]  # the library's own, since ever
        # It skips the interim answer 100 alone, and takes another for the answer itself, which then stays on the
        # connection and passes for that of the next call. All of them are to be skipped (RFC 9110, 15.2).
        return version, http.client.CONTINUE if 100 < status < 200 else status, reason


@functools.cache
def _held(pool: Any) -> Any:
    """Return a kind of connection pool whose answers are held to the allowance."""
    if issubclass(pool.ConnectionCls.response_class, _Response):
        return pool
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class Adapter(requests.adapters.HTTPAdapter):
    """Make connections whose answers are held to the allowance, through a proxy too."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the connections that need no proxy."""
        super().init_poolmanager(*args, **options)
        self._hold(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Make those through a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        self._hold(manager)
        return manager

    @staticmethod
    def _hold(manager: Any) -> None:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _held(pool) for scheme, pool in pools.items()}
