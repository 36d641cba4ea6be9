"""The four calls of the API: what each checks in a request, and how it answers under the readings in force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .account import Account, Row, catalogue
from .pages import page_number, paged
from .wire import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ALLOWED_PATH = "/api/v1/direction"
CATALOGUE_PATH = "/api/v1/directions"

#: What the vendor's gateway says, with status 200, to a wrong path or an unknown application.
PAGE_NOT_FOUND = {"jsonrpc": "2.0", "result": None, "error": {"code": 0, "message": "Page not found."}}

_NO_ACCESS: dict[str, dict[str, object]] = {
    "401": {"message": "Unauthenticated."},
    "403": {"message": "Недостаточно прав"},
    "500": {"message": "Нет доступа"},
    "200": {"success": False, "message": "Нет доступа", "code": 500},
}


class _RefusedError(Exception):
    """A request that a check turns away."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class Api:
    """The API in front of one account."""

    def __init__(self, account: Account, *, token: str, client_id: str) -> None:
        self._account = account
        self._token = token
        self._client_id = client_id
        self._routes: dict[str, dict[str, Callable[[Call], Answer]]] = {
            ALLOWED_PATH: {"GET": self._list_allowed, "PUT": self._open, "DELETE": self._close},
            CATALOGUE_PATH: {"GET": self._list_catalogue},
        }

    def answer(self, call: Call) -> Answer:
        """Check the request, do what it asks, and answer."""
        methods = self._routes.get(call.path)
        if methods is None or call.headers.get("client") != self._client_id:
            return Answer(200, PAGE_NOT_FOUND)
        act = methods.get(call.method)
        if act is None:
            words = f"The {call.method} method is not supported for this route."
            return Answer(405, {"message": words}, {"Allow": ", ".join(methods)})
        if call.headers.get("authorization") != f"Bearer {self._token}":
            reading = self._account.readings["R9"]
            return Answer(int(reading), _NO_ACCESS[reading])
        try:
            _check_headers(call)
            return act(call)
        except _RefusedError as refused:
            return refused.answer

    def good(self, body: dict[str, object] | None = None) -> Answer:
        """Answer that all went well, with or without ``success`` (R8)."""
        success: dict[str, object] = {"success": True} if self._account.readings["R8"] == "yes" else {}
        return Answer(200, {**(body or {}), **success})

    # The four calls

    def _list_allowed(self, call: Call) -> Answer:
        return self._list(call, self._account.allowed(), self._allowed_shape)

    def _list_catalogue(self, call: Call) -> Answer:
        return self._list(call, catalogue(), self._catalogue_shape)

    def _open(self, call: Call) -> Answer:
        objections = self._account.open_ids(_elements(call, "direction_ids"))
        return Answer(400, {"message": "; ".join(objections)}) if objections else self.good()

    def _close(self, call: Call) -> Answer:
        objections = self._account.close_codes(_elements(call, "codes"))
        if not objections:
            return self.good()
        status = int(self._account.readings["R4"])
        return Answer(status, {"error" if status == 404 else "message": "; ".join(objections)})

    # Lists

    def _list(self, call: Call, rows: Sequence[Row], shape: Callable[[Sequence[Row]], object]) -> Answer:
        body = paged(
            self._account.readings["R14"],
            rows,
            shape,
            number=page_number(call.query.get("page")),
            base=f"http://{call.headers.get('host', '')}",
            path=call.path,
        )
        return self.good(body)

    def _allowed_shape(self, rows: Sequence[Row]) -> object:
        """Play R1, R2 and R3."""
        readings = self._account.readings
        if not rows:
            empty: object = json.loads(readings["R1"])
            return empty
        form = readings.forms[0]
        values = [{"code": _as(form, row.code), "name": row.name, "english_name": row.english_name} for row in rows]
        return (
            values if readings["R3"] == "array" else {row.code: value for row, value in zip(rows, values, strict=True)}
        )

    def _catalogue_shape(self, rows: Sequence[Row]) -> object:
        """Play R2."""
        _, code_form, id_form = self._account.readings.forms
        return [
            {
                "id": _as(id_form, row.id),
                "name": row.name,
                "english_name": row.english_name,
                "code": _as(code_form, row.code),
            }
            for row in rows
        ]


def _as(form: str, digits: str) -> str | int:
    return int(digits) if form == "number" else digits


def _check_headers(call: Call) -> None:
    for name in ("accept", "content-type"):
        kinds = [part.partition(";")[0].strip().lower() for part in call.headers.get(name, "").split(",")]
        if "application/json" not in kinds:
            words = f"Неверный заголовок {name.title()}: требуется application/json"
            raise _RefusedError(Answer(400, {"message": words}))


def _elements(call: Call, key: str) -> list[str | int]:
    """Read the list in a write's body."""
    try:
        body = json.loads(call.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _RefusedError(Answer(400, {"message": "Неверный формат запроса: требуется объект JSON"}))
    given = body.get(key)
    if not isinstance(given, list):
        raise _RefusedError(_invalid(key, f"Поле {key} обязательно и должно быть массивом."))
    for place, element in enumerate(given):
        if isinstance(element, bool) or not isinstance(element, (str, int)):
            raise _RefusedError(_invalid(f"{key}.{place}", "Неверный параметр: требуется строка или целое число."))
    return given


def _invalid(field: str, words: str) -> Answer:
    """Answer as Laravel's validator does."""
    return Answer(422, {"message": "Неверный параметр", "errors": {field: [words]}})
