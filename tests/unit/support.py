"""What the tests in this process share: a clock without waiting, accounts, raw answers, threads that are seen."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

import pytest
from pulumi.runtime import rpc

from plusofon_pulumi.account import Account
from plusofon_pulumi.client import PlusofonClient, allowance, transport
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.sandbox import READINGS, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from plusofon_pulumi.settings import Settings
from tests.waiting import PATIENCE
from tests.model import simulation

T = TypeVar("T")

TOKEN = "a-token-of-the-tests"

# What the host adds to every set of properties.
PAYLOAD = {"__provider": "gASV…"}
UNKNOWN = rpc.deserialize_property(rpc.UNKNOWN, keep_unknowns=True)

IDS: dict[str, list[str]] = {}
for _row in catalogue():
    IDS.setdefault(_row.code, []).append(_row.id)

MANY_CODES = sorted(IDS, key=int)[:40]
"""Codes that fill more than two pages."""


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
    """Let the client live in another time."""
    for module in (transport, allowance):
        monkeypatch.setattr(module, "time", fake)


@contextlib.contextmanager
def sandbox_for(fault: str, **options: Any) -> Iterator[Sandbox]:
    """Give a sandbox at a socket; for calls that hang one without, in made-up time.

    A time-out that a test can wait for may be over before a busy machine has let the sandbox see the call.
    """
    if fault.startswith("hang"):
        with simulation.simulated() as clock:
            sandbox = simulation.sandbox_of(**options)
            with simulation.Wire(sandbox, clock).connected():
                yield sandbox
    else:
        with Sandbox(**options) as sandbox:
            yield sandbox


def settings_of(sandbox: Sandbox) -> Settings:
    return Settings(sandbox.token, base_url=sandbox.url)


def account_of(sandbox: Sandbox) -> Account:
    return Account(settings_of(sandbox))


@contextlib.contextmanager
def client_at(url: str, token: str = TOKEN) -> Iterator[PlusofonClient]:
    client = PlusofonClient(Settings(token, base_url=url))
    try:
        yield client
    finally:
        client.close()


@contextlib.contextmanager
def client_of(sandbox: Sandbox) -> Iterator[PlusofonClient]:
    with client_at(sandbox.url, sandbox.token) as client:
        yield client


class Wire:
    """A server on loopback that puts on the wire what a test says: no HTTP of its own.

    ``answer`` gets the connection and the request, of which ``until`` has come; afterwards the connection is closed.
    """

    def __init__(self, answer: Callable[[socket.socket, bytes], object], until: bytes = b"\r\n\r\n") -> None:
        self._answer = answer
        self._until = until
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Wire:  # noqa: PYI034  # Self is not in typing on 3.10
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):  # an accept under way is not ended by a close
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while self._until not in request:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                request += chunk
            self.requests.append(request)
            self._answer(connection, request)


def raw(answer: bytes) -> Callable[[socket.socket, bytes], object]:
    """Answer every request with these bytes."""
    return lambda connection, _: connection.sendall(answer)


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """Hold a port that nobody listens on: connections are refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class ToldCondition(threading.Condition):
    """A condition that tells when a thread begins to wait."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self._begun.release()
        return super().wait(timeout)

    def await_waiters(self, count: int) -> None:
        """Return once ``count`` more waits have begun, and the waiters let go of the lock."""
        for _ in range(count):
            assert self._begun.acquire(timeout=PATIENCE)
        with self:
            pass


def start(function: Callable[[], T]) -> Future[T]:
    """Run a function in a thread of its own."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:  # noqa: BLE001  # handed to the test
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def came(outcome: Future[T]) -> T:
    return outcome.result(PATIENCE)


def failed(outcome: Future[T]) -> BaseException:
    error = outcome.exception(PATIENCE)
    assert error is not None
    return error


def error_of(act: Callable[[], object]) -> PlusofonError:
    with pytest.raises(PlusofonError) as caught:
        act()
    return caught.value


_EVERY: list[dict[str, str]] = [{name: value} for name, reading in READINGS.items() for value in reading.values]
# Each reading by itself, and some that make each other worse. "late" and "foreign" need tests of their own.
READINGS_TO_TRY = [
    *(reading for reading in _EVERY if reading not in ({"R7": "late"}, {"R14": "foreign"})),
    {"R7": "0.2"},
    {"R4": "404", "R12": "numbers"},
    {"R4": "404", "R12": "strings", "R2": "number"},
    {"R4": "400", "R12": "numbers", "R3": "array", "R1": "[]"},
    {"R5": "400", "R10": "good", "R13": "each"},
    {"R5": "400", "R10": "all", "R13": "each", "R4": "400"},
    {"R6": "ignored", "R8": "no", "R1": "null", "R14": "meta"},
    {"R7": "0.2", "R4": "404", "R5": "400", "R13": "each", "R12": "numbers", "R2": "string"},
    {"R11": "always", "R4": "404", "R10": "good"},
    {"R2": "number", "R14": "nested", "R3": "array"},
]
