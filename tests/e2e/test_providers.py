"""Several accounts in one program, on the real engine."""

from __future__ import annotations

import json

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

SECOND = """
second = plusofon.Provider("second", token={token}, base_url="{url}")
plusofon.AllowedDirection("uk", code=44, opts=pulumi.ResourceOptions(provider=second))
"""


@pytest.mark.oldest
def test_each_provider_has_its_own_account_and_its_token_is_encrypted_in_state(
    project: Project, sandbox: Sandbox
) -> None:
    with Sandbox(client_id="77") as other:
        project.config("secondToken", other.token, secret=True)
        token = 'pulumi.Config().require_secret("secondToken")'
        program = SECOND.format(token=token, url=other.url).replace("base_url=", 'client_id="77", base_url=')
        project.write(program + 'plusofon.AllowedDirection("hungary", code="36")')
        project.up()
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == {"44"}
        exported = project.run("stack", "export").stdout
        assert other.token not in exported
        [inputs] = [
            each["inputs"]
            for each in json.loads(exported)["deployment"]["resources"]
            if each["type"] == "pulumi:providers:pulumi-python" and each["urn"].endswith("::second")
        ]
        assert inputs["plusofon:token"].keys() >= {"ciphertext"}
        project.preview("--expect-no-changes")
        other.set_open([])
        assert "44 (" in project.preview().output
        project.destroy()
        assert sandbox.open_codes == other.open_codes == set()


@pytest.mark.parametrize("token", ["None", '""', '"  "', 'pulumi.Output.from_input("")'])
def test_a_missing_token_names_the_provider_and_nothing_takes_its_place(
    project: Project, sandbox: Sandbox, token: str
) -> None:
    project.config("plusofon:token", sandbox.token, secret=True)
    project.write(SECOND.format(token=token, url=sandbox.url))
    told = project.preview(fails=True).output
    assert 'the Provider "second" has no token: give it one as `token=`' in told
    assert not traceback_in(told)
    assert sandbox.requests == []


def test_client_id_and_base_url_come_from_the_stack_where_they_are_not_given(project: Project) -> None:
    with Sandbox(client_id="77") as other:
        project.config("plusofon:baseUrl", other.url)
        project.config("plusofon:clientId", "77")
        project.write(f"""
            second = plusofon.Provider("second", token="{other.token}")
            opts = pulumi.ResourceOptions(providers=[second])
            parent = pulumi.ComponentResource("test:index:Office", "office", opts=opts)
            plusofon.AllowedDirections("whole", codes=["36"], opts=pulumi.ResourceOptions(parent=parent))
        """)
        project.up()
        assert other.open_codes == {"36"}


def test_a_provider_s_token_that_cannot_be_sent_is_refused_without_being_shown(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(SECOND.format(token='"Bearer a-token"', url=sandbox.url))
    told = project.preview(fails=True).output
    assert 'the Provider "second": the Plusofon token has white space' in told
    assert "a-token" not in told


def test_a_token_that_is_not_known_yet_is_no_error_in_preview(project: Project, sandbox: Sandbox) -> None:
    token = f'plusofon.AllowedDirection("first", code="36").name.apply(lambda _: "{sandbox.token}")'
    project.write(SECOND.format(token=token, url=sandbox.url))
    project.preview()
    project.up()
    assert sandbox.open_codes == {"36", "44"}


def test_data_functions_read_the_stack_s_account_a_provider_s_and_given_settings(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36", "58"])
    with Sandbox(open=["53"]) as other:
        project.write(f"""
            second = plusofon.Provider("second", token="{other.token}", base_url="{other.url}")
            settings = plusofon.Settings(token="{other.token}", base_url="{other.url}")
            pulumi.export("open", [each.code for each in plusofon.get_allowed_directions()])
            pulumi.export("found", [each.code for each in plusofon.get_allowed_directions("ВЕНГ")])
            others = plusofon.get_allowed_directions(provider=second)
            pulumi.export("others", others.apply(lambda found: [each.code for each in found]))
            pulumi.export("given", [each.english_name for each in plusofon.get_allowed_directions(provider=settings)])
            pulumi.export("catalogue", [str(each) for each in plusofon.get_directions("hung")])
            pulumi.export("russian", [each.code for each in plusofon.get_directions("куба")])
            pulumi.export("all", len(plusofon.get_directions()))
        """)
        assert "Cuba" in project.preview().output
        project.up()
    outputs = json.loads(project.run("stack", "output", "--json").stdout)
    assert outputs["open"] == ["36", "58"]
    assert outputs["found"] == ["36"]
    assert outputs["others"] == ["53"], "and it is no secret"
    assert outputs["given"] == ["Cuba"]
    assert outputs["catalogue"] == ["36 (Hungary)"]
    assert outputs["russian"] == ["53"]
    assert outputs["all"] > 230


def test_a_data_function_without_a_token_fails_in_plain_words(project: Project) -> None:
    project.set_env(PLUSOFON_TOKEN=None)
    project.write("plusofon.get_directions()")
    told = project.preview(fails=True).output
    assert "there is no Plusofon token" in told
    assert not traceback_in(told)
