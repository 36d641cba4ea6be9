"""A local sandbox of the Plusofon direction API, in memory, on loopback.

It simulates each reading of what the API's description leaves open (`readings`), and fails on request (`faults`).
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping

from . import api, control
from .api import ALLOWED_PATH, CATALOGUE_PATH
from .faults import Faults
from .readings import READINGS, Readings
from .server import HOST, Answer, Request, Server
from .state import Account, Change, Codes

__all__ = ["ALLOWED_PATH", "CATALOGUE_PATH", "READINGS", "Change", "Request", "Sandbox"]


class Sandbox(Account, Faults):
    """Serve one account on 127.0.0.1, in a ``with`` block or from `start` to `stop`.

    ``open``: the calling codes that are open at first; ``home``: the home direction of R11. ``readings``: those that
    differ from the defaults, such as ``{"R4": "404"}``. ``token``: the accepted token (default: a random one).
    ``client_id``: the ``Client`` header that every call must have. ``latency``: the seconds before a call takes effect.
    """

    def __init__(
        self,
        *,
        open: Codes = (),  # noqa: A002 - the field's word, and the command line's
        readings: Mapping[str, str] | None = None,
        token: str | None = None,
        client_id: str = "10553",
        port: int = 0,
        latency: float = 0.0,
        home: str = "7",
    ) -> None:
        self._initial = list(open), Readings(readings), latency
        Account.__init__(self, home=home)
        Faults.__init__(self)
        # Without the prefix it might begin with "-", which command lines take for an option.
        self.token = token or f"sandbox-{secrets.token_urlsafe(24)}"
        self.client_id = client_id
        #: Keys that are added to every good answer.
        self.extra: dict[str, object] = {}
        #: Every request seen, in order, without control calls and without tokens.
        self.requests: list[Request] = []
        self._served: Counter[str] = Counter()
        self._acts: defaultdict[tuple[str, str, int], list[tuple[Codes, Codes]]] = defaultdict(list)
        self._port = port
        self._server: Server | None = None
        self._stopping = threading.Event()
        self.reset()

    @property
    def url(self) -> str:
        """The base URL; it stays the same when the sandbox is stopped and started again."""
        if not self._port:
            raise RuntimeError("the sandbox has no address before it is started")
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Start listening; the sandbox is ready when this returns."""
        self._stopping.clear()
        self._server = Server(self._port, self._respond)
        self._port = self._server.server_port

    def stop(self) -> None:
        """Free the port, even while a call hangs. Open codes stay open for the next start."""
        if self._server is not None:
            self._stopping.set()
            self._server.stop()
            self._server = None

    def __enter__(self) -> Sandbox:  # noqa: PYI034 - Self is not in typing on 3.10
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Return to the initial state: no requests seen, no faults to come."""
        codes, self.readings, self.latency = self._initial
        self.set_open(codes)
        self.history, self.extra = [], {}
        self._acts.clear()
        self.clear_faults()
        self.clear_requests()

    def owner_acts(
        self, *, opens: Codes = (), closes: Codes = (), method: str = "PUT", when: str = "after", n: int = 1
    ) -> None:
        """Let the owner open and close codes right "before" or "after" the n-th next call of a method takes effect.

        The change is visible at once, and the call is answered after it. Calls that fail count, too.
        """
        self._acts[method, when, self._served[method] + n].append((opens, closes))

    def _let_owner_act(self, method: str, when: str, number: int) -> None:
        for opens, closes in self._acts.pop((method, when, number), ()):
            with self._lock:
                self.set_open((self.open_codes | set(map(str, opens))) - set(map(str, closes)))

    def calls(self, method: str | None = None, path: str | None = None) -> int:
        """Count the requests seen, of this method and path."""
        return sum(method in (None, each.method) and path in (None, each.path) for each in self.requests)

    def clear_requests(self) -> None:
        """Forget the requests seen so far."""
        with self._lock:
            self.requests = []

    def _respond(self, call: Request) -> Answer:
        if call.path.startswith(control.PREFIX):
            return control.answer(self, call)
        with self._lock:
            self.requests = [*self.requests, call]
        fault = self.take_fault(call)
        if self._stopping.wait(self.latency):
            return Answer(503, None, delivery="close")
        with self._lock:
            self._served[call.method] += 1
            number = self._served[call.method]
        self._let_owner_act(call.method, "before", number)
        answer = fault.answer(self, call) if fault else api.answer(self, call)
        self._let_owner_act(call.method, "after", number)
        call.status = answer.status if answer.delivery in ("whole", "truncate") else None
        return answer
