"""What came out wrong in version 0.1.0, by the numbers that it was found under; the rest is where its subject is."""

from __future__ import annotations

import re

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import OF_SECOND, Project, second, writes

HUNGARY = "36 (Hungary)"
TWO = 'plusofon.AllowedDirections("all", codes=["7", "36"])'
# Twelve single resources, one of which is open already.
TWELVE = ["7", "1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40"]
VANISHED = re.compile(r"\) closed during this run: does PUT replace")
# As of another resource's output: a preview does not know it.
NOTE = "note = pulumi.Output.from_input(pulumi.output.UNKNOWN if pulumi.runtime.is_dry_run() else '36')\n"
UNKNOWN = {
    'plusofon.AllowedDirections("all", codes=note.apply(lambda code: ["7", code]))': "not all codes are known yet",
    'plusofon.AllowedDirection("hungary", code=note)': "the code is not known yet: pulumi up shows what it opens",
}


def test_a1_what_somebody_closes_and_opens_during_a_write_is_mended(project: Project, sandbox: Sandbox) -> None:
    for when in ("before", "after"):
        sandbox.set_open(["7"])
        sandbox.owner_acts(opens=["53"], closes=["7"], when=when)
        project.update(TWO)
        assert sandbox.open_codes == {"7", "36"}


def test_a1_a2_what_a_replacing_put_takes_away_fails_the_run_and_is_named(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7"])
    sandbox.set_readings({"R15": "replaces"})
    project.update(TWO, fails=True).says(f"{HUNGARY} was not opened: it was closed meanwhile", "does PUT replace")
    project.write(f"for code in {TWELVE}: plusofon.AllowedDirection(code, code=code)")
    for _ in range(2):
        told = project.up(fails=True).output
        assert VANISHED.search(told), told


def test_a8_a_resource_read_by_its_id_is_open_or_an_error(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        hungary = plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(id="36"))
        pulumi.export("name", hungary.english_name)
    """)
    project.up(fails=True).says(HUNGARY, "not open")
    assert project.resources() == []
    sandbox.set_open(["36"])
    project.up()
    assert project.outputs() == {"name": "Hungary"}


def test_a9_a_preview_of_unknown_codes_says_so_and_reads_the_list_once(project: Project, sandbox: Sandbox) -> None:
    for declared, said in UNKNOWN.items():
        sandbox.clear_requests()
        project.write(NOTE + declared)
        project.preview().says(said)
        assert [each.method for each in sandbox.requests if each.path == ALLOWED_PATH] == ["GET"]
        project.set_env(PLUSOFON_TOKEN=None)
        project.preview(fails=True).says("there is no Plusofon token", "`pulumi config set --secret plusofon:token`")
        project.set_env(PLUSOFON_TOKEN="not-the-token")
        project.preview(fails=True).says("PLUSOFON_TOKEN")
        project.set_env(PLUSOFON_TOKEN=sandbox.token)
    project.up()
    assert sandbox.open_codes == {"36"}


def test_a12_a_run_that_only_closes_opens_nothing(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    program = second(other) + TWO.replace(")", f"{OF_SECOND})\nplusofon.AllowedDirection('hungary', code='36')\n")
    project.update(program)
    for account in (sandbox, other):
        account.set_open(["7", "53"])
        account.clear_requests()
    project.set_env(PLUSOFON_CLOSE_ONLY="1")
    project.write(program + 'plusofon.AllowedDirection("new", code="49")')
    told = project.preview().says("would open 49 (Germany) (not in this run)\n")
    blocked = f"would open {HUNGARY} (not in this run): it was closed since the last successful update"
    assert f"\n    {blocked}" in told
    assert f'Provider "second": {blocked}' in told
    told = project.up("--continue-on-error", fails=True).says("49 (Germany) was not opened: this run only closes")
    assert told.count(f"{HUNGARY} was not opened: this run only closes; a person must run `pulumi up`") >= 2
    assert sandbox.open_codes == {"7", "53"}
    assert other.open_codes == {"7"}
    assert sandbox.calls("PUT") == other.calls("PUT") == 0
    assert project.names() == {"all", "hungary"}
    # What is open already is taken over.
    sandbox.set_open(["36", "49"])
    other.set_open(["7", "36"])
    project.up()
    assert project.names() == {"all", "hungary", "new"}
    assert writes(sandbox) == 0
