"""Faults: calls that fail on purpose.

Written as in `FAULTS`: "ignore" is a write that answers success and changes nothing, "expired" the answer to a wrong
token (R9), "echo" a message that quotes the token. With ``:after`` at the end, the call takes effect first.
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

WRITES = ("PUT", "DELETE")
FAULTS = "status:N, html:N, echo:N, redirect:URL, success-false, hang, reset, close, truncate, ignore, expired"
_FORM = r"((status|html|echo)(:[2-5]\d\d)?|redirect:.+|success-false|hang|reset|close|truncate)(:after)?|ignore|expired"
_STATUS = {"status": "503", "html": "502", "echo": "400"}
_WORDS = {"400": "Неверный параметр", "404": "Не найдено", "429": "Слишком много запросов", "500": "Нет доступа"}


@dataclass
class Fault:
    """A way to fail, and the calls that are still to fail so; ``headers`` and ``body`` replace the fault's own."""

    fault: str
    n: int = 1
    method: str | None = None
    path: str | None = None
    skip: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def play(self, sandbox: Sandbox, call: Request) -> Answer:
        """Carry the call out if it should take effect, and answer wrongly."""
        kind, _, argument = self.fault.removesuffix(":after").partition(":")
        if kind == "expired":
            good = api.answer(sandbox, replace(call, authorization="Bearer expired"))
        elif call.method in WRITES and not self.fault.endswith(":after"):
            good = api.good(sandbox)
        else:
            good = api.answer(sandbox, call)
        answer = _spoiled(kind, argument or _STATUS.get(kind, ""), call, good)
        body = answer.body if self.body is None else self.body
        body = body.encode() if isinstance(body, str) else body
        return replace(answer, headers={**answer.headers, **self.headers}, body=body)


def _spoiled(kind: str, argument: str, call: Request, good: Answer) -> Answer:
    if kind == "status":
        words = _WORDS.get(argument, "Сервис временно недоступен")
        return Answer(int(argument), {"error" if argument == "404" else "message": words})
    if kind == "html":
        page = f"<!DOCTYPE html>\n<html><body><h1>{argument} Технические работы</h1></body></html>\n"
        return Answer(int(argument), page.encode(), {"Content-Type": "text/html; charset=utf-8"})
    if kind == "echo":
        return Answer(int(argument), {"message": f"Неверный заголовок: {call.authorization}"})
    if kind == "redirect":
        return Answer(302, b"", {"Location": argument})
    if kind == "success-false":
        return Answer(200, {"success": False, "message": "Операция не выполнена"})
    return good if kind in ("ignore", "expired") else replace(good, delivery=kind)


class Faults:
    """The faults to come. The oldest one that covers a call takes it, unless it still has to skip such calls."""

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

        The module `faults` lists the faults. ``body`` is sent as JSON unless it is text or bytes.
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
                if is_other or (order.fault == "ignore" and call.method not in WRITES):
                    continue
                order.skip -= 1
                if order.skip < 0:
                    order.n -= 1
                    self._orders = [each for each in self._orders if each.n]
                    return order
        return None

    def clear_faults(self) -> None:
        """Forget the faults to come."""
        with self._ordering:
            self._orders = []
