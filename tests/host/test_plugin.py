"""The native plugin where it differs from the dynamic provider: errors, notices, settings, functions, its schema."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as messages

from plusofon_pulumi import plugin
from plusofon_pulumi.plugin import SINGLE, WHOLE, detailed_diff, schema
from plusofon_pulumi.sandbox import Sandbox
from tests.host.conftest import StartHost
from tests.host.host import HUNGARY, refused, secret, whole
from tests.host.plugin_host import PluginHost

pytestmark = pytest.mark.parametrize("hosts", [PluginHost], indirect=True)

TOKENS = ["a-token", secret("a-token")]
ADD, DELETE, UPDATE, REPLACE = 0, 2, 4, 5


def struct(**values: Any) -> Any:
    request = messages.CheckRequest()
    request.news.update(values)
    return request.news


def test_a_foreseen_error_is_its_text_alone_and_a_bug_has_its_traceback(host: Any, sandbox: Sandbox) -> None:
    for _ in range(2):
        told = refused(host.create, {"code": "999"})
        assert told.startswith("999 was not opened: Plusofon's catalogue has no direction")
        assert "\n" not in told
        bug = refused(host.create, {"cod": "36"})
        assert "Traceback" in bug
        assert "KeyError: 'code'" in bug
    assert host.stderr == ""


def test_a_notice_hangs_on_its_resource(host: Any) -> None:
    host.check({"code": "36"})
    host.check(whole(["36"]))
    [notice] = host.engine.logged
    assert notice.message == "will open 36 (Hungary)"
    assert notice.urn == f"urn:pulumi:dev::test::{SINGLE}::hungary"


def test_a_component_s_resource_is_of_its_own_type(host: Any) -> None:
    request = messages.CheckRequest(urn=f"urn:pulumi:dev::test::my:index:Component${WHOLE}::all")
    request.news.update({"codes": ["+36"]})
    assert host.ask("Check", request).inputs["codes"] == ["36"]


def test_a_debug_line_is_shown_to_the_user(start: StartHost, sandbox: Sandbox) -> None:
    host = start(env={"PLUSOFON_LOG": "debug"})
    host.check({"code": "36"})
    assert any("/api/v1/direction" in line for line in host.lines)


@pytest.mark.parametrize("name", ["default", "default_0_1_0", "default_0_1_0_https_example_com", ""])
def test_the_engine_s_own_provider_takes_the_environment_s_token(start: StartHost, sandbox: Sandbox, name: str) -> None:
    host = start({"plusofon:provider": name}, env=of_environment(sandbox))
    assert host.check({"code": "36"}).failures == []


@pytest.mark.parametrize("name", ["default-eu", "default_eu", "second"])
def test_a_user_s_provider_takes_all_but_the_token_from_there(start: StartHost, sandbox: Sandbox, name: str) -> None:
    env = of_environment(sandbox)
    [(_, reason)] = start({"plusofon:provider": name}, env=env).check({"code": "36"}).failures
    assert f'the Provider "{name}" has no token' in reason
    given = start({"plusofon:provider": name, "plusofon:token": secret(sandbox.token)}, env=env)
    assert given.check({"code": "36"}).failures == []


def test_a_setting_of_the_environment_is_named_as_such_also_for_a_provider_of_the_user_s(start: StartHost) -> None:
    config = {"plusofon:provider": "second", "plusofon:token": secret("t")}
    [(_, reason)] = start(config, env={"PLUSOFON_CLIENT_ID": "x"}).check({"code": "36"}).failures
    assert "of the environment variable PLUSOFON_CLIENT_ID, is not a number" in reason


def of_environment(sandbox: Sandbox) -> dict[str, str]:
    return {"PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}


@pytest.mark.parametrize(
    "given, checked",
    [
        *(({"token": token, "clientId": "1"}, {"token": secret("a-token"), "clientId": "1"}) for token in TOKENS),
        *((values, values) for values in ({}, {"token": rpc.UNKNOWN}, {"token": ""})),
    ],
)
def test_a_token_that_is_there_becomes_a_secret(host: Any, given: dict[str, Any], checked: dict[str, Any]) -> None:
    assert host.ask("CheckConfig", messages.CheckRequest(news=struct(**given))).inputs == struct(**checked)


@pytest.mark.parametrize(
    "olds, news, details",
    [
        ({"code": "36"}, {"code": "58"}, {"code": REPLACE}),
        ({"codes": ["36", "7"]}, {"codes": ["1", "36"]}, {"codes[0]": ADD, "codes[1]": DELETE}),
        ({"codes": ["36"]}, {"codes": ["36", "58"]}, {"codes[1]": ADD}),
        ({"codes": ["36", "7"]}, {"codes": ["36", "58"]}, {"codes[1]": UPDATE}),
        ({"codes": ["36"], "on_destroy": "retain"}, {"codes": ["36"], "on_destroy": "close"}, {"onDestroy": UPDATE}),
        ({"codes": ["36"]}, {"codes": ["36"]}, {}),
        ({}, {"codes": ["36"]}, {"codes": UPDATE}),
    ],
)
def test_a_difference_names_what_changes(olds: Any, news: Any, details: Any, hosts: object) -> None:
    found = detailed_diff(olds, news, ["code"])
    assert {path: change.kind for path, change in found.items()} == details


def invoke(host: Any, name: str, **arguments: Any) -> dict[str, Any]:
    answer = host.ask("Invoke", messages.InvokeRequest(tok=f"plusofon:index:{name}", args=struct(**arguments)))
    found: dict[str, Any] = rpc.deserialize_properties(getattr(answer, "return"))
    return found


def test_functions_look_up_what_python_programs_look_up(host: Any, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    hungary = {"code": "36", "name": HUNGARY["name"], "englishName": "Hungary"}
    assert invoke(host, "getDirection", text="hungary") == invoke(host, "getDirection", text=36) == hungary
    assert invoke(host, "getAllowedDirections") == {"codes": ["36"], "directions": [hungary]}
    russia = invoke(host, "getDirections", text="7")
    assert len(russia["directions"]) > len(russia["codes"]) > 0


@pytest.mark.parametrize(
    "name, arguments", [("getDirection", {"text": "Atlantis"}), ("getDirections", {"text": " "}), ("getDirection", {})]
)
def test_a_function_that_fails_says_why_in_one_line(host: Any, name: str, arguments: dict[str, str]) -> None:
    told = refused(partial(invoke, host, name, **arguments))
    assert "Traceback" not in told
    assert "\n" not in told


@pytest.mark.skipif(not hasattr(messages, "ListRequest"), reason="this SDK's protocol has no List")
def test_a_list_has_the_ids_that_an_import_takes(host: Any, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "53"])

    def listed(token: str, limit: int = 0) -> list[tuple[str, str]]:
        rows = host.ask("List", messages.ListRequest(token=token, limit=limit))
        return [(row.result.id, row.result.name) for row in rows]

    assert sorted(listed(SINGLE)) == [("36", "36 (Hungary)"), ("53", "53 (Cuba)")]
    assert len(listed(SINGLE, limit=1)) == 1
    assert listed(WHOLE) == [("allowed-directions", "")]


def test_the_schema_describes_everything_that_is_served(host: Any) -> None:
    answer = host.ask("GetSchema", messages.GetSchemaRequest())
    described = json.loads(answer.schema)
    assert described == schema()
    assert described["version"] == host.ask("GetPluginInfo", messages.GetSchemaRequest()).version
    assert {*described["resources"]} == {*plugin.PROVIDERS}
    assert {*described["functions"]} == {*plugin.LOOK_UPS}
    assert described["provider"]["inputProperties"]["token"]["secret"] is True
    assert all(each["description"] for each in described["resources"].values())
