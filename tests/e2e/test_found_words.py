"""What came out wrong in version 0.1.0, by the numbers that it was found under: what is said."""

from __future__ import annotations

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import SETTINGS, Project

RUSSIA, HUNGARY, CUBA = "7 (Kazakhstan, Russia)", "36 (Hungary)", "53 (Cuba)"
BELARUS, GERMANY = "375 (Belarus)", "49 (Germany)"
BRITAIN = "44 (United Kingdom, Guernsey, Jersey, Isle of Man)"
STORED = "refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)"
CONFIGURED = "the token of plusofon:token in the stack's configuration"


def whole(codes: list[str], name: str = "all", more: str = "") -> str:
    return f'plusofon.AllowedDirections("{name}", codes={codes}{more})'


def in_order(output: str, *lines: str) -> None:
    """See that these lines are there, in this order."""
    found = [output.find(line) for line in lines]
    assert -1 not in found, [line for line, place in zip(lines, found, strict=True) if place < 0] + [output]
    assert found == sorted(found), output


# Plans and results, of both kinds


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


# Where a setting came from; of the environment's and of a Provider: `test_found`, `test_providers`.


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
