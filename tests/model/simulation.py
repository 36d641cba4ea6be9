"""Run the provider's methods on a sandbox without sockets, waiting or chance: what happens once happens again.

The client's connections end in `Wire`, which hands each request to the sandbox and gives the answer back, whole or
broken, as the HTTP library would. Time is made up: a pause is over at once, and a call that hangs takes as long as the
client waits for it.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import requests
import urllib3
from pulumi.dynamic import Config, ConfigureRequest
from requests.adapters import HTTPAdapter

from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider, base
from plusofon_pulumi.sandbox import Sandbox, state
from plusofon_pulumi.sandbox.faults import Faults
from plusofon_pulumi.sandbox.server import Answer, Request

ONE = "AllowedDirection"
ALL = "AllowedDirections"
# The catalogue of the simulation: codes with one row, two and many, on more than one page, and quick to read.
CODES = ("1", "7", "36", "44", "53", "58", "420", "972")
# What keeps a call from ever reaching the service, as a fault of the sandbox that looks the same to the client.
UNREACHED = {"refused": "close", "unreachable": "hang"}
# Every way in which a call can fail; a write may take effect all the same.
FAULTS = (
    *UNREACHED,
    *("hang", "hang:after", "reset", "reset:after", "close", "close:after", "truncate", "truncate:after"),
    *("status:429", "status:429:after", "status:502", "status:503", "status:503:after"),
    *("html:502", "html:502:after", "status:504", "status:504:after"),
    *("status:400", "status:401", "status:403", "status:404", "status:422", "status:500", "status:500:after"),
    *("echo:400", "echo:401", "success-false", "success-false:after", "ignore", "expired"),
    *("html:200", "html:200:after", "redirect:https://example.com/"),
)
# Those faults that the client repeats; and one that takes long.
PASSING = (
    *("reset", "reset:after", "close", "close:after", "truncate", "truncate:after", "html:502"),
    *("status:429", "status:503", "status:503:after", "status:504"),
)
HANG = "hang"
# How long one call takes on an idle machine, in made-up seconds.
LATENCY = 0.01
# Whoever looks at the time.
TIMED = ("client", "account.delivery", "account.snapshot", "sandbox.state")


class KilledError(BaseException):
    """The process ends here, as by `kill -9`: nothing that it would do afterwards happens."""


class Clock:
    """Stand in for the module `time`: it moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextlib.contextmanager
def simulated() -> Iterator[Clock]:
    """Let client, account and sandbox live in made-up time, and the client's jitter be the same each time."""
    clock = Clock()
    rows = tuple(row for row in state.catalogue() if row.code in CODES)
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(state, "catalogue", return_value=rows))
        patches.enter_context(mock.patch("plusofon_pulumi.client.random", random.Random(0)))
        # Nobody comes later in a simulation, unless a model says so.
        patches.enter_context(mock.patch("plusofon_pulumi.account.writer.LONGEST_GATHERING", 0))
        for module in TIMED:
            patches.enter_context(mock.patch(f"plusofon_pulumi.{module}.time", clock))
        yield clock


class Wire(HTTPAdapter):
    """Carry requests to a sandbox; ``at`` says what else happens at the n-th request, before it or after it."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.clock = clock
        self.count = 0
        self.at: dict[tuple[int, str], list[Callable[[], object]]] = defaultdict(list)
        self.dead = False
        self._unreached = Faults()
        self._lost: list[tuple[int, Request]] = []

    @property
    def calls(self) -> list[Request]:
        """All calls in order, with those that did not reach the sandbox: their fault says so."""
        made = [*self.sandbox.requests]
        for number, call in reversed(self._lost):
            made.insert(number, call)
        return made

    def fail_next(self, n: int, fault: str, **which: Any) -> None:
        """Make calls fail as `Sandbox.fail_next` does, or on their way to it."""
        if fault in UNREACHED:
            self._unreached.fail_next(n, UNREACHED[fault], **which)
        else:
            self.sandbox.fail_next(n, fault, **which)

    def clear_faults(self) -> None:
        self._unreached.clear_faults()
        self.sandbox.clear_faults()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Let all connections of `requests` end here."""
        with mock.patch.object(requests.Session, "get_adapter", return_value=self):
            yield

    def renew(self) -> None:
        """Let a new process use the wire: requests count from 1."""
        self.count, self.dead = 0, False
        self.at.clear()
        self._lost.clear()

    def kill(self) -> None:
        """End the process."""
        self.dead = True
        raise KilledError

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:
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

    def _answer(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response | Exception:
        url, body = str(request.url), request.body or b""
        headers = {**request.headers, "Host": url.split("/")[2]}
        call = Request.parse(str(request.method), url, headers, body.encode() if isinstance(body, str) else body)
        if unreached := self._unreached.take_fault(call):
            self._lost.append((len(self.sandbox.requests), call))
            return self._never_there(unreached.fault, timeout)
        answer = self.sandbox._respond(call)
        if answer.delivery == "hang":
            self.clock.sleep(timeout[1])
            return requests.ReadTimeout("read timed out")
        if answer.delivery == "close":
            return requests.ConnectionError(http.client.RemoteDisconnected("closed without response"))
        if answer.delivery == "reset":
            gone = ConnectionResetError(104, "Connection reset by peer")
            return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", gone))
        return self.build_response(request, _received(answer))

    def _never_there(self, fault: str, timeout: Any) -> requests.ConnectionError:
        if fault == UNREACHED["unreachable"]:
            self.clock.sleep(timeout[0])
            return requests.ConnectTimeout("connect timed out")
        nobody: Any = None
        refused = urllib3.exceptions.NewConnectionError(nobody, "Connection refused")
        return requests.ConnectionError(urllib3.exceptions.MaxRetryError(nobody, "/", refused))


def _received(answer: Answer) -> urllib3.HTTPResponse:
    """Return an answer as urllib3 gives it: one that was cut short breaks where it ends."""
    content = answer.content
    headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(content))}
    sent = content[: len(content) // 2] if answer.delivery == "truncate" else content
    return urllib3.HTTPResponse(
        io.BytesIO(sent), headers, answer.status, preload_content=False, enforce_content_length=True
    )


class Process:
    """One plugin process: it knows nothing of those before it. ``said`` is what it prints while it is `heard`."""

    def __init__(self, sandbox: Sandbox, *, only_closes: bool = False) -> None:
        base._accounts.clear()  # all that a process remembers
        vars(sys).pop("tracebacklimit", None)
        stack = {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url}
        request = ConfigureRequest(config=Config(raw_config=stack, project_name="test"))
        self.providers: dict[str, base.AccountProvider] = {
            ONE: AllowedDirectionProvider(),
            ALL: AllowedDirectionsProvider(),
        }
        for provider in self.providers.values():
            provider.configure(request)
        self.account = self.providers[ONE].account()
        self.said = io.StringIO()
        self._environment = {"PLUSOFON_CLOSE_ONLY": "1" if only_closes else ""}

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Run in the process's environment, keep what is printed meanwhile, and leave tracebacks as they were."""
        try:
            with contextlib.redirect_stderr(self.said), mock.patch.dict("os.environ", self._environment):
                yield
        finally:
            vars(sys).pop("tracebacklimit", None)

    def call(self, kind: str, method: str, *arguments: Any) -> Any:
        """Call a method of the provider of one kind of resource."""
        return getattr(self.providers[kind], method)(*arguments)


def sandbox_of(**options: Any) -> Sandbox:
    """Return a sandbox that is never started: it needs no more of an address than a name."""
    return Sandbox(port=9, **options)
