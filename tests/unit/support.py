"""What the tests in this process share: made-up time, an account and what it shows, raw answers, threads."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
import requests
from pulumi.runtime import rpc
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from plusofon_pulumi import client
from plusofon_pulumi.account import Account, delivery, snapshot
from plusofon_pulumi.cli import doctor
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Direction, by_code
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.provider import base
from plusofon_pulumi.sandbox import CATALOGUE_PATH, Sandbox, state
from plusofon_pulumi.settings import Settings
from tests.waiting import PATIENCE

T = TypeVar("T")

TOKEN = "a-token-of-the-tests"

# What the host adds to every set of properties.
PAYLOAD = {"__provider": "gASV…"}
UNKNOWN = rpc.deserialize_property(rpc.UNKNOWN, keep_unknowns=True)

DIRECTIONS = by_code(Direction(row.code, row.name, row.english_name) for row in state.catalogue())
ALL_CODES = sorted(DIRECTIONS)
IDS = {code: [row.id for row in state.catalogue() if row.code == code] for code in ALL_CODES}


class FakeTime:
    """Stand in for the module `time`: a sleep is noted, and over at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def set_time(monkeypatch: pytest.MonkeyPatch, fake: object) -> None:
    """Let the client, the account, the doctor and a sandbox live in another time."""
    for module in (client, delivery, snapshot, state, doctor, base):
        monkeypatch.setattr(module, "time", fake)


def calls(sandbox: Sandbox) -> list[str]:
    """Return the calls that a sandbox has seen since the last time."""
    seen = ["catalogue" if each.path == CATALOGUE_PATH else each.method for each in sandbox.requests]
    sandbox.clear_requests()
    return seen


@dataclass
class Process:
    """The account of a sandbox as one process knows it, and what it has shown."""

    sandbox: Sandbox
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account = Account(client_of(self.sandbox).settings)

    def claim(self, *codes: str) -> None:
        for code in codes:
            assert self.account.claims.claim_single(code) is None

    def open(self, code: str) -> Direction:
        return self.account.open(code, self.lines.append)

    def close(self, *codes: str) -> None:
        self.account.close(codes, self.lines.append)

    def exactly(self, *codes: str) -> None:
        self.account.make_exactly(frozenset(codes), self.lines.append)

    def together(self, *acts: Callable[[], T]) -> list[BaseException | None]:
        """Let acts go out as one batch; return what each raised."""
        self.account.writer.expected_callers = len(acts)
        return [outcome.exception(PATIENCE) for outcome in [start(act) for act in acts]]


def inputs(*codes: Any, on_destroy: Any = "retain") -> dict[str, Any]:
    """Return the inputs of a whole list."""
    return {"codes": list(codes), "on_destroy": on_destroy, **PAYLOAD}


def outputs(*codes: str, on_destroy: str = "retain") -> dict[str, Any]:
    """Return what state holds of a whole list, but for the host's own."""
    directions = [DIRECTIONS[code].as_outputs() for code in codes]
    return {"codes": list(codes), "directions": directions, "on_destroy": on_destroy}


def client_of(sandbox: Sandbox) -> PlusofonClient:
    return PlusofonClient(Settings(sandbox.token, base_url=sandbox.url))


class Wire:
    """A server on loopback that answers each connection with bytes, or by what gets it; then it hangs up."""

    def __init__(self, answer: bytes | Callable[[socket.socket], object]) -> None:
        heads: list[bytes] = []
        act = answer if callable(answer) else lambda connection: connection.sendall(answer)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    head = b""
                    while b"\r\n\r\n" not in head and (chunk := self.request.recv(65536)):
                        head += chunk
                    if head:
                        heads.append(head)
                        act(self.request)

        self.requests = heads
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.client = PlusofonClient(Settings(TOKEN, base_url=f"http://127.0.0.1:{self._server.server_address[1]}"))

    def __enter__(self) -> Wire:  # noqa: PYI034  # Self is not in typing on 3.10
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def start(function: Callable[..., T], *arguments: Any) -> Future[T]:
    """Run a function in a thread that does not keep the tests from ending if it hangs."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001  # handed to the test
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def after(act: Callable[[], object], function: Callable[..., T]) -> Callable[..., T]:
    """Return a function before each call of which something else happens."""

    def both(*arguments: Any) -> T:
        act()
        return function(*arguments)

    return both


def error_of(act: Callable[[], object]) -> PlusofonError:
    with pytest.raises(PlusofonError) as caught:
        act()
    return caught.value


# A client whose network is made up: each request gets the next of the answers, and the last one from then on.
URL = "https://api.example"
OURS = Settings(TOKEN, base_url=URL)


@dataclass
class Answer:
    """A status and a body: bytes as they are, anything else as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Network(BaseAdapter):
    """Hand out answers, or raise what is an exception; note what was sent, and how."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        super().__init__()
        self._answers = answers
        self.sent: list[requests.PreparedRequest] = []
        self.options: list[Mapping[str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        self.options.append(options)
        answer = self._answers[min(len(self.sent), len(self._answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode())
        return response

    def close(self) -> None: ...


def client_over(
    *answers: Answer | BaseException, settings: Settings = OURS, **more: Any
) -> tuple[PlusofonClient, Network]:
    client, network = PlusofonClient(settings, **more), Network(*answers)
    for scheme in ("https://", "http://"):
        client._session.mount(scheme, network)
    return client, network


def get(*answers: Answer | BaseException, settings: Settings = OURS) -> PlusofonError:
    """Return the error that the list of open directions ends with."""
    return error_of(client_over(*answers, settings=settings)[0].get_allowed_directions)


def put(*answers: Answer | BaseException) -> PlusofonError:
    """Return the error that a write ends with."""
    return error_of(lambda: client_over(*answers)[0].allow_directions(["11"]))
