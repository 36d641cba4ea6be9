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


def test_each_provider_has_its_own_account_and_its_token_is_encrypted_in_state(
    project: Project, sandbox: Sandbox
) -> None:
    with Sandbox(client_id="77") as other:
        project.config("secondToken", other.token, secret=True)
        token = 'pulumi.Config().require_secret("secondToken")'
        program = SECOND.format(token=token, url=f"{other.url}/api/v1").replace("base_url", 'client_id="77", base_url')
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
        assert 'Provider "second": will open 44 (United Kingdom' in project.preview().output
        project.destroy()
        assert sandbox.open_codes == other.open_codes == set()


@pytest.mark.parametrize(
    "token,why",
    [
        ("None", 'the Provider "second" has no token: give it one as `token=`'),
        ('"  "', 'the Provider "second" has no token: give it one as `token=`'),
        ('pulumi.Output.from_input("")', 'the Provider "second" has no token: give it one as `token=`'),
        ('"Bearer hush-hush"', 'Provider "second"'),
    ],
)
def test_a_bad_token_names_the_provider_is_not_shown_and_nothing_takes_its_place(
    project: Project, sandbox: Sandbox, token: str, why: str
) -> None:
    project.config("plusofon:token", sandbox.token, secret=True)
    project.write(SECOND.format(token=token, url=sandbox.url))
    told = project.preview(fails=True).output
    assert why in told
    assert "hush-hush" not in told
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
            pulumi.export("exact", plusofon.get_direction("Hungary").code)
            pulumi.export("all", len(plusofon.get_directions()) > 230)
        """)
        assert "Cuba" in project.preview().output
        project.up()
    assert json.loads(project.run("stack", "output", "--json").stdout) == {
        "open": ["36", "58"],
        "found": ["36"],
        "others": ["53"],  # and it is no secret
        "given": ["Cuba"],
        "catalogue": ["36 (Hungary)"],
        "exact": "36",
        "all": True,
    }
