"""What came out wrong in version 0.1.0, by the numbers that it was found under."""

from __future__ import annotations

import re

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import OF_SECOND, PREAMBLE, SETTINGS, Project, second, writes

RUSSIA, HUNGARY, CUBA = "7 (Kazakhstan, Russia)", "36 (Hungary)", "53 (Cuba)"
BELARUS, GERMANY = "375 (Belarus)", "49 (Germany)"
BRITAIN = "44 (United Kingdom, Guernsey, Jersey, Isle of Man)"
STORED = "refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)"
CONFIGURED = "the token of plusofon:token in the stack's configuration"
TWO = 'plusofon.AllowedDirections("all", codes=["7", "36"])'
# Twelve single resources, one of which is open already.
TWELVE = ["7", "1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40"]
VANISHED = re.compile(r"\) closed during the write: does PUT replace")
# A resource of another package, whose output a preview does not know.
NOTE = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class NoteProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("note", {"text": props["given"]})

class Note(Resource):
    text: pulumi.Output[str]

    def __init__(self, name, given):
        super().__init__(NoteProvider(), name, {"given": given, "text": None})

note = Note("note", "36")
"""


def whole(codes: list[str], name: str = "all", more: str = "") -> str:
    return f'plusofon.AllowedDirections("{name}", codes={codes}{more})'


def in_order(output: str, *lines: str) -> None:
    """See that these lines are there, in this order."""
    found = [output.find(line) for line in lines]
    assert -1 not in found, [line for line, place in zip(lines, found, strict=True) if place < 0] + [output]
    assert found == sorted(found), output


# A1 to A3: after a write


@pytest.mark.parametrize("when", ["before", "after"])
def test_a1_what_somebody_closes_and_opens_during_the_write_is_mended(
    project: Project, sandbox: Sandbox, when: str
) -> None:
    sandbox.set_open(["7"])
    sandbox.owner_acts(opens=["53"], closes=["7"], when=when)
    project.update(TWO)
    assert sandbox.open_codes == {"7", "36"}


def test_a1_a_whole_list_that_put_replaces_is_never_green_with_a_code_missing(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["7"])
    sandbox.set_readings({"R15": "replaces"})
    project.write(TWO)
    result = project.run("up", "--yes", "--skip-preview", fails=None)
    assert result.code == 0 or any(each in result.output for each in (RUSSIA, HUNGARY)), result
    assert result.code != 0 or sandbox.open_codes == {"7", "36"}


def test_a2_codes_that_a_replacing_put_takes_away_fail_the_run_and_are_named(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["7"])
    sandbox.set_readings({"R15": "replaces"})
    project.write(f"for code in {TWELVE}: plusofon.AllowedDirection(code, code=code)")
    for _ in range(2):
        told = project.up(fails=True).output
        assert VANISHED.search(told), told


def test_a3_nothing_is_opened_where_a_closing_is_not_seen(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "44"])
    sandbox.set_readings({"R11": "always"})
    project.update('plusofon.AllowedDirections("all", codes=["36"])', fails=True).says(f"{RUSSIA} was not closed")
    assert sandbox.open_codes == {"7"}
    assert sandbox.calls("PUT") == 0


# A8, A9: nothing is taken for granted


def test_a8_a_resource_read_by_its_id_is_open_or_an_error(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        hungary = plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(id="36"))
        pulumi.export("name", hungary.english_name)
    """)
    for run in (project.preview, project.up):
        run(fails=True).says(HUNGARY, "not open")
    assert project.resources() == []
    sandbox.set_open(["36"])
    project.up()
    assert project.outputs() == {"name": "Hungary"}


UNKNOWN = {
    'plusofon.AllowedDirections("all", codes=["7", note.text])': (
        "not all codes are known yet: pulumi up shows what closes and what opens"
    ),
    'plusofon.AllowedDirection("hungary", code=note.text)': "the code is not known yet: pulumi up shows what it opens",
}


def test_a9_a_preview_of_unknown_codes_says_so_and_reads_the_list_once(project: Project, sandbox: Sandbox) -> None:
    for declared, said in UNKNOWN.items():
        sandbox.clear_requests()
        project.write(declared, PREAMBLE + NOTE)
        project.preview().says(said)
        assert [each.method for each in sandbox.requests if each.path == ALLOWED_PATH] == ["GET"]
    project.set_env(PLUSOFON_TOKEN=None)
    project.preview(fails=True).says("there is no Plusofon token", "`pulumi config set --secret plusofon:token`")
    project.set_env(PLUSOFON_TOKEN="not-the-token")
    project.preview(fails=True).says("PLUSOFON_TOKEN")
    project.set_env(PLUSOFON_TOKEN=sandbox.token)
    project.up()
    assert sandbox.open_codes == {"36"}


# A12: a run that only closes


def test_a12_a_run_that_only_closes_undoes_nobody_s_block_and_creates_nothing(
    project: Project, sandbox: Sandbox, other: Sandbox
) -> None:
    program = (
        second(other)
        + TWO.replace(")", f"{OF_SECOND})")
        + '\nfor code in ["7", "36"]: plusofon.AllowedDirection(code, code=code)\n'
    )
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
    assert project.names() == {"all", "7", "36"}
    # What is open already is taken over.
    sandbox.set_open(["7", "36", "49"])
    other.set_open(["7", "36"])
    project.up()
    assert project.names() == {"all", "7", "36", "new"}
    assert writes(sandbox) == 0


# B: plans and results, of both kinds


def test_b1_a_whole_list_says_what_will_be_and_then_what_was_done(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["375"])
    project.write(whole(["7"]))
    told = project.run("up", "--yes").output
    in_order(told, f"will close {BELARUS}: it is open and not declared", f"closed {BELARUS}")
    in_order(told, f"will open {RUSSIA}", f"opened {RUSSIA}")
    assert "pulumi up" not in told

    sandbox.set_open(["53", "20"])
    told = project.run("up", "--yes").output
    closing = f"will close 20 (Egypt), {CUBA}: they were opened since the last successful update"
    in_order(told, closing, f"closed 20 (Egypt), {CUBA}")
    in_order(told, f"will open {RUSSIA}: it was closed since the last successful update", f"opened {RUSSIA}")


def test_b1_single_resources_say_what_will_be_and_then_what_was_done(project: Project, sandbox: Sandbox) -> None:
    program = 'plusofon.AllowedDirection("a", code="36")'
    project.write(program)
    in_order(project.run("up", "--yes").output, f"will open {HUNGARY}", f"opened {HUNGARY}")

    sandbox.set_open([])
    project.write(program + '\nplusofon.AllowedDirection("b", code="44")')
    mended = f"will open {HUNGARY}: it was closed since the last successful update"
    project.run("up", "--yes").says(mended, f"will open {BRITAIN}\n")

    project.write(program.replace("36", "49"))
    replaced = f"will open {GERMANY}; {HUNGARY} closes after that, unless it is still declared"
    told = project.run("up", "--yes").says(f"closed {BRITAIN}")
    in_order(told, replaced, f"opened {GERMANY}", f"closed {HUNGARY}")

    renamed = program.replace('"a"', '"renamed"').replace("36", "49")
    project.update(renamed).says(f"{GERMANY} stays open: the program still declares it")
    project.destroy().says(f"closed {GERMANY}")


def test_more_than_twenty_new_singles_are_not_a_line_each_and_b17_a_number_of_yaml_is_named_with_its_country(
    project: Project,
) -> None:
    with (project.folder / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write("config:\n  test:hu: 036\n")
    project.write('plusofon.AllowedDirection("hungary", code=pulumi.Config().require("hu"))')
    project.preview().says("will open 30 (Greece)")
    codes = ["1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48"]
    codes += ["49", "51", "52", "53", "54", "55"]
    project.write(f"for code in {codes}: plusofon.AllowedDirection(code, code=code)")
    told = project.preview().output
    assert told[told.index("Diagnostics:") :].count("will open") <= 21


# What stays open


def test_b2_b3_b4_a_list_that_is_renamed_or_destroyed_says_what_is_closed_and_what_stays_open(
    project: Project, sandbox: Sandbox
) -> None:
    project.update(whole(["7", "36"]))
    told = project.update(whole(["7"], "renamed")).says(f"closed {HUNGARY}")
    assert f"{HUNGARY} stays open" not in told
    assert HUNGARY not in told.partition("left open")[2]
    assert sandbox.open_codes == {"7"}

    sandbox.set_open(["7", "44"])
    sandbox.clear_requests()
    project.destroy().says(f"left open: {RUSSIA}, {BRITAIN}")
    assert sandbox.calls("GET", ALLOWED_PATH) == 1

    project.update(whole(["7", "36"], more=', on_destroy="close"'))
    sandbox.set_open(["7", "44"])
    in_order(project.destroy().output, f"closed {RUSSIA}", f"left open: {BRITAIN}")
    assert sandbox.open_codes == {"44"}

    project.update(whole(["7"]))
    sandbox.fail_next(9, "status:500", method="GET", path=ALLOWED_PATH)
    project.destroy().says("what is left open is not known: ")
    assert project.resources() == []
    assert sandbox.open_codes == {"7"}


def test_b5_what_a_failed_update_of_our_own_has_closed_was_not_closed_by_somebody(
    project: Project, sandbox: Sandbox
) -> None:
    project.update(whole(["36"]))
    sandbox.fail_next(9, "status:403", method="PUT")
    project.update(whole(["49"]), fails=True).says(f"{GERMANY} was not opened", f"closed {HUNGARY}")
    sandbox.clear_faults()
    project.write(whole(["36"]))
    told = project.preview().says(f"will open {HUNGARY}: it was closed since the last successful update")
    assert "outside Pulumi" not in told


# Where a setting came from; of the environment's and of a Provider: A9 above, and `test_providers`.


def test_b6_a_refused_token_is_named_by_its_source_and_refresh_uses_what_the_last_up_stored(
    project: Project, sandbox: Sandbox
) -> None:
    project.set_env(PLUSOFON_TOKEN=None)
    project.config("plusofon:token", sandbox.token, secret=True)
    project.update('plusofon.AllowedDirection("hungary", code="36")')
    sandbox.fail_next(99, "status:401")
    for run in (project.preview, project.refresh, project.destroy):
        run(fails=True).says(CONFIGURED, STORED)
    sandbox.clear_faults()
    project.config("plusofon:token", "another-token", secret=True)
    project.refresh()
    assert "another-token" not in project.refresh("--run-program", fails=True).says(CONFIGURED)
