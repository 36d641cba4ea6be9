"""The four calls of the API: what each checks in a request, and how it answers under the readings in force."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .server import Answer, Request

if TYPE_CHECKING:
    from . import Sandbox
    from .state import Row

ALLOWED_PATH = "/api/v1/direction"
CATALOGUE_PATH = "/api/v1/directions"
CALLS = {("GET", ALLOWED_PATH), ("PUT", ALLOWED_PATH), ("DELETE", ALLOWED_PATH), ("GET", CATALOGUE_PATH)}
PAGE_SIZE = 15

#: What the vendor's gateway says, with status 200, to a wrong path or an unknown application.
PAGE_NOT_FOUND = {"jsonrpc": "2.0", "result": None, "error": {"code": 0, "message": "Page not found."}}

_NO_ACCESS = {"401": "Unauthenticated.", "403": "Недостаточно прав", "500": "Нет доступа", "200": "Нет доступа"}


def answer(sandbox: Sandbox, call: Request) -> Answer:
    """Check the request, carry it out, and answer."""
    if (call.method, call.path) not in CALLS or call.headers.get("client") != sandbox.client_id:
        return Answer(200, PAGE_NOT_FOUND)
    if call.authorization != f"Bearer {sandbox.token}":
        status = sandbox.readings["R9"]
        more: dict[str, object] = {"success": False, "code": 500} if status == "200" else {}
        return Answer(int(status), {"message": _NO_ACCESS[status], **more})
    for name in ("Accept", "Content-Type"):
        if not re.search(r"(^|[\s,])application/json($|[\s,;])", call.headers.get(name.lower(), "")):
            return Answer(400, {"message": f"Неверный заголовок {name}: требуется application/json"})
    return _list(sandbox, call) if call.method == "GET" else _write(sandbox, call)


def good(sandbox: Sandbox, body: dict[str, object] | None = None, *, success: bool = False) -> Answer:
    """Return an answer of success, with the key ``success`` if R8 or the caller wants it."""
    word = {"success": True} if success or sandbox.readings["R8"] == "yes" else {}
    return Answer(200, {**(body or {}), **word, **sandbox.extra})


def _write(sandbox: Sandbox, call: Request) -> Answer:
    opens = call.method == "PUT"
    key = "direction_ids" if opens else "codes"
    given = call.body.get(key) if isinstance(call.body, dict) else None
    if not isinstance(given, list) or not all(type(element) in (str, int) for element in given):
        words = f"Поле {key} обязательно и должно быть массивом строк или целых чисел."
        return Answer(422, {"message": "Неверный параметр", "errors": {key: [words]}})
    objections = sandbox.write(call.method, given)
    if not objections:
        return good(sandbox)
    status = 400 if opens else int(sandbox.readings["R4"])
    return Answer(status, {"error" if status == 404 else "message": "; ".join(objections)})


def _list(sandbox: Sandbox, call: Request) -> Answer:
    readings, is_catalogue = sandbox.readings, call.path == CATALOGUE_PATH
    open_code, code, id_ = (int if kind == "number" else str for kind in (readings["R2"].split("/") * 3)[:3])

    def shape(rows: Sequence[Row]) -> object:
        if is_catalogue:
            return [{**row._asdict(), "id": id_(row.id), "code": code(row.code)} for row in rows]
        if not rows:
            return json.loads(readings["R1"])
        items = {c: {"code": open_code(c), "name": name, "english_name": en} for _, name, en, c in rows}
        return list(items.values()) if readings["R3"] == "array" else items

    rows = sandbox.rows if is_catalogue else sandbox.allowed()
    return good(sandbox, _page(readings["R14"], call, rows, shape), success=not rows and readings["R1"] == "null")


def _page(
    style: str, call: Request, rows: Sequence[Row], shape: Callable[[Sequence[Row]], object]
) -> dict[str, object]:
    """Return the page that the call asks for, or the whole list (R14)."""
    if style == "whole":
        return {"directions": shape(rows)}
    text = call.query.get("page", "")
    number = int(text) if text.isdecimal() and int(text) else 1
    last = max(1, -(-len(rows) // PAGE_SIZE))
    page = shape(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    url = f"http://{call.headers.get('host')}{call.path}?page="
    after = f"{url}{number + 1}" if number < last else None
    place = {"current_page": number, "last_page": last, "per_page": PAGE_SIZE, "total": len(rows)}
    flat, split = {**place, "next_page_url": after}, {"links": {"next": after}, "meta": place}
    styles: dict[str, dict[str, object]] = {
        "data": {"data": page, **flat},
        "directions": {"directions": page, **flat},
        "nested": {"directions": {"data": page, **flat}},
        "enveloped": {"data": {"data": page, **flat}},
        "meta": {"data": page, **split},
        "beside": {"directions": {"data": page}, **split},
        "cursor": {"directions": page, "next_page_url": after},
    }
    return styles[style]
