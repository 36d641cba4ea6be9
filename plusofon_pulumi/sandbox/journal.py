"""The journal: every request seen, and how many were in progress at once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wire import Call


@dataclass
class Request:
    """One request as it came in, without its token, and what became of it."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    """The decoded JSON; text if it is none, None if there was no body."""
    status: int | None = None
    """None while it is under way, and for ever if no answer was sent."""
    fault: str | None = None


class Journal:
    """Requests in the order in which they began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._under_way: dict[int, Call] = {}
        self._begun = 0
        self._peaks: Counter[tuple[str, str]] = Counter()
        self._write_peak = 0

    def begin(self, call: Call) -> Request:
        """Record a request, and count it with those in progress."""
        headers = {name: value for name, value in call.headers.items() if name != "authorization"}
        with self._lock:
            self._begun += 1
            request = Request(self._begun, call.method, call.path, call.query, headers, _decode(call.body))
            self._requests.append(request)
            self._under_way[request.number] = call
            self._forget_abandoned()
            self._measure(call)
        return request

    def end(self, request: Request, status: int | None) -> None:
        """Note the answer. To be called before it is sent: the client may begin its next call at once."""
        with self._lock:
            request.status = status
            self._under_way.pop(request.number, None)

    def requests(self) -> list[Request]:
        """Return copies of the records."""
        with self._lock:
            return [replace(request) for request in self._requests]

    def peak(self, method: str, path: str) -> int:
        """Return the largest number of such calls in progress at once."""
        with self._lock:
            return self._peaks[method, path]

    def write_peak(self) -> int:
        """Return the largest number of writes in progress at once."""
        with self._lock:
            return self._write_peak

    def clear(self) -> None:
        """Forget the requests and the peaks; those still in progress go on counting."""
        with self._lock:
            self._requests.clear()
            self._peaks.clear()
            self._write_peak = 0

    def _forget_abandoned(self) -> None:
        """Drop the calls whose client has hung up: for the client they are over, whatever the server still does."""
        for number in [number for number, call in self._under_way.items() if call.peer.gone()]:
            del self._under_way[number]

    def _measure(self, call: Call) -> None:
        now = Counter((other.method, other.path) for other in self._under_way.values())
        key = call.method, call.path
        self._peaks[key] = max(self._peaks[key], now[key])
        self._write_peak = max(self._write_peak, sum(other.writes for other in self._under_way.values()))


def _decode(body: bytes) -> object:
    if not body:
        return None
    try:
        decoded: object = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
    return decoded
