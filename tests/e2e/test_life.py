"""A single direction, and the whole list, from their first preview to their destruction, on the real engine."""

from __future__ import annotations

import json

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

HUNGARY = 'hungary = plusofon.AllowedDirection("hungary", code="36"{})\n'
ONE = HUNGARY.format("")
CLOSED = "will open 36 (Hungary): it was closed since the last successful update"
OPENED = "will close 53 (Cuba): it was opened since the last successful update"


def whole(codes: object, more: str = "") -> str:
    return f'whole = plusofon.AllowedDirections("account", codes={codes}{more})\n'


def with_options(program: str, options: str) -> str:
    return program.replace(")\n", f", opts=pulumi.ResourceOptions({options}))\n")


def events(sandbox: Sandbox) -> list[tuple[str, list[str]]]:
    return [(change.event, change.codes) for change in sandbox.history if change.by == "api"]


@pytest.mark.oldest
def test_the_life_of_one_direction_and_then_of_the_whole_list(project: Project, sandbox: Sandbox) -> None:
    project.write(ONE + 'pulumi.export("names", [hungary.code, hungary.name, hungary.english_name])')
    told = project.preview().output
    assert "AllowedDirection hungary create" in told
    assert "will open 36 (Hungary)\n" in told
    assert sandbox.open_codes == set()
    assert "opened 36 (Hungary)" in project.up().output
    assert project.outputs()["names"] == ["36", "Венгрия", "Hungary"]
    [resource] = project.resources()
    assert (resource["id"], resource["inputs"].keys()) == ("36", {"__provider", "code"})
    assert "2 unchanged" in project.up("--expect-no-changes").output

    sandbox.set_open([])
    told = project.preview().output
    assert "~ 1 to update" in told
    assert 1 <= told.count(CLOSED) <= 2, "once as it comes, once among the diagnostics"
    project.preview("--expect-no-changes", fails=True)
    assert sandbox.open_codes == set()
    assert "~ 1 updated" in project.up().output
    assert sandbox.open_codes == {"36"}
    sandbox.set_open(["53"])
    project.refresh()
    assert project.resources() == []
    project.up()
    project.destroy()
    assert sandbox.open_codes == {"53"}

    sandbox.set_open(["53", "7"])
    project.write(whole(["+36", " 7", "7"]) + 'pulumi.export("codes", whole.codes)')
    told = project.preview().output
    assert "will close 53 (Cuba): it is open and not declared" in told
    assert sandbox.open_codes == {"53", "7"}
    project.up()
    assert events(sandbox)[-2:] == [("close", ["53"]), ("open", ["36"])]
    assert sandbox.open_codes == {"7", "36"}
    assert project.outputs()["codes"] == ["36", "7"]
    project.preview("--expect-no-changes")

    sandbox.set_open(["7", "53"])
    messages = {each["message"].strip() for each in json.loads(project.preview("--json").stdout)["diagnostics"]}
    assert messages == {CLOSED, OPENED}
    assert '~ [0]: "53" => "36"' in project.preview("--refresh", "--diff").output
    project.refresh()
    assert project.resources()[0]["inputs"]["codes"] == project.resources()[0]["outputs"]["codes"] == ["53", "7"]
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.destroy()
    assert sandbox.open_codes == {"7", "36"}


def test_what_is_open_is_adopted_and_what_is_not_declared_is_left_alone(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "58"])
    project.write(ONE)
    project.up()
    assert events(sandbox) == []
    assert project.resources()[0]["outputs"]["name"] == "Венгрия"
    project.destroy()
    assert sandbox.open_codes == {"58"}


def test_a_code_of_two_modules_stays_open_until_the_last_one_drops_it(project: Project, sandbox: Sandbox) -> None:
    other = 'plusofon.AllowedDirection("other", code="+36")\n'
    project.write(ONE + other)
    project.up()
    for program in (other, ONE):
        project.write(program)
        project.up()
        assert sandbox.open_codes == {"36"}
        project.preview("--expect-no-changes")
    project.write("")
    project.up()
    assert [event for event, _ in events(sandbox)] == ["open", "close"]


def test_a_direction_a_secret_and_every_spelling_of_a_code_mean_the_same(project: Project, sandbox: Sandbox) -> None:
    spelled = """
        for name, code in dict(a="+36", b=" 58 ", c=7, d="4-4", e=53.0, f=pulumi.Output.secret("1")).items():
            plusofon.AllowedDirection(name, code=code)
    """
    project.write(spelled)
    project.up()
    assert sandbox.open_codes == {"36", "58", "7", "44", "53", "1"}
    [secret] = [each for each in project.resources() if each["urn"].endswith("::f")]
    assert secret["inputs"]["code"] != "1"
    project.write("""
        estonia = plusofon.get_direction("Hungary")
        codes = dict(a=estonia, b="58", c="+7", d="44", e=plusofon.get_direction("куба"), f=pulumi.Output.secret(1))
        for name, code in codes.items():
            plusofon.AllowedDirection(name, code=code)
    """)
    project.preview("--expect-no-changes")
    project.write(whole('{"+36", 1, " 7 ", plusofon.get_direction("36")}'))
    project.up()
    project.write(whole(["7", "36", "1"]))
    project.preview("--expect-no-changes")


REFUSED = {
    ONE.replace('"36"', '"Hungaria"'): "Hungary",
    ONE.replace('"36"', '"0036"'): "00 is what a caller dials before a calling code",
    ONE.replace('"36"', '"361"'): "has no direction with the calling code 361; the nearest: 36 (Hungary)",
    ONE.replace('"36"', "None"): "it is missing",
    whole("None"): "it is missing",
    whole("'36'"): "it is not a list",
    whole(["36", None]): "None is not a calling code",
    whole("pulumi.Output.from_input(['36', ''])"): "'' is not a calling code: it is empty",
    whole(["36"], ", on_destroy='keep'"): '"retain"',
}


def test_what_cannot_work_is_refused_in_preview(project: Project, sandbox: Sandbox) -> None:
    for program, why in REFUSED.items():
        project.write(program)
        told = project.preview(fails=True).output
        assert why in told, program
        assert not traceback_in(told)
    assert events(sandbox) == []


def test_an_output_that_turns_out_to_be_no_code_fails_in_plain_words(project: Project, sandbox: Sandbox) -> None:
    project.write(ONE + 'plusofon.AllowedDirection("odd", code=hungary.name)')
    assert "+ 3 to create" in project.preview().output
    told = project.up(fails=True).output
    assert "'Венгрия' is not a calling code" in told
    assert not traceback_in(told)
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("refresh", [[], ["--refresh"]], ids=["plain", "refresh"])
def test_another_code_is_opened_before_the_old_one_is_closed(
    project: Project, sandbox: Sandbox, refresh: list[str]
) -> None:
    project.write(ONE)
    project.up()
    project.write(ONE.replace("36", "58"))
    assert "to replace" in project.preview().output
    project.up(*refresh)
    assert events(sandbox) == [("open", ["36"]), ("open", ["58"]), ("close", ["36"])]


def test_an_empty_list_closes_everything_and_is_a_list_after_a_refresh(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "36"])
    project.write(whole([]))
    project.up()
    assert sandbox.open_codes == set()
    project.refresh()
    assert len(project.resources()) == 1
    project.preview("--expect-no-changes")
    sandbox.set_open(["53"])
    assert OPENED in project.preview().output


@pytest.mark.parametrize("program", [ONE, whole(["36"], ', on_destroy="close"')], ids=["one", "whole"])
def test_protect_and_retain_on_delete_keep_a_code_open(project: Project, sandbox: Sandbox, program: str) -> None:
    project.write(with_options(program, "protect=True"))
    project.up()
    sandbox.set_open([])
    project.up()
    assert sandbox.open_codes == {"36"}, "it is mended"
    project.write("")
    assert "protected" in project.up(fails=True).output
    project.write(with_options(program, "protect=False, retain_on_delete=True"))
    project.up()
    project.destroy()
    assert sandbox.open_codes == {"36"}
    assert project.resources() == []


def test_an_import_by_hand_fails_and_changes_nothing(project: Project, sandbox: Sandbox) -> None:
    type_ = "pulumi-python:dynamic/plusofon:AllowedDirection"
    project.run("import", type_, "by-hand", "36", "--yes", "--skip-preview", fails=True)
    assert project.resources() == []
    assert sandbox.requests == []
