"""A single direction, and the whole list, from their first preview to their destruction, on the real engine."""

from __future__ import annotations

import json

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import OF_SECOND, Project, second

HUNGARY = 'hungary = plusofon.AllowedDirection("hungary", code="36"{})\n'
ONE = HUNGARY.format("")
CLOSED = "will open 36 (Hungary): it was closed since the last successful update"
OPENED = "will close 53 (Cuba): it was opened since the last successful update"


def whole(codes: object, more: str = "") -> str:
    return f'whole = plusofon.AllowedDirections("account", codes={codes}{more})\n'


def events(sandbox: Sandbox) -> list[tuple[str, list[str]]]:
    return [(change.event, change.codes) for change in sandbox.history if change.by == "api"]


@pytest.mark.oldest
def test_the_life_of_one_direction_and_then_of_the_whole_list(project: Project, sandbox: Sandbox) -> None:
    project.write(ONE + 'pulumi.export("names", [hungary.code, hungary.name, hungary.english_name])')
    project.preview().says("AllowedDirection hungary create", "will open 36 (Hungary)\n")
    assert sandbox.open_codes == set()
    project.up().says("opened 36 (Hungary)")
    assert project.outputs()["names"] == ["36", "Венгрия", "Hungary"]
    [resource] = project.resources()
    assert (resource["id"], resource["inputs"].keys()) == ("36", {"__provider", "code"})
    project.up("--expect-no-changes").says("2 unchanged")

    sandbox.set_open([])
    told = project.preview("--expect-no-changes", fails=True).says("~ 1 to update")
    assert 1 <= told.count(CLOSED) <= 2, "once as it comes, once among the diagnostics"
    assert sandbox.open_codes == set()
    project.up().says("~ 1 updated")
    assert sandbox.open_codes == {"36"}
    sandbox.set_open(["53"])
    project.refresh()
    assert project.resources() == []
    # What is open is adopted without a write, and what is not declared is left alone.
    sandbox.set_open(["53", "36"])
    project.up()
    project.destroy()
    assert events(sandbox) == [("open", ["36"]), ("open", ["36"]), ("close", ["36"])]
    assert sandbox.open_codes == {"53"}

    sandbox.set_open(["53", "7"])
    project.write(whole(["+36", " 7", "7"]) + 'pulumi.export("codes", whole.codes)')
    project.preview().says("will close 53 (Cuba): it is open and not declared")
    project.up()
    assert events(sandbox)[-2:] == [("close", ["53"]), ("open", ["36"])]
    assert sandbox.open_codes == {"7", "36"}
    assert project.outputs()["codes"] == ["36", "7"]
    project.preview("--expect-no-changes")

    sandbox.set_open(["7", "53"])
    messages = {each["message"].strip() for each in json.loads(project.preview("--json").stdout)["diagnostics"]}
    assert messages == {CLOSED, OPENED}
    project.preview("--refresh", "--diff").says('~ [0]: "53" => "36"')
    project.refresh()
    assert project.resources()[0]["inputs"]["codes"] == project.resources()[0]["outputs"]["codes"] == ["53", "7"]
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.destroy()
    assert sandbox.open_codes == {"7", "36"}


def test_a_code_of_two_modules_stays_open_until_the_last_one_drops_it(project: Project, sandbox: Sandbox) -> None:
    other = 'plusofon.AllowedDirection("other", code="+36")\n'
    project.update(ONE + other)
    project.update(other)
    assert sandbox.open_codes == {"36"}
    project.preview("--expect-no-changes")
    project.update("")
    assert [event for event, _ in events(sandbox)] == ["open", "close"]


def test_a_direction_a_secret_and_every_spelling_of_a_code_mean_the_same(project: Project, sandbox: Sandbox) -> None:
    project.update("""
        for name, code in dict(a="+36", b=" 58 ", c=7, d="4-4", e=53.0, f=pulumi.Output.secret("1")).items():
            plusofon.AllowedDirection(name, code=code)
    """)
    assert sandbox.open_codes == {"36", "58", "7", "44", "53", "1"}
    [secret] = [each for each in project.resources() if each["urn"].endswith("::f")]
    assert secret["inputs"]["code"] != "1"
    project.write("""
        hungary = plusofon.get_direction("Hungary")
        codes = dict(a=hungary, b="58", c="+7", d="44", e=plusofon.get_direction("куба"), f=pulumi.Output.secret(1))
        for name, code in codes.items():
            plusofon.AllowedDirection(name, code=code)
    """)
    project.preview("--expect-no-changes")
    project.update(whole('{"+36", 1, " 7 ", plusofon.get_direction("36")}'))
    project.write(whole(["7", "36", "1"]))
    project.preview("--expect-no-changes")


# Refused by a constructor, by the plugin, and of an Output: the unit tests have every case.
REFUSED = {
    whole("'36'"): "it is not a list",
    ONE.replace('"36"', '"361"'): "has no direction with the code or name '361'; the nearest: 36 (Hungary)",
    whole("pulumi.Output.from_input(['36', ''])"): "'' is not a calling code: it is empty",
}


def test_what_cannot_work_is_refused_in_preview_or_when_it_is_known(project: Project, sandbox: Sandbox) -> None:
    for program, why in REFUSED.items():
        project.write(program)
        project.preview(fails=True).says(why)
    assert events(sandbox) == []
    odd = ONE + 'plusofon.AllowedDirection("odd", code=hungary.name)'
    project.update(odd, fails=True).says("'Венгрия' is not a calling code")
    assert sandbox.open_codes == {"36"}


def test_another_code_is_opened_before_the_old_one_is_closed(project: Project, sandbox: Sandbox) -> None:
    project.update(ONE)
    project.update(ONE.replace("36", "58"), "--refresh")
    assert events(sandbox) == [("open", ["36"]), ("open", ["58"]), ("close", ["36"])]


def test_an_empty_list_closes_everything_and_is_a_list_after_a_refresh(project: Project, sandbox: Sandbox) -> None:
    opened = ["1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "992", "998"]
    sandbox.set_open(opened)
    project.write(whole([]))
    project.run("up", "--yes").says("; also 992, 998: they are open and not declared")
    assert sandbox.open_codes == set()
    project.refresh()
    assert len(project.resources()) == 1
    sandbox.set_open(["53"])
    project.preview().says(OPENED)


def test_protect_and_retain_on_delete_keep_a_code_open(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    of_other = whole(["36"], ', on_destroy="close"' + OF_SECOND.replace("second)", "second, {0})"))
    program = second(other) + HUNGARY.format(", opts=pulumi.ResourceOptions({0})") + of_other
    project.update(program.format("protect=True"))
    sandbox.set_open([])
    other.set_open([])
    project.up()
    assert sandbox.open_codes == other.open_codes == {"36"}, "it is mended"
    project.destroy(fails=True).says("protected")
    assert len(project.resources()) == 2
    project.update(program.format("protect=False, retain_on_delete=True"))
    project.destroy()
    assert sandbox.open_codes == other.open_codes == {"36"}
    assert project.resources() == []
