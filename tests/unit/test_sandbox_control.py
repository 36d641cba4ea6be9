"""The sandbox as a server: the four calls, its checks, its memory, its life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.sandbox_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

HUNGARY = next(row.id for row in catalogue() if row.code == "36")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36", 58]) as running:
        yield running


def test_the_control_plane_sets_what_is_open(api: Caller, sandbox: Sandbox) -> None:
    state = api.control("PUT", "open", {"codes": [7, "36"]}).json()
    assert state["open"] == ["7", "36"]
    assert sandbox.open_codes == {"7", "36"}
    assert state["history"][-1] == {"event": "open", "codes": ["7"], "by": "owner"}


def test_the_control_plane_changes_readings_and_leaves_the_others(api: Caller) -> None:
    api.control("PUT", "readings", {"R4": 404})
    api.control("PUT", "readings", {"R8": "no"})
    assert api.delete("999").status_code == 404
    assert "success" not in api.allowed()


def test_the_control_plane_orders_and_clears_faults(api: Caller) -> None:
    order = {"n": 2, "fault": "status:429", "method": "GET", "path": ALLOWED_PATH, "headers": {"Retry-After": "7"}}
    state = api.control("POST", "fail", order).json()
    assert state["faults"] == [{"fault": "status:429", "n": 2, "method": "GET", "path": ALLOWED_PATH, "skip": 0}]
    assert api.call("GET", ALLOWED_PATH).headers["Retry-After"] == "7"
    assert api.control("DELETE", "fail").json()["faults"] == []
    assert api.call("GET", ALLOWED_PATH).ok


def test_the_control_plane_shows_state_and_requests_and_is_not_recorded(api: Caller, sandbox: Sandbox) -> None:
    api.put(HUNGARY)
    state = api.control("GET", "state").json()
    assert (state["open"], state["readings"]["R14"], state["max_writes_under_way"]) == (["36", "58"], "whole", 1)
    (request,) = api.control("GET", "requests").json()["requests"]
    assert (request["method"], request["body"], request["status"]) == ("PUT", {"direction_ids": [HUNGARY]}, 200)
    assert sandbox.calls() == 1
    assert api.control("DELETE", "requests").json() == {"requests": []}
    api.put("3")
    assert api.control("POST", "reset").json()["open"] == ["36", "58"]


def test_the_control_plane_needs_no_token_and_shows_none(sandbox: Sandbox) -> None:
    for name in ("state", "requests"):
        answer = requests.get(f"{sandbox.url}/_sandbox/{name}", timeout=10)
        assert answer.ok
        assert sandbox.token not in answer.text


@pytest.mark.parametrize(
    "method,name,body,words",
    [
        ("PUT", "open", {"codes": "36"}, "codes"),
        ("PUT", "open", {"codes": ["036"]}, "'036'"),
        ("PUT", "open", ["36"], "JSON object"),
        ("PUT", "readings", {"R15": "no"}, "R1, R2"),
        ("PUT", "readings", {"R4": "500"}, "200 | 404 | 400"),
        ("POST", "fail", {"times": 2}, "'times'"),
        ("POST", "fail", {"n": 0}, "n is"),
        ("POST", "fail", {"n": True}, "n is"),
        ("POST", "fail", {"skip": -1}, "skip is"),
        ("POST", "fail", {"fault": "flood"}, "success-false"),
        ("POST", "fail", {"fault": 503}, "503"),
        ("POST", "fail", {"headers": {"Retry-After": 7}}, "headers map"),
        ("POST", "fail", {"headers": 5}, "headers map"),
        ("POST", "fail", {"method": "POST"}, "method is"),
        ("POST", "fail", {"path": "direction"}, "path is"),
    ],
)
def test_bad_control_input_is_400_in_clear_words(api: Caller, method: str, name: str, body: Any, words: str) -> None:
    answer = api.control(method, name, body)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_the_control_plane_names_its_routes_and_methods(api: Caller) -> None:
    assert "/_sandbox/state" in api.control("GET", "nothing").json()["message"]
    answer = api.control("GET", "fail")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, DELETE")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80"])
def test_the_control_plane_refuses_names_that_were_made_to_point_here(api: Caller, host: str) -> None:
    assert api.control("GET", "state", headers={"Host": host}).status_code == 403
