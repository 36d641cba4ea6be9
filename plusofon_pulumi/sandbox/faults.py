"""Faults: calls that are made to fail on purpose, and in which way.

A fault is written ``kind``, ``kind:argument``, and with ``:after`` at its end if the call first takes effect:

    status:503      this status, with a JSON body of the API's kind; also ``status:503:after``
    html:502        an HTML page; any status, 502 if none is given
    hang            no answer until the client gives up or the sandbox stops
    reset           the connection is reset (RST)
    close           the connection is closed without an answer
    truncate        half of a good answer under a Content-Length for the whole, then the connection is closed
    ignore          a write that answers success and changes nothing
    expired         what a wrong token is answered with, as R9 says
    redirect:URL    a redirect, status 302
    echo:401        a message that quotes the Authorization header; any status, 400 if none is given
    success-false   status 200 with ``success: false`` and a message
    garbage         status 200 with bytes that are not JSON
    huge            a good answer of more than 5 MiB
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .api import ALLOWED_PATH, CATALOGUE_PATH, Api
from .wire import WRITES, Answer, Call, Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

AFTER = ":after"

#: Kinds that put nothing of an answer on the wire.
_SILENT = frozenset({"hang", "reset", "close"})

#: Kinds in which a write never takes effect.
_IDLE = frozenset({"ignore", "expired"})

_WORDS = {400: "Неверный параметр", 404: "Не найдено", 429: "Слишком много запросов", 500: "Нет доступа"}

_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>\n"

_HUGE = 6 * 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """One way to fail; ``headers`` and ``body``, where given, take the place of the fault's own."""

    kind: str
    argument: str = ""
    after: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def __str__(self) -> str:
        return self.kind + (f":{self.argument}" if self.argument else "") + (AFTER if self.after else "")

    def play(self, call: Call, api: Api) -> Answer:
        """Let the call take effect if it should, and answer amiss."""
        if self.kind == "expired":
            good = api.answer(replace(call, headers={**call.headers, "authorization": "Bearer expired"}))
        else:
            # A read has no effect, so its good answer is at hand for a fault to spoil.
            good = api.answer(call) if self.after or not call.writes else api.good()
        answer = _KINDS[self.kind].spoil(self.argument, call, good)
        body = answer.body if self.body is None else self.body
        if isinstance(body, str):
            body = body.encode()
        return replace(answer, headers={**answer.headers, **self.headers}, body=body)


def _status(argument: str, _: Call, __: Answer) -> Answer:
    words = _WORDS.get(int(argument), "Сервис временно недоступен")
    return Answer(int(argument), {"error" if argument == "404" else "message": words})


def _html(argument: str, _: Call, __: Answer) -> Answer:
    page = _PAGE.format(f"{argument} Технические работы")
    return Answer(int(argument), page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _hang(_: str, call: Call, good: Answer) -> Answer:
    call.peer.wait_until_gone()
    return replace(good, delivery=Delivery.CLOSED)


def _reset(_: str, __: Call, good: Answer) -> Answer:
    return replace(good, delivery=Delivery.RESET)


def _close(_: str, __: Call, good: Answer) -> Answer:
    return replace(good, delivery=Delivery.CLOSED)


def _truncate(_: str, __: Call, good: Answer) -> Answer:
    return replace(good, delivery=Delivery.TRUNCATED)


def _pass_on(_: str, __: Call, good: Answer) -> Answer:
    return good


def _redirect(argument: str, _: Call, __: Answer) -> Answer:
    return Answer(302, b"", {"Location": argument})


def _echo(argument: str, call: Call, _: Answer) -> Answer:
    return Answer(int(argument), {"message": f"Неверный заголовок: {call.headers.get('authorization', '')}"})


def _success_false(_: str, __: Call, ___: Answer) -> Answer:
    return Answer(200, {"success": False, "message": "Операция не выполнена"})


def _garbage(_: str, __: Call, ___: Answer) -> Answer:
    return Answer(200, b'{"success": tru\xff\x00')


def _huge(_: str, __: Call, good: Answer) -> Answer:
    fields = good.body if isinstance(good.body, dict) else {}
    return replace(good, body={**fields, "padding": "x" * _HUGE})


@dataclass(frozen=True)
class _Kind:
    """What a fault's first word means; ``argument`` stands if none is given, and None means that it takes none."""

    spoil: Callable[[str, Call, Answer], Answer]
    argument: str | None = None


_KINDS = {
    "status": _Kind(_status, "503"),
    "html": _Kind(_html, "502"),
    "hang": _Kind(_hang),
    "reset": _Kind(_reset),
    "close": _Kind(_close),
    "truncate": _Kind(_truncate),
    "ignore": _Kind(_pass_on),
    "expired": _Kind(_pass_on),
    "redirect": _Kind(_redirect, ""),
    "echo": _Kind(_echo, "400"),
    "success-false": _Kind(_success_false),
    "garbage": _Kind(_garbage),
    "huge": _Kind(_huge),
}


def parse(text: str, *, headers: Mapping[str, str] | None = None, body: object = None) -> Fault:
    """Read a fault as it is written at the head of this module."""
    _demand(isinstance(text, str), f"a fault is text, as status:503, not {text!r}")
    rest = text.removesuffix(AFTER)
    after = rest != text
    kind, colon, argument = rest.partition(":")
    _demand(kind in _KINDS, f"no fault is called {kind!r}; there are {', '.join(_KINDS)}")
    default = _KINDS[kind].argument
    _demand(not colon or default is not None, f"the fault {kind!r} takes no argument but {AFTER!r}, not {text!r}")
    argument = argument or default or ""
    _demand(kind != "redirect" or bool(argument), "the fault 'redirect' is written redirect:URL")
    if default:
        fits = argument.isascii() and argument.isdigit() and 200 <= int(argument) <= 599
        _demand(fits, f"the fault {kind!r} takes a status from 200 to 599, not {argument!r}")
    _demand(not (kind in _IDLE and after), f"the fault {kind!r} never takes effect, so it has no {AFTER!r}")
    headers = {} if headers is None else headers
    _demand(_are_headers(headers), f"headers map names to texts, not {headers!r}")
    unsent = kind in _SILENT and (headers or body is not None)
    _demand(not unsent, f"the fault {kind!r} sends no answer, so it takes no headers and no body")
    return Fault(kind, argument, after, dict(headers), body)


def _are_headers(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair)


def _demand(holds: bool, words: str) -> None:
    if not holds:
        raise ValueError(words)


@dataclass
class _Plan:
    """What is still to fail of one order."""

    fault: Fault
    left: int
    method: str | None
    path: str | None
    skip: int

    def covers(self, call: Call) -> bool:
        """Tell whether this plan is about such calls."""
        if self.fault.kind == "ignore" and not call.writes:
            return False
        return self.method in (None, call.method) and self.path in (None, call.path)


class Faults:
    """The faults that are still to come.

    A call is shown to each order in turn, oldest first: one that is still to skip such calls counts it and passes it
    on, the first other one that covers it takes it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []

    def order(self, fault: Fault, *, n: int, method: str | None, path: str | None, skip: int) -> None:
        """Make the next ``n`` such calls fail, after ``skip`` that pass."""
        _demand(_is_count(n, least=1), f"n is a number of calls, 1 or more, not {n!r}")
        _demand(_is_count(skip, least=0), f"skip is a number of calls, 0 or more, not {skip!r}")
        _demand(method in (None, "GET", *WRITES), f"method is GET, PUT or DELETE, not {method!r}")
        paths = (ALLOWED_PATH, CATALOGUE_PATH)
        _demand(path in (None, *paths), f"path is {' or '.join(paths)}, not {path!r}")
        with self._lock:
            self._plans.append(_Plan(fault, n, method, path, skip))

    def take(self, call: Call) -> Fault | None:
        """Return the fault that this call meets, if any, and count it."""
        with self._lock:
            for plan in self._plans:
                if not plan.covers(call):
                    continue
                if plan.skip:
                    plan.skip -= 1
                    continue
                plan.left -= 1
                if not plan.left:
                    self._plans.remove(plan)
                return plan.fault
        return None

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._plans.clear()

    def pending(self) -> list[dict[str, object]]:
        """List the orders that are not used up, for the control plane."""
        with self._lock:
            return [
                {"fault": str(p.fault), "n": p.left, "method": p.method, "path": p.path, "skip": p.skip}
                for p in self._plans
            ]


def _is_count(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
