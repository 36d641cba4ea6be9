"""What an answer may cost: the moment by which it must have come whole, and how many bytes it may have.

A socket's time-out is for one read: a peer that sends a byte now and then is never late, be it in the head, between
chunks or after the body. So each read of an answer ends when the allowance of the call that its thread makes does.
"""

from __future__ import annotations

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


class TooMuchError(Exception):
    """Say that an answer is larger than any list of directions."""


@dataclass(slots=True)
class Allowance:
    """Hold what is left for a call. ``until`` is a moment of the monotonic clock."""

    until: float
    size: int

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


_spent: ContextVar[Allowance] = ContextVar("allowance")


class _Reader(io.RawIOBase):
    """Read from a socket, no longer than the allowance lasts."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _spent.get().left()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left, self._sock.gettimeout() or left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Reader(sock, self.fp.detach()))


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
