"""The control plane: what a test or a curious user tells the sandbox over HTTP, under ``/_sandbox/``.

Each route calls what the Python methods of `Sandbox` call.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .wire import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import Sandbox

PREFIX = "/_sandbox"

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_FAIL_KEYS = frozenset({"n", "fault", "method", "path", "skip", "headers", "body"})


class _BadBodyError(ValueError):
    """A control call's body that cannot be read."""


def answer(sandbox: Sandbox, call: Call) -> Answer:
    """Do what a control call asks."""
    host = call.headers.get("host", "").rpartition(":")[0] or call.headers.get("host", "")
    if host not in _LOOPBACK:  # a web page whose name was made to point here
        return Answer(403, {"message": f"the control plane is for loopback only, not for {host!r}"})
    methods = _ROUTES.get(call.path)
    if methods is None:
        return Answer(404, {"message": f"there is {', '.join(_ROUTES)}"})
    act = methods.get(call.method)
    if act is None:
        return Answer(405, {"message": f"{call.path} takes {', '.join(methods)}"}, {"Allow": ", ".join(methods)})
    try:
        return Answer(200, act(sandbox, _body(call)))
    except ValueError as error:
        return Answer(400, {"message": str(error)})


def _body(call: Call) -> dict[str, Any]:
    if not call.body:
        return {}
    try:
        body = json.loads(call.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _BadBodyError("the body is a JSON object")
    return body


def _state(sandbox: Sandbox, _: dict[str, Any] | None = None) -> object:
    return {
        "open": sorted(sandbox.open_codes, key=int),
        "readings": dict(sandbox.readings),
        "history": [change._asdict() for change in sandbox.history],
        "faults": sandbox.pending_faults,
        "max_writes_under_way": sandbox.max_writes_under_way,
    }


def _requests(sandbox: Sandbox, _: dict[str, Any]) -> object:
    return {"requests": [asdict(request) for request in sandbox.requests]}


def _clear_requests(sandbox: Sandbox, _: dict[str, Any]) -> object:
    sandbox.clear_requests()
    return {"requests": []}


def _reset(sandbox: Sandbox, _: dict[str, Any]) -> object:
    sandbox.reset()
    return _state(sandbox)


def _set_open(sandbox: Sandbox, body: dict[str, Any]) -> object:
    if not isinstance(body.get("codes"), list):
        raise _BadBodyError('the body is {"codes": [...]}')
    sandbox.set_open(body["codes"])
    return _state(sandbox)


def _set_readings(sandbox: Sandbox, body: dict[str, Any]) -> object:
    sandbox.set_readings(body)
    return _state(sandbox)


def _fail(sandbox: Sandbox, body: dict[str, Any]) -> object:
    if unknown := body.keys() - _FAIL_KEYS:
        raise ValueError(f"no key is called {min(unknown)!r}; there are {', '.join(sorted(_FAIL_KEYS))}")
    sandbox.fail_next(**body)
    return _state(sandbox)


def _clear_faults(sandbox: Sandbox, _: dict[str, Any]) -> object:
    sandbox.clear_faults()
    return _state(sandbox)


_ROUTES: dict[str, dict[str, Callable[[Sandbox, dict[str, Any]], object]]] = {
    f"{PREFIX}/state": {"GET": _state},
    f"{PREFIX}/requests": {"GET": _requests, "DELETE": _clear_requests},
    f"{PREFIX}/reset": {"POST": _reset},
    f"{PREFIX}/open": {"PUT": _set_open},
    f"{PREFIX}/readings": {"PUT": _set_readings},
    f"{PREFIX}/fail": {"POST": _fail, "DELETE": _clear_faults},
}
