"""The sandbox as a server: the four calls, faults, the owner, the control plane, its life."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.readings import parse
from tests.overlap import reads_at_once, writes_at_once
from tests.unit.support import IDS
from tests.waiting import PATIENCE, until


class Caller(requests.Session):
    """One keep-alive connection to a sandbox, without the product's client, so that no mistake is shared."""

    def __init__(self, sandbox: Sandbox, *, timeout: float = PATIENCE) -> None:
        super().__init__()
        self.sandbox, self.url, self.timeout, self.trust_env = sandbox, sandbox.url, timeout, False
        self.headers.update({"Authorization": f"Bearer {sandbox.token}", "Client": "10553"})
        self.headers.update({"Accept": "application/json", "Content-Type": "application/json"})

    def call(self, method: str, path: str = ALLOWED_PATH, **options: Any) -> requests.Response:
        options = {"timeout": self.timeout, "allow_redirects": False, **options}
        return self.request(method, self.url + path, **options)

    def shown(self, path: str = ALLOWED_PATH) -> Any:
        return self.call("GET", path).json()

    def codes(self) -> list[str]:
        """Return the codes that GET shows, under the default readings."""
        return list(self.shown()["directions"])

    def allow(self, *ids: str | int) -> requests.Response:
        return self.call("PUT", json={"direction_ids": ids})

    def deny(self, *codes: str | int) -> requests.Response:
        return self.call("DELETE", json={"codes": codes})

    def control(self, method: str, name: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call(method, f"/_sandbox/{name}", json=body, **options)


@contextmanager
def playing(*changes: str, **options: Any) -> Iterator[tuple[Sandbox, Caller]]:
    """Run a sandbox under these readings, with a caller of it."""
    with Sandbox(readings=parse(changes), **options) as sandbox, Caller(sandbox) as caller:
        yield sandbox, caller


[HUNGARY], [CUBA] = IDS["36"], IDS["53"]


@pytest.fixture
def api() -> Iterator[Caller]:
    with playing(open=["36", 58]) as (_, caller):
        yield caller


def test_the_calls_are_as_the_description_shows_them(api: Caller) -> None:
    assert api.shown()["directions"]["58"] == {"code": "58", "name": "Венесуэла", "english_name": "Venezuela"}
    first = {"id": "1", "name": "Австралийские внеш. террит-и", "english_name": "Australian External Territorie"}
    assert api.shown(CATALOGUE_PATH)["directions"][0] == {**first, "code": 672}
    assert api.allow(CUBA, 1).json() == api.deny("58").json() == api.allow().json() == {"success": True}
    assert api.codes() == ["36", "53", "672"]
    api.sandbox.set_open(["999"])
    assert api.shown()["directions"]["999"]["english_name"] == "Direction 999", "the catalogue may lack a code"


@pytest.mark.parametrize(
    "method,path,options,status,words",
    [
        *(("GET", ALLOWED_PATH, {"headers": {"Client": wrong}}, 200, "Page not found.") for wrong in (None, "10554")),
        *((*call, {}, 200, "Page not found.") for call in (("GET", "/api/v1/nothing"), ("PUT", CATALOGUE_PATH))),
        *(("GET", ALLOWED_PATH, {"headers": {name: "text/*"}}, 400, name) for name in ("Accept", "Content-Type")),
        ("DELETE", ALLOWED_PATH, {"headers": {"Authorization": None}, "json": {"codes": ["36"]}}, 401, "Unauth"),
        *(("DELETE", ALLOWED_PATH, {"data": data}, 422, '"codes"') for data in (b"", b"{", b"[]", b"\xff")),
        *(("DELETE", ALLOWED_PATH, {"json": {"codes": c}}, 422, '"codes"') for c in ("36", [3.6], [True], [None])),
    ],
)
def test_a_wrong_call_is_refused(api: Caller, method: str, path: str, options: Any, status: int, words: str) -> None:
    answer = api.call(method, path, **options)
    assert (answer.status_code, words in answer.text, api.sandbox.history) == (status, True, [])


def test_every_request_and_every_change_is_remembered(api: Caller) -> None:
    api.call("GET", params={"page": 2})
    api.deny("58")
    api.call("PUT", data=b"{")
    api.sandbox.set_open(["36", "7"])
    seen = [(each.method, each.query, each.body, each.status) for each in api.sandbox.requests]
    assert seen == [("GET", {"page": "2"}, None, 200), ("DELETE", {}, {"codes": ["58"]}, 200), ("PUT", {}, "{", 422)]
    assert api.sandbox.history == [("close", ["58"], "api"), ("open", ["7"], "owner")]
    assert (api.sandbox.requests[0].headers["client"], api.sandbox.token in repr(api.sandbox.requests)) == (
        "10553",
        False,
    )
    assert (api.sandbox.calls(), api.sandbox.calls("GET"), api.sandbox.calls("GET", CATALOGUE_PATH)) == (3, 1, 0)
    api.sandbox.clear_requests()
    assert api.sandbox.calls() == 0


# Each fault that may come before or after a PUT, its status, and a part of what the client reads or fails with.
FAULTS = [
    *(("status:400", 400, '"message": "Неверный параметр"'), ("status:404", 404, '"error": "Не найдено"')),
    *(("status:503", 503, "недоступен"), ("status:500", 500, "Нет доступа"), ("status:204", 204, "")),
    *(("html:200", 200, "<h1>200 Техн"), ("echo:400", 400, "Bearer sandbox-"), ("redirect:http://x.invalid/", 302, "")),
    *(("success-false", 200, '"success": false'), ("truncate", 200, "IncompleteRead"), ("hang", None, "timed out")),
    *(("reset", None, "Connection reset"), ("close", None, "without response")),
]


@pytest.mark.parametrize("after", ["", ":after"])
@pytest.mark.parametrize("fault,status,words", FAULTS)
def test_a_fault_spoils_one_write(sandbox: Sandbox, fault: str, status: Any, words: str, after: str) -> None:
    sandbox.fail_next(1, fault + after, method="PUT")
    with Caller(sandbox, timeout=0.3 if fault == "hang" else PATIENCE) as api:
        try:
            answer = api.allow(CUBA)
            seen = f"{answer.status_code} {answer.text}"
        except requests.RequestException as error:
            seen = f"{status} {error}"
    assert (seen.startswith(f"{status} "), words in seen) == (True, True)
    # A client that has given up its call is not waiting.
    done = [(status, fault + after, True)]
    until(lambda: [(each.status, each.fault, bool(each.ended)) for each in sandbox.requests] == done)
    assert ("53" in sandbox.open_codes) is bool(after)
    with Caller(sandbox) as api:
        assert api.allow(CUBA).json() == {"success": True}


def test_faults_are_taken_in_order_by_the_calls_that_they_are_for(api: Caller) -> None:
    api.sandbox.fail_next(1, "ignore")
    api.sandbox.fail_next(2, "status:503", method="GET", path=ALLOWED_PATH, skip=1)
    api.sandbox.fail_next(9, "status:502", method="GET", path=ALLOWED_PATH)
    api.sandbox.fail_next(1, "expired", method="PUT")
    assert [api.call("GET").status_code for _ in range(4)] == [502, 503, 503, 502]
    assert api.call("GET", CATALOGUE_PATH).ok
    assert [api.allow(CUBA).status_code for _ in range(2)] == [200, 401]
    assert api.sandbox.history == []
    api.sandbox.clear_faults()
    assert api.call("GET").ok
    for fault in ("", "flood", "status", "status:abc", "status:99", "hang:5", "redirect", "ignore:after"):
        with pytest.raises(ValueError, match=f"there is no fault '{fault}'; there are status:N"):
            api.sandbox.fail_next(1, fault)


def test_the_owner_acts_right_before_or_after_a_write(api: Caller) -> None:
    api.sandbox.owner_acts(closes=["36", 53], n=2)
    api.sandbox.owner_acts(opens=["7"], closes=["58"], method="DELETE", when="before")
    api.sandbox.fail_next(1, "status:503")
    assert [each.status_code for each in (api.allow(CUBA), api.allow(CUBA), api.deny("7"))] == [503, 200, 200]
    owner = [("close", ["36", "53"], "owner"), ("close", ["58"], "owner"), ("open", ["7"], "owner")]
    assert api.sandbox.history == [("open", ["53"], "api"), *owner, ("close", ["7"], "api")]


def test_reset_returns_to_the_state_of_the_constructor(api: Caller) -> None:
    api.sandbox.owner_acts(closes=["36"], n=2)
    api.sandbox.latency, api.sandbox.extra = 0.001, {"count": 1}
    good = [api.allow(CUBA), api.call("GET"), api.call("GET", CATALOGUE_PATH), api.deny("58")]
    assert [each.json().get("count") for each in (*good, api.call("DELETE"))] == [1, 1, 1, 1, None]
    api.sandbox.set_readings({"R8": "no"})
    api.sandbox.fail_next(5)
    api.sandbox.reset()
    assert (api.sandbox.history, api.sandbox.requests, api.sandbox.latency) == ([], [], 0)
    api.allow(HUNGARY)
    assert (api.codes(), list(api.shown())) == (["36", "58"], ["directions", "success"])


def test_the_control_plane_does_what_the_methods_do(api: Caller) -> None:
    api.control("PUT", "readings", {"R4": 404})
    assert api.control("PUT", "readings", {"R8": "no"}).json()["readings"]["R4"] == "404"
    state = api.control("PUT", "open", {"codes": [7, "36"]}).json()
    assert (state["open"], state["history"][-1]) == (["7", "36"], {"event": "open", "codes": ["7"], "by": "owner"})
    api.control("POST", "fail", {"n": 2, "fault": "status:429", "headers": {"Retry-After": 7}, "body": "готово"})
    answer = api.call("GET")
    assert (answer.status_code, answer.headers["Retry-After"], answer.content.decode()) == (429, "7", "готово")
    api.control("DELETE", "fail")
    assert api.deny("53").status_code == 404
    shown = requests.get(f"{api.sandbox.url}/_sandbox/requests", timeout=PATIENCE)  # it needs no token, and shows none
    assert [each["status"] for each in shown.json()["requests"]] == [429, 404]
    assert shown.text.endswith("}\n")  # so that a shell's prompt begins a line of its own
    assert api.sandbox.token not in shown.text + api.control("GET", "state").text
    assert api.control("DELETE", "requests").json() == {"requests": []}
    assert api.control("POST", "reset").json()["open"] == ["36", "58"]
    for host in ("evil.example", "evil.example:80"):  # a name that was made to point here
        assert api.control("GET", "state", headers={"Host": host}).status_code == 403
    assert api.control("GET", "fail").status_code == 404


def test_a_wrong_control_call_is_refused(api: Caller) -> None:
    wrong: list[tuple[Any, str]] = [({"codes": "036"}, "'0'"), ({"code": ["36"]}, "'code'"), (["36"], "mapping")]
    answers = [(api.control("PUT", "open", body), words) for body, words in wrong]
    answers += [(api.control("PUT", "readings", {"R16": "no"}), "R1, R2")]
    answers += [(api.control("POST", "fail", {"n": 0}), "n must be 1 or more")]
    assert all((each.status_code, words in each.json()["message"]) == (400, True) for each, words in answers)


@pytest.mark.parametrize("latency", [600, 0])
def test_stop_frees_the_port_while_calls_are_under_way_and_start_takes_it_again(latency: float) -> None:
    sandbox = Sandbox(open=["36"], latency=latency)
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = sandbox.url
    sandbox.start()
    url = sandbox.url
    sandbox.fail_next(9, "hang")
    with Caller(sandbox) as caller, ThreadPoolExecutor(4) as pool:
        hung = [pool.submit(caller.call, method) for method in ("PUT", "DELETE", "GET", "GET")]
        until(lambda: writes_at_once(sandbox) == reads_at_once(sandbox, ALLOWED_PATH) == 2)
        sandbox.stop()
        assert {type(each.exception(PATIENCE)) for each in hung} == {requests.ConnectionError}
    sandbox.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(url.rpartition(":")[2])))
    sandbox.latency = 0
    sandbox.clear_faults()
    with sandbox, Sandbox(home="375", readings={"R11": "always"}) as another, Caller(sandbox) as caller:
        assert (sandbox.url, caller.codes()) == (url, ["36"])
        assert another.open_codes == {"375"}
