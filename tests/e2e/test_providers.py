"""Several accounts in one program, on the real engine."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, second

SECOND = """
second = plusofon.Provider("second", token={token}, base_url="{url}")
plusofon.AllowedDirection("uk", code=44, opts=pulumi.ResourceOptions(provider=second))
"""


def test_each_provider_has_its_own_account_and_an_encrypted_token(project: Project, sandbox: Sandbox) -> None:
    with Sandbox(client_id="77") as other:
        project.config("secondToken", other.token, secret=True)
        hungary = 'hungary = plusofon.AllowedDirection("hungary", code="36")\n'
        # In the first preview it is not known yet, and no error.
        token = 'hungary.name.apply(lambda _: pulumi.Config().require_secret("secondToken"))'
        program = SECOND.format(token=token, url=f"{other.url}/api/v1").replace("base_url", 'client_id="77", base_url')
        project.write(hungary + program)
        project.run("up", "--yes")
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == {"44"}
        assert other.token not in str(project.state())
        [inputs] = [
            each["inputs"]
            for each in project.state()["resources"]
            if each["type"] == "pulumi:providers:pulumi-python" and each["urn"].endswith("::second")
        ]
        assert inputs["plusofon:token"].keys() >= {"ciphertext"}
        other.set_open([])
        project.preview().says('Provider "second": will open 44 (United Kingdom')
        other.fail_next(9, "status:401")
        project.refresh(fails=True).says('the token of the Provider "second"')


def test_without_a_token_a_provider_is_named_and_nothing_replaces_it(project: Project, sandbox: Sandbox) -> None:
    project.config("plusofon:token", sandbox.token, secret=True)
    project.write(SECOND.format(token='pulumi.Output.from_input("")', url=sandbox.url))
    project.preview(fails=True).says('the Provider "second" has no token: give it one as `token=`')
    assert sandbox.requests == []


def test_look_ups_read_the_account_that_is_meant(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    sandbox.set_open(["36", "58"])
    other.set_open(["53"])
    project.write(
        second(other)
        + f"""
settings = plusofon.Settings(token="{other.token}", base_url="{other.url}")
others = plusofon.get_allowed_directions(provider=second)
pulumi.export("open", [each.code for each in plusofon.get_allowed_directions()])
pulumi.export("found", [each.code for each in plusofon.get_allowed_directions("ВЕНГ")])
pulumi.export("others", others.apply(lambda found: [each.code for each in found]))
pulumi.export("given", [each.english_name for each in plusofon.get_allowed_directions(provider=settings)])
pulumi.export("all", len(plusofon.get_directions()) > 230)
"""
    )
    project.run("up", "--yes").says("Cuba")
    # That of others is no secret.
    found = {"open": ["36", "58"], "found": ["36"], "others": ["53"], "given": ["Cuba"], "all": True}
    assert project.outputs() == found
