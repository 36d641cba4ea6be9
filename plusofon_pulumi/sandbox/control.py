"""The control plane: the methods of `Sandbox` over HTTP, under ``/_sandbox/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .server import Answer, Request

if TYPE_CHECKING:
    from . import Sandbox

PREFIX = "/_sandbox/"

_SHOWN = ("method", "path", "query", "headers", "body", "status", "fault")

#: Each control call and the method that it calls, with the body as its arguments; "" if it only shows something.
_CALLS = {
    "GET state": "",
    "PUT open": "set_open",
    "PUT readings": "set_readings",
    "POST fail": "fail_next",
    "DELETE fail": "clear_faults",
    "GET requests": "",
    "DELETE requests": "clear_requests",
    "POST reset": "reset",
}


def answer(sandbox: Sandbox, call: Request) -> Answer:
    """Carry out a control call; answer with the requests seen, or with the state."""
    host = call.headers.get("host", "").partition(":")[0]
    if host not in ("127.0.0.1", "localhost"):  # DNS rebinding: a web page's host name points here
        return Answer(403, {"message": f"the control plane is for loopback only, not for {host!r}"})
    name = call.path.removeprefix(PREFIX)
    method = _CALLS.get(f"{call.method} {name}")
    if method is None:
        return Answer(404, {"message": f"under {PREFIX} there are {', '.join(_CALLS)}"})
    body: Any = {} if call.body is None else call.body
    try:
        if method:
            getattr(sandbox, method)(**({"changes": body} if name == "readings" else body))
    except (TypeError, ValueError) as error:
        return Answer(400, {"message": str(error)})
    if name == "requests":
        return Answer(200, {"requests": [{key: getattr(each, key) for key in _SHOWN} for each in sandbox.requests]})
    state = {
        "open": sorted(sandbox.open_codes, key=int),
        "readings": sandbox.readings,
        "history": [change._asdict() for change in sandbox.history],
    }
    return Answer(200, state)
