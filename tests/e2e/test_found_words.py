"""What came out wrong in version 0.1.0, by the numbers that it was found under: what is said."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import SETTINGS, Project
from tests.e2e.tracebacks import traceback_in

RUSSIA, HUNGARY, CUBA = "7 (Kazakhstan, Russia)", "36 (Hungary)", "53 (Cuba)"
BELARUS, GERMANY = "375 (Belarus)", "49 (Germany)"
BRITAIN = "44 (United Kingdom, Guernsey, Jersey, Isle of Man)"
STORED = "refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)"


def whole(codes: list[str], name: str = "all", more: str = "") -> str:
    return f'plusofon.AllowedDirections("{name}", codes={codes}{more})'


def said(output: str, *lines: str) -> None:
    """See that these lines are there, in this order, without a traceback."""
    found = [output.find(line) for line in lines]
    assert -1 not in found, [line for line, place in zip(lines, found, strict=True) if place < 0] + [output]
    assert found == sorted(found), output
    assert not traceback_in(output)


# Plans and results, of both kinds


def test_b1_a_whole_list_says_what_will_be_and_then_what_was_done(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["375"])
    project.write(whole(["7"]))
    told = project.run("up", "--yes").output
    said(told, f"will close {BELARUS}: it is open and not declared", f"closed {BELARUS}")
    said(told, f"will open {RUSSIA}", f"opened {RUSSIA}")
    assert "pulumi up" not in told

    sandbox.set_open(["53", "20"])
    told = project.preview().output
    said(told, "will close 20 (Egypt), 53 (Cuba): they were opened since the last successful update")
    said(told, f"will open {RUSSIA}: it was closed since the last successful update")
    said(project.up().output, "closed 20 (Egypt), 53 (Cuba)", f"opened {RUSSIA}")


def test_b1_single_resources_say_what_will_be_and_then_what_was_done(project: Project, sandbox: Sandbox) -> None:
    program = 'plusofon.AllowedDirection("a", code="36")'
    project.write(program)
    said(project.run("up", "--yes").output, f"will open {HUNGARY}", f"opened {HUNGARY}")

    sandbox.set_open([])
    project.write(program + '\nplusofon.AllowedDirection("b", code="44")')
    told = project.preview().output
    said(told, f"will open {HUNGARY}: it was closed since the last successful update")
    said(told, f"will open {BRITAIN}\n")
    project.up()

    project.write(program.replace("36", "49"))
    replaced = f"will open {GERMANY}; {HUNGARY} closes after that, unless it is still declared"
    said(project.preview().output, replaced)
    told = project.up().output
    said(told, replaced, f"opened {GERMANY}", f"closed {HUNGARY}")
    said(told, f"closed {BRITAIN}")

    project.write(program.replace('"a"', '"renamed"').replace("36", "49"))
    said(project.up().output, f"{GERMANY} stays open: the program still declares it")
    said(project.destroy().output, f"closed {GERMANY}")


def test_the_eleventh_code_that_will_close_is_named_by_its_number(project: Project, sandbox: Sandbox) -> None:
    opened = ["1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "992", "998"]
    sandbox.set_open(opened)
    project.write(whole([]))
    told = project.preview().output
    assert "; also 992, 998: they are open and not declared" in told
    said(project.up().output, "; also 992, 998")
    assert sandbox.open_codes == set()


def test_more_than_twenty_new_singles_are_not_a_line_each(project: Project) -> None:
    codes = ["1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48"]
    codes += ["49", "51", "52", "53", "54", "55"]
    project.write(f"for code in {codes}: plusofon.AllowedDirection(code, code=code)")
    told = project.preview().output
    diagnostics = told[told.index("Diagnostics:") :]
    assert diagnostics.count("will open") <= 21


# What stays open


LEFT = {
    "some": (["7", "44"], "", f"left open: {RUSSIA}, {BRITAIN}"),
    "nothing": ([], "", "left open: nothing"),
    "unreadable": (["7"], "status:500", "what is left open is not known: "),
    "no-token": (["7"], "no token", "what is left open is not known: "),
}


@pytest.mark.parametrize("now_open,fault,left", LEFT.values(), ids=LEFT)
def test_b2_what_a_destroyed_list_leaves_open_is_read_once_and_nothing_keeps_it_from_being_destroyed(
    project: Project, sandbox: Sandbox, now_open: list[str], fault: str, left: str
) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    sandbox.set_open(now_open)
    sandbox.clear_requests()
    if fault == "no token":
        project.set_env(PLUSOFON_TOKEN=None)
    elif fault:
        sandbox.fail_next(9, fault, method="GET", path=ALLOWED_PATH)
    told = project.destroy().output
    said(told, left)
    assert HUNGARY not in told
    assert project.resources() == []
    assert sandbox.open_codes == set(now_open)
    assert sandbox.calls("GET", ALLOWED_PATH) == (fault != "no token")


def test_b3_a_renamed_list_that_drops_a_code_does_not_say_that_it_stays(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    project.write(whole(["7"], "renamed"))
    told = project.up().output
    said(told, f"closed {HUNGARY}")
    assert f"{HUNGARY} stays open" not in told
    assert HUNGARY not in told.partition("left open")[2]
    assert sandbox.open_codes == {"7"}


def test_b4_a_list_that_closes_names_what_it_closed_and_what_stays(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36"], more=', on_destroy="close"'))
    project.up()
    sandbox.set_open(["7", "44"])
    said(project.destroy().output, f"closed {RUSSIA}", f"left open: {BRITAIN}")
    assert sandbox.open_codes == {"44"}


def test_b5_what_a_failed_update_of_our_own_has_closed_was_not_closed_by_somebody(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(whole(["36"]))
    project.up()
    project.write(whole(["49"]))
    sandbox.fail_next(9, "status:403", method="PUT")
    told = project.up(fails=True).output
    said(told, f"{GERMANY} was not opened")
    assert f"closed {HUNGARY}" in told
    sandbox.clear_faults()
    project.write(whole(["36"]))
    told = project.preview().output
    said(told, f"will open {HUNGARY}: it was closed since the last successful update")
    assert "outside Pulumi" not in told


# Where a setting came from


SOURCES = {
    "configuration": "the token of plusofon:token in the stack's configuration",
    "environment": "the token of PLUSOFON_TOKEN",
    "provider": 'the token of the Provider "second"',
}


@pytest.mark.parametrize("source", SOURCES)
def test_b6_a_refused_token_is_named_by_its_source(project: Project, sandbox: Sandbox, source: str) -> None:
    second = f'second = plusofon.Provider("second", token="{sandbox.token}", base_url="{sandbox.url}")\n'
    options = ", opts=pulumi.ResourceOptions(provider=second)" if source == "provider" else ""
    project.write(second * bool(options) + f'plusofon.AllowedDirection("hungary", code="36"{options})')
    project.set_env(PLUSOFON_TOKEN=sandbox.token if source == "environment" else None)
    if source == "configuration":
        project.config("plusofon:token", sandbox.token, secret=True)
    project.up()
    sandbox.fail_next(99, "status:401")
    for run in (project.preview, project.refresh, project.destroy):
        told = run(fails=True).output
        said(told, SOURCES[source])
        assert (STORED in told) == (source == "configuration"), told


def test_b6_refresh_uses_what_the_last_up_stored_and_the_current_token_with_the_program(
    project: Project, sandbox: Sandbox
) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    project.config("plusofon:token", sandbox.token, secret=True)
    project.up()
    project.config("plusofon:token", "another-token", secret=True)
    project.refresh()
    told = project.refresh("--run-program", fails=True).output
    said(told, "the token of plusofon:token in the stack's configuration")
    assert "another-token" not in told


def test_b17_a_code_that_yaml_took_for_another_number_is_named_with_its_country(
    project: Project, sandbox: Sandbox
) -> None:
    with (project.folder / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write("config:\n  test:hu: 036\n")
    project.write('plusofon.AllowedDirection("hungary", code=pulumi.Config().require("hu"))')
    told = project.preview().output
    said(told, "will open 30 (Greece)")
