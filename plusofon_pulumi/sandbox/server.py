"""The socket: reads calls, puts answers on the wire whole or broken, and can always be stopped."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from .wire import Answer, Call, Delivery, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"

_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            # Where such a body ends is not known, and so neither is where the next request begins.
            self._send(Answer(411, {"message": "Требуется заголовок Content-Length"}), last=True)
            return
        target = urlsplit(self.path)
        call = Call(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
            peer=Peer(self.connection),
        )
        answer = self.server.respond(call)
        if answer.delivery is Delivery.RESET:
            self._reset()
        elif answer.delivery is Delivery.CLOSED:
            self.close_connection = True
        else:
            self._send(answer, last=answer.delivery is Delivery.TRUNCATED)

    # The base class looks a method up by such a name.
    do_GET = do_PUT = do_DELETE = do_POST = do_PATCH = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _send(self, answer: Answer, *, last: bool) -> None:
        self.close_connection = self.close_connection or last
        try:
            self.wfile.write(answer.encode(without_body=self.command == "HEAD"))
        except OSError:  # the client did not wait
            self.close_connection = True

    def _reset(self) -> None:
        """Close the connection with RST: no linger, and the descriptor itself closed, past all of Python's buffers."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
            self.server.forget(self.connection)
            socket.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the journal keeps the requests."""


class Server(ThreadingHTTPServer):
    """A server on loopback; ``respond`` is called in a thread for each connection."""

    request_queue_size = 128

    def __init__(self, port: int, respond: Callable[[Call], Answer]) -> None:
        self.respond = respond
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._thread: threading.Thread | None = None
        super().__init__((HOST, port), _Handler)

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to serve. The port has been listening since the constructor."""
        # The interval is how long stop() may have to wait.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="plusofon-sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Free the port and break all connections, also those with a call under way."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def forget(self, connection: socket.socket) -> None:
        """Drop a connection that is no more ours to shut down."""
        with self._lock:
            self._connections.discard(connection)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's name, which may ask a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.port

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep the connection in sight while it is served."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Let a connection go."""
        self.forget(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up; show anything else, for it is a fault of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
