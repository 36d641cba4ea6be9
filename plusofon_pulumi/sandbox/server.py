"""The socket: reads calls, sends answers whole or broken, and can be stopped at any time."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"


@dataclass(eq=False)
class Request:
    """One HTTP request, under way from ``began`` to ``ended``.

    ``body``: decoded. ``headers``: without the token. ``status``: of the answer, None if none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: dict[str, str]
    body: object = None
    authorization: str = field(default="", repr=False)
    status: int | None = None
    fault: str | None = None
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @classmethod
    def parse(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
        """Read a request."""
        target = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        decoded: object = body.decode(errors="replace") or None
        with contextlib.suppress(ValueError):
            decoded = json.loads(body)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        return cls(method, target.path, query, lower, decoded, lower.pop("authorization", ""))


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. ``delivery``: "whole", or how it breaks: "truncate", "close", "reset", "hang"."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: str = "whole"

    @property
    def content(self) -> bytes:
        """The body as it is sent: text as it is, anything else as a line of JSON."""
        if self.status in (204, 304):
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False) + "\n"
        return text.encode()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one send for each answer
    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request.parse(self.command, self.path, dict(self.headers), body)
        answer = self.server.respond(request)
        if answer.delivery == "hang":  # until the client gives up, or the server stops
            with contextlib.suppress(OSError, ValueError):
                select.select([self.connection], [], [])
        # Before the answer is sent: the client may begin its next call at once.
        request.ended = time.monotonic()
        self.close_connection = self.close_connection or answer.delivery != "whole"
        if answer.delivery == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.delivery in ("whole", "truncate"):
            content = answer.content
            self.send_response(answer.status)
            own = {"Content-Type": "application/json", "Content-Length": len(content)}
            for name, value in {**own, **answer.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if answer.delivery == "truncate" else content)

    do_GET = do_PUT = do_DELETE = do_POST = _serve  # noqa: N815 - what the base class looks for

    def log_message(self, *_: Any) -> None:
        """Log nothing: the sandbox keeps the requests."""


class Server(ThreadingHTTPServer):
    """A server on loopback that calls ``respond`` in a thread for each connection."""

    request_queue_size = 128

    def __init__(self, port: int, respond: Callable[[Request], Answer]) -> None:
        self.respond = respond
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)
        # The interval is how long stop() may have to wait.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="plusofon-sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Free the port and break all connections, also those with a call under way."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def server_bind(self) -> None:
        """Bind without the base class's lookup of the host name, which may wait for DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it is served."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection without the base class's shutdown(), which would turn a reset into a normal end."""
        self._connections.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up; show anything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
