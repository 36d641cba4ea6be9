"""What passes between the socket and the rest: a call that came in, and the answer that goes out."""

from __future__ import annotations

import json
import select
import socket
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITES = frozenset({"PUT", "DELETE"})

#: Statuses after which a client expects the next answer at once.
_BODILESS = frozenset({204, 304})


class Delivery(Enum):
    """How an answer is put on the wire."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    CLOSED = "closed"
    RESET = "reset"


class Peer:
    """The other end of a connection, watched from the side."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def gone(self) -> bool:
        """Tell whether the client has hung up."""
        try:
            readable, _, _ = select.select([self._connection], [], [], 0)
            return bool(readable) and not self._connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):  # reset by the client, or closed by our own side
            return True

    def wait_until_gone(self) -> None:
        """Wait for the client to give up, or for the server to shut the connection down."""
        try:
            self._connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return


@dataclass(frozen=True)
class Call:
    """One HTTP request, read to its end. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: Peer

    @property
    def writes(self) -> bool:
        """Tell whether the call would change what is open."""
        return self.method in WRITES


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: ``body`` as it stands if it is bytes, else as JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE

    def encode(self, *, without_body: bool = False) -> bytes:
        """Write the answer as bytes: one piece, so that it is one send."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()
        if self.status in _BODILESS:
            body = b""
        headers = {"Content-Type": "application/json", **self.headers, "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", *(f"{k}: {v}" for k, v in headers.items())]
        if self.delivery is Delivery.TRUNCATED:
            body = body[: len(body) // 2]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if without_body else body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
