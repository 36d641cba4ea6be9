"""The sandbox, counting more than its journal does; and catalogues of any size for it."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from unittest import mock

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox, state
from plusofon_pulumi.sandbox.server import Answer, Request
from plusofon_pulumi.sandbox.state import Row, catalogue

SHORT = {ALLOWED_PATH: "list", CATALOGUE_PATH: "catalogue"}


class CountingSandbox(Sandbox):
    """Count calls by kind, and the largest number of calls of any kind under way at once."""

    _counting = threading.Lock()
    _now = 0
    under_way = 0

    def __enter__(self) -> CountingSandbox:  # noqa: PYI034  # Self is not in typing on 3.10
        super().__enter__()
        return self

    def counted(self) -> dict[str, int]:
        """Return the calls seen, as {"GET list": 1, "GET catalogue": 1, "PUT": 1}."""
        kinds = (_kind(request.method, request.path) for request in self.requests)
        return dict(sorted(Counter(kinds).items()))

    def largest_body(self) -> int:
        """Return the size of the largest request's body, in bytes."""
        return max((int(request.headers.get("content-length", 0)) for request in self.requests), default=0)

    def clear_requests(self) -> None:
        """Count anew."""
        super().clear_requests()
        self.under_way = 0

    def _respond(self, call: Request) -> Answer:
        with self._counting:
            self._now += 1
            self.under_way = max(self.under_way, self._now)
        try:
            return super()._respond(call)
        finally:
            with self._counting:
                self._now -= 1


def _kind(method: str, path: str) -> str:
    return f"{method} {SHORT.get(path, path)}" if method == "GET" else method


def codes(n: int) -> list[str]:
    """Return N calling codes of the catalogue, the same ones each time; all of them where N is more."""
    return sorted({row.code for row in catalogue()}, key=int)[:n]


@contextlib.contextmanager
def made_up_catalogue(n: int) -> Iterator[list[str]]:
    """Let sandboxes made within have a catalogue of N codes, with names as long as the real ones; give the codes."""
    real = catalogue()
    rows = tuple(
        Row(str(number + 1), row.name, row.english_name, f"{row.code}{number:05}")
        for number in range(n)
        for row in [real[number % len(real)]]
    )
    with mock.patch.object(state, "catalogue", return_value=rows):
        yield [row.code for row in rows]
