"""Several accounts in one program, on the real engine."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, second

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
        project.update(program + 'plusofon.AllowedDirection("hungary", code="36")')
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == {"44"}
        assert other.token not in str(project.state())
        [inputs] = [
            each["inputs"]
            for each in project.state()["resources"]
            if each["type"] == "pulumi:providers:pulumi-python" and each["urn"].endswith("::second")
        ]
        assert inputs["plusofon:token"].keys() >= {"ciphertext"}
        project.preview("--expect-no-changes")
        other.set_open([])
        project.preview().says('Provider "second": will open 44 (United Kingdom')
        other.fail_next(9, "status:401")
        project.refresh(fails=True).says('the token of the Provider "second"')


def test_a_bad_token_names_the_provider_is_not_shown_and_nothing_takes_its_place(
    project: Project, sandbox: Sandbox
) -> None:
    project.config("plusofon:token", sandbox.token, secret=True)
    for token, why in (
        ('pulumi.Output.from_input("")', "has no token: give it one as `token=`"),
        ('"Bearer hush"', ""),
    ):
        project.write(SECOND.format(token=token, url=sandbox.url))
        assert "hush" not in project.preview(fails=True).says('Provider "second"', why)
    assert sandbox.requests == []


def test_a_token_that_is_not_known_yet_is_no_error_in_preview(project: Project, sandbox: Sandbox) -> None:
    token = f'plusofon.AllowedDirection("first", code="36").name.apply(lambda _: "{sandbox.token}")'
    project.write(SECOND.format(token=token, url=sandbox.url))
    project.run("up", "--yes")
    assert sandbox.open_codes == {"36", "44"}


def test_data_functions_read_the_stack_s_account_a_provider_s_and_given_settings(
    project: Project, sandbox: Sandbox, other: Sandbox
) -> None:
    sandbox.set_open(["36", "58"])
    other.set_open(["53"])
    project.write(
        second(other)
        + f"""
settings = plusofon.Settings(token="{other.token}", base_url="{other.url}")
others = plusofon.get_allowed_directions(provider=second)
found = dict(
    open=[each.code for each in plusofon.get_allowed_directions()],
    found=[each.code for each in plusofon.get_allowed_directions("ВЕНГ")],
    others=others.apply(lambda found: [each.code for each in found]),
    given=[each.english_name for each in plusofon.get_allowed_directions(provider=settings)],
    catalogue=[str(each) for each in plusofon.get_directions("hung")],
    exact=plusofon.get_direction("Hungary").code,
    all=len(plusofon.get_directions()) > 230,
)
for name, value in found.items():
    pulumi.export(name, value)
"""
    )
    project.run("up", "--yes").says("Cuba")
    assert project.outputs() == {
        "open": ["36", "58"],
        "found": ["36"],
        "others": ["53"],  # and it is no secret
        "given": ["Cuba"],
        "catalogue": ["36 (Hungary)"],
        "exact": "36",
        "all": True,
    }
