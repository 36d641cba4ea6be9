"""Faults: calls that fail on purpose.

`FAULTS` lists them. "ignore": a write answers success and changes nothing. "expired": the answer to a wrong token (R9).
"echo": a message that quotes the token. With ``:after`` at the end, the call takes effect first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import api
from .server import Answer, Request

if TYPE_CHECKING:
    from . import Sandbox

FAULTS = "status:N, html:N, echo:N, redirect:URL, success-false, hang, reset, close, truncate, ignore, expired"
_FORM = r"((status|html|echo):[2-5]\d\d|redirect:.+|success-false|hang|reset|close|truncate)(:after)?|ignore|expired"
_WORDS = {"400": "Неверный параметр", "404": "Не найдено", "429": "Слишком много запросов", "500": "Нет доступа"}


@dataclass
class Fault:
    """A way to fail, and which calls are still to fail; ``headers`` and ``body`` replace the fault's own."""

    fault: str
    n: int = 1
    method: str | None = None
    path: str | None = None
    skip: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def answer(self, sandbox: Sandbox, call: Request) -> Answer:
        """Carry the call out if it should take effect, and answer wrongly."""
        kind, _, argument = self.fault.removesuffix(":after").partition(":")
        if kind == "expired":
            answer = api.answer(sandbox, replace(call, authorization="Bearer expired"))
        elif call.method != "GET" and not self.fault.endswith(":after"):
            answer = api.good(sandbox)
        else:
            answer = api.answer(sandbox, call)
        if kind in ("hang", "reset", "close", "truncate"):
            answer = replace(answer, delivery=kind)
        elif kind == "status":
            words = _WORDS.get(argument, "Сервис временно недоступен")
            answer = Answer(int(argument), {"error" if argument == "404" else "message": words})
        elif kind == "html":
            page = f"<!DOCTYPE html>\n<html><body><h1>{argument} Технические работы</h1></body></html>\n"
            answer = Answer(int(argument), page, {"Content-Type": "text/html; charset=utf-8"})
        elif kind == "echo":
            answer = Answer(int(argument), {"message": f"Неверный заголовок: {call.authorization}"})
        elif kind == "redirect":
            answer = Answer(302, "", {"Location": argument})
        elif kind == "success-false":
            answer = Answer(200, {"success": False, "message": "Операция не выполнена"})
        body = answer.body if self.body is None else self.body
        return replace(answer, headers={**answer.headers, **self.headers}, body=body)


class Faults:
    """The faults to come: a call gets the oldest one that is for such a call and has no more of them to skip."""

    def __init__(self) -> None:
        self._ordering = threading.Lock()
        self._orders: list[Fault] = []

    def fail_next(
        self,
        n: int = 1,
        fault: str = "status:503",
        *,
        method: str | None = None,
        path: str | None = None,
        skip: int = 0,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> None:
        """Make the next ``n`` calls of this method and path fail, after ``skip`` good ones.

        The module `faults` lists the faults. ``body`` is sent as JSON unless it is text.
        """
        if not re.fullmatch(_FORM, fault):
            raise ValueError(f"there is no fault {fault!r}; there are {FAULTS}")
        if n < 1 or skip < 0:
            raise ValueError(f"n must be 1 or more and skip 0 or more, not {n!r} and {skip!r}")
        with self._ordering:
            self._orders.append(Fault(fault, n, method, path, skip, dict(headers or {}), body))

    def take_fault(self, call: Request) -> Fault | None:
        """Return the fault for this call, if there is one."""
        with self._ordering:
            for order in self._orders:
                is_other = order.method not in (None, call.method) or order.path not in (None, call.path)
                if is_other or (order.fault == "ignore" and call.method == "GET"):
                    continue
                order.skip -= 1
                if order.skip < 0:
                    order.n -= 1
                    call.fault = order.fault
                    self._orders = [each for each in self._orders if each.n]
                    return order
        return None

    def clear_faults(self) -> None:
        """Forget the faults to come."""
        with self._ordering:
            self._orders = []
