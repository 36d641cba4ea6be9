"""A local sandbox of the Plusofon direction API, in memory, on loopback.

It plays each reading of what the API's description leaves open (`readings`), and fails on request (`faults`).
"""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from . import control, faults
from .account import Account, Change, plain_codes
from .api import ALLOWED_PATH, CATALOGUE_PATH, Api
from .journal import Journal, Request
from .readings import READINGS, Readings
from .server import HOST, Server
from .wire import Answer, Call, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

__all__ = ["ALLOWED_PATH", "CATALOGUE_PATH", "READINGS", "Change", "Request", "Sandbox"]


class Sandbox:
    """Serve one account on 127.0.0.1, as a ``with`` block or from `start` to `stop`.

    ``open``: the calling codes that are open at first. ``token``: the one that is accepted, made up where none is
    given; ``client_id``: the ``Client`` header that every call must have. ``readings`` changes some of the defaults,
    as ``{"R4": "404"}``; ``home`` is the direction of R11; ``latency``: how many seconds each call takes before it has
    its effect. ``port``: where it listens; 0 for any that is free.

    Raises ValueError for what is no code or no reading, later, too; RuntimeError where the address is asked for before
    the start, or it is started twice.
    """

    def __init__(
        self,
        *,
        open: Iterable[str | int] = (),  # noqa: A002 - the field's word, and the command line's
        readings: Mapping[str, str] | None = None,
        token: str | None = None,
        client_id: str = "10553",
        port: int = 0,
        latency: float = 0.0,
        home: str = "7",
    ) -> None:
        # The prefix tells it from a real token, and keeps it from beginning with "-" as an option of a command does.
        self.token = token or f"sandbox-{secrets.token_urlsafe(24)}"
        self.latency = latency
        self._initial = plain_codes(open), Readings(readings), latency
        self._account = Account(*self._initial[:2], home=home)
        self._api = Api(self._account, token=self.token, client_id=client_id)
        self._journal = Journal()
        self._faults = faults.Faults()
        self._port = port
        self._server: Server | None = None
        self._stopping = threading.Event()

    # Life

    @property
    def url(self) -> str:
        """Return the base URL; it stays the same when the sandbox is stopped and started again."""
        if not self._port:
            raise RuntimeError("the sandbox has no address before it is started")
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Listen; the sandbox is ready when this returns."""
        if self._server is not None:
            raise RuntimeError(f"the sandbox runs already, at {self.url}")
        self._stopping.clear()
        self._server = Server(self._port, self._respond)
        self._port = self._server.port
        self._server.start()

    def stop(self) -> None:
        """Free the port, also while a call hangs. What is open is kept for the next start."""
        if self._server is None:
            return
        self._stopping.set()
        self._server.stop()
        self._server = None

    def __enter__(self) -> Sandbox:  # noqa: PYI034 - Self is not in typing on 3.10
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # What a test sets

    def set_open(self, codes: Iterable[str | int]) -> None:
        """Make exactly these codes open, as the account's owner would by hand: visible at once, even under R7."""
        self._account.set_open(codes)

    @property
    def readings(self) -> Readings:
        """The readings in force."""
        return self._account.readings

    def set_readings(self, changes: Mapping[str, str]) -> None:
        """Change some of the readings and leave the others; raise ValueError for one that there is not."""
        self._account.readings = self._account.readings.changed(changes)

    def fail_next(
        self,
        n: int = 1,
        fault: str = "status:503",
        *,
        method: str | None = None,
        path: str | None = None,
        skip: int = 0,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> None:
        """Make the next ``n`` calls of this method and path fail, after ``skip`` of them that pass.

        How a ``fault`` is written stands at the head of the module `faults`; anything else raises ValueError. ``body``
        is sent as it is if it is text or bytes, else as JSON.
        """
        self._faults.order(faults.parse(fault, headers=headers, body=body), n=n, method=method, path=path, skip=skip)

    def clear_faults(self) -> None:
        """Let all calls through again."""
        self._faults.clear()

    def clear_requests(self) -> None:
        """Forget the requests seen so far, and how many were in progress at once."""
        self._journal.clear()

    def reset(self) -> None:
        """Return to the state of the constructor: nothing seen, nothing to fail."""
        codes, readings, self.latency = self._initial
        self._account.reset(codes, readings)
        self._faults.clear()
        self._journal.clear()

    # What a test asks

    @property
    def open_codes(self) -> frozenset[str]:
        """What is truly open now, whatever GET shows under R7."""
        return self._account.open_codes

    @property
    def history(self) -> list[Change]:
        """Every change of `open_codes` since the last reset, by the API or by the owner."""
        return self._account.history

    @property
    def requests(self) -> list[Request]:
        """Every request seen, in the order in which they began, without control calls and without tokens."""
        return self._journal.requests()

    def calls(self, method: str | None = None, path: str | None = None) -> int:
        """Count the requests seen, of this method and path."""
        return sum(method in (None, r.method) and path in (None, r.path) for r in self.requests)

    @property
    def pending_faults(self) -> list[dict[str, object]]:
        """The orders of `fail_next` that are not used up."""
        return self._faults.pending()

    @property
    def max_writes_under_way(self) -> int:
        """The largest number of PUT and DELETE calls that were in progress at once."""
        return self._journal.write_peak()

    def max_under_way(self, method: str, path: str) -> int:
        """Return the largest number of calls of one kind that were in progress at once."""
        return self._journal.peak(method, path)

    # How a call is answered

    def _respond(self, call: Call) -> Answer:
        if call.path == control.PREFIX or call.path.startswith(f"{control.PREFIX}/"):
            return control.answer(self, call)
        request = self._journal.begin(call)
        status = None
        try:
            answer = self._play(call, request)
            status = answer.status if answer.delivery in (Delivery.WHOLE, Delivery.TRUNCATED) else None
        finally:
            self._journal.end(request, status)
        return answer

    def _play(self, call: Call, request: Request) -> Answer:
        fault = self._faults.take(call)
        request.fault = str(fault) if fault else None
        if self.latency and self._stopping.wait(self.latency):
            return Answer(503, None, delivery=Delivery.CLOSED)
        return fault.play(call, self._api) if fault else self._api.answer(call)
