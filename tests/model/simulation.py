"""The provider's methods on a sandbox, with no socket, no waiting and no chance: what runs once, runs again the same.

The client's connections end in `Wire`, which hands each request to the sandbox and puts its answer, whole or broken,
before the client as the HTTP library would. Time is made up: a pause is over at once, and a call that hangs takes just
as long as the client waits for it.

with simulated() as clock:
    wire = Wire(sandbox, clock)
    with wire.connected():
        Process(sandbox).call(ONE, "create", {"code": "36"})
"""

from __future__ import annotations

import contextlib
import http.client
import io
import random
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from pulumi.dynamic import Config, ConfigureRequest
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from plusofon_pulumi.account import delivery, shared
from plusofon_pulumi.client import allowance, transport
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider, base
from plusofon_pulumi.sandbox import Sandbox, account, api
from plusofon_pulumi.sandbox.faults import Fault, Faults
from plusofon_pulumi.sandbox.wire import Call, Delivery, Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from plusofon_pulumi.account import Account

ONE = "AllowedDirection"
ALL = "AllowedDirections"
# What the catalogue holds here: codes of one row, of two and of many, on more than one page, and quick to read.
CODES = ("1", "7", "36", "44", "53", "58", "420", "972")
# What keeps a call from ever reaching the service.
UNREACHED = ("refused", "unreachable")
# Every way in which a call can fail; a write may take effect all the same.
FAULTS = (
    *UNREACHED,
    *("hang", "hang:after", "reset", "reset:after", "close", "close:after", "truncate", "truncate:after"),
    *("status:429", "status:429:after", "status:502", "status:503", "status:503:after"),
    *("html:502", "html:502:after", "status:504", "status:504:after"),
    *("status:400", "status:401", "status:403", "status:404", "status:422", "status:500", "status:500:after"),
    *("echo:400", "echo:401", "success-false", "success-false:after", "ignore", "expired"),
    *("html:200", "html:200:after", "garbage", "garbage:after", "huge", "redirect:https://example.com/"),
)
# How long one call of an idle machine takes, in made-up seconds.
LATENCY = 0.01


class KilledError(BaseException):
    """The process ends here, as by `kill -9`: nothing that it would do afterwards happens."""


class Clock:
    """Stand in for the module `time`: it moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the made-up time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@contextlib.contextmanager
def simulated() -> Iterator[Clock]:
    """Let client, account and sandbox live in made-up time, and the client's jitter be the same each time."""
    clock = Clock()
    rows = tuple(row for row in account.catalogue() if row.code in CODES)
    with contextlib.ExitStack() as patches:
        for module in (api, account):
            patches.enter_context(mock.patch.object(module, "catalogue", return_value=rows))
        for module in (transport, allowance, delivery, shared, account):
            patches.enter_context(mock.patch.object(module, "time", clock))
        patches.enter_context(mock.patch.object(transport, "random", random.Random(0)))  # noqa: S311  # no secret
        yield clock


class _Peer(Peer):
    """A client that waits for ever: only its own time-out ends a call that hangs."""

    def __init__(self) -> None:
        self.hung = False

    def gone(self) -> bool:
        return False

    def wait_until_gone(self) -> None:
        self.hung = True


class _Body(io.BytesIO):
    """An answer's body as urllib3 gives it; a truncated one breaks where it ends."""

    def __init__(self, content: bytes, *, truncated: bool) -> None:
        super().__init__(content)
        self._truncated = truncated

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if not chunk and self._truncated:
            broken = http.client.IncompleteRead(b"", 1)
            raise urllib3.exceptions.ProtocolError("Connection broken", broken)
        return chunk


class Wire(BaseAdapter):
    """Carry requests to a sandbox; ``at`` says what else happens at the n-th request, before it or after it."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.clock = clock
        self.count = 0
        self.at: dict[tuple[int, str], list[Callable[[], object]]] = defaultdict(list)
        self.dead = False
        self._unreached = Faults()
        self.lost: list[tuple[int, str, str]] = []
        """Calls that did not reach the sandbox: after how many that did, the method, the path."""

    def fail_next(self, n: int, fault: str, **which: Any) -> None:
        """Make calls fail as `Sandbox.fail_next` does, or on their way to it."""
        if fault in UNREACHED:
            self._unreached.order(Fault(fault), n=n, **{"method": None, "path": None, "skip": 0, **which})
        else:
            self.sandbox.fail_next(n, fault, **which)

    def clear_faults(self) -> None:
        """Let all calls pass again."""
        self._unreached.clear()
        self.sandbox.clear_faults()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Let all of the client's connections end here."""
        with mock.patch.object(transport._Session, "get_adapter", return_value=self):  # noqa: SLF001  # the seam
            yield

    def renew(self) -> None:
        """Let a new process use the wire: requests count from 1."""
        self.count, self.dead = 0, False
        self.at.clear()
        self.lost.clear()

    def kill(self) -> None:
        """End the process."""
        self.dead = True
        raise KilledError

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:
        """Make one request."""
        if self.dead:
            raise KilledError
        self.count += 1
        number = self.count
        self.clock.sleep(LATENCY)
        for act in self.at[number, "before"]:
            act()
        response = self._answer(request, timeout)
        for act in self.at[number, "after"]:
            act()
        if isinstance(response, Exception):
            raise response
        return response

    def close(self) -> None:
        """Close nothing."""

    def _answer(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response | Exception:
        target = urlsplit(request.url or "")
        headers = {name.lower(): str(value) for name, value in request.headers.items()} | {"host": target.netloc}
        body = request.body or b""
        peer = _Peer()
        call = Call(
            method=request.method or "",
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=headers,
            body=body.encode() if isinstance(body, str) else body,
            peer=peer,
        )
        unreached = self._unreached.take(call)
        if unreached is not None:
            self.lost.append((len(self.sandbox.requests), call.method, call.path))
            return self._never_there(unreached.kind, timeout)
        answer = self.sandbox._respond(call)  # noqa: SLF001  # what its server calls
        if peer.hung:
            self.clock.sleep(timeout[1])
            return requests.ReadTimeout("read timed out")
        if answer.delivery in (Delivery.RESET, Delivery.CLOSED):
            gone = ConnectionResetError(104, "Connection reset by peer")
            if answer.delivery is Delivery.CLOSED:
                return requests.ConnectionError(http.client.RemoteDisconnected("closed without response"))
            return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", gone))
        return _response(request, answer.status, answer.headers, _content(answer.encode()), answer.delivery)

    def _never_there(self, kind: str, timeout: Any) -> requests.ConnectionError:
        if kind == "unreachable":
            self.clock.sleep(timeout[0])
            return requests.ConnectTimeout("connect timed out")
        nobody: Any = None
        refused = urllib3.exceptions.NewConnectionError(nobody, "Connection refused")
        return requests.ConnectionError(urllib3.exceptions.MaxRetryError(nobody, "/", refused))


def _content(encoded: bytes) -> bytes:
    return encoded.partition(b"\r\n\r\n")[2]


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], content: bytes, way: Delivery
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = _Body(content, truncated=way is Delivery.TRUNCATED)
    response.request = request
    response.url = request.url or ""
    return response


class Process:
    """One plugin process: it knows nothing of those before it. ``said`` is what it prints while it is `heard`."""

    def __init__(self, sandbox: Sandbox, config: Mapping[str, Any] | None = None) -> None:
        base._accounts.clear()  # noqa: SLF001  # all that a process remembers
        vars(sys).pop("tracebacklimit", None)
        stack = {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url, **(config or {})}
        request = ConfigureRequest(config=Config(raw_config=stack, project_name="test"))
        self.providers: dict[str, base.AccountProvider] = {
            ONE: AllowedDirectionProvider(),
            ALL: AllowedDirectionsProvider(),
        }
        for provider in self.providers.values():
            provider.configure(request)
        self.said = io.StringIO()

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Keep what is printed meanwhile, and leave tracebacks as they were."""
        try:
            with contextlib.redirect_stderr(self.said):
                yield
        finally:
            vars(sys).pop("tracebacklimit", None)

    def call(self, kind: str, method: str, *arguments: Any) -> Any:
        """Call a method of the provider of one kind of resource."""
        return getattr(self.providers[kind], method)(*arguments)

    @property
    def account(self) -> Account:
        """Return what the process knows of the account."""
        return self.providers[ONE].account()


def sandbox_of(**options: Any) -> Sandbox:
    """Return a sandbox that is never started: it needs no more of an address than a name."""
    return Sandbox(port=9, **options)
