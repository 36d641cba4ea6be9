"""A single direction, and the whole list, from their first preview to their destruction, on the real engine."""

from __future__ import annotations

import json

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import SETTINGS, Project, in_order, writes

HUNGARY = 'hungary = plusofon.AllowedDirection("hungary", code="36")\n'
BRITAIN = "44 (United Kingdom, Guernsey, Jersey, Isle of Man)"
SINCE = "since the last successful update"
CLOSED, OPENED = f"will open 36 (Hungary): it was closed {SINCE}", f"will close 53 (Cuba): it was opened {SINCE}"


def whole(codes: object, name: str = "account", more: str = "") -> str:
    return f'whole = plusofon.AllowedDirections("{name}", codes={codes}{more})\n'


def events(sandbox: Sandbox) -> list[tuple[str, list[str]]]:
    return [(change.event, change.codes) for change in sandbox.history if change.by == "api"]


@pytest.mark.oldest
def test_the_life_of_one_direction_and_what_is_said_of_it(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY + 'pulumi.export("names", [hungary.code, hungary.name, hungary.english_name])')
    project.preview().says("AllowedDirection hungary create", "will open 36 (Hungary)\n")
    assert sandbox.open_codes == set()
    in_order(project.run("up", "--yes"), "will open 36 (Hungary)", "opened 36 (Hungary)")
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
    assert events(sandbox) == [("open", ["36"])] * 2

    project.write(HUNGARY.replace("36", "44"))
    replaced = f"will open {BRITAIN}; 36 (Hungary) closes after that, unless it is declared or retained"
    in_order(project.run("up", "--yes", "--refresh"), replaced, f"opened {BRITAIN}", "closed 36 (Hungary)")
    assert events(sandbox)[2:] == [("open", ["44"]), ("close", ["36"])]
    project.destroy().says(f"closed {BRITAIN}")
    assert sandbox.open_codes == {"53"}


@pytest.mark.oldest
def test_the_life_of_the_whole_list_and_what_is_said_of_it(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53", "7"])
    project.write(whole('{"+36", " 7 ", 7, plusofon.get_direction("36")}') + 'pulumi.export("codes", whole.codes)')
    created = project.run("up", "--yes")
    in_order(created, "will close 53 (Cuba): it is open and not declared", "closed 53 (Cuba)", "opened 36 (Hungary)")
    in_order(created, "will open 36 (Hungary)", "opened 36 (Hungary)")
    assert "pulumi up" not in created.output
    assert events(sandbox) == [("close", ["53"]), ("open", ["36"])]
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

    # What a failed update of our own has closed was not closed by somebody (B5).
    sandbox.fail_next(9, "status:403", method="PUT")
    project.update(whole(["7", "44"]), fails=True).says(f"{BRITAIN} was not opened", "closed 36 (Hungary)")
    sandbox.clear_faults()
    # A new name without 36, which is closed (B3); what is left open is read from the account (B2).
    sandbox.set_open(["7", "36"])
    told = project.update(whole(["7"], "renamed")).says("closed 36 (Hungary)")
    assert "36 (Hungary) stays open" not in told
    assert "36 (Hungary)" not in told.partition("left open")[2]
    sandbox.set_open(["7", "44"])
    sandbox.clear_requests()
    project.destroy().says(f"left open: 7 (Kazakhstan, Russia), {BRITAIN}")
    assert (sandbox.calls("GET", ALLOWED_PATH), writes(sandbox)) == (1, 0)


def test_a_list_that_closes_when_it_ends_and_one_that_is_empty(project: Project, sandbox: Sandbox) -> None:
    opened = ["1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "992", "998"]
    sandbox.set_open(opened)
    project.write(whole([]))
    project.run("up", "--yes").says("; also 992, 998: they are open and not declared")
    assert sandbox.open_codes == set()
    project.refresh()
    assert len(project.resources()) == 1
    sandbox.set_open(["53"])
    project.preview().says(OPENED)
    project.update(whole(["7", "36"], more=', on_destroy="close"'))
    sandbox.set_open(["7", "44"])
    # B4
    in_order(project.destroy(), "closed 7 (Kazakhstan, Russia)", f"left open: {BRITAIN}")
    assert sandbox.open_codes == {"44"}


def test_every_spelling_of_a_code_means_the_same_or_is_refused(project: Project, sandbox: Sandbox) -> None:
    with (project.folder / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write("config:\n  test:greece: 036\n")  # in YAML a number in base eight: 30 (B17)
    project.update("""
        greece, secret = pulumi.Config().require("greece"), pulumi.Output.secret("1")
        for name, code in dict(a="+36", b=" 58 ", c=7, d="4-4", e=53.0, f=secret, g=greece).items():
            plusofon.AllowedDirection(name, code=code)
    """)
    assert sandbox.open_codes == {"36", "58", "7", "44", "53", "1", "30"}
    [secret] = [each for each in project.resources() if each["urn"].endswith("::f")]
    assert secret["inputs"]["code"] != "1"
    same = """
        hungary = plusofon.get_direction("Hungary")
        cuba, secret = plusofon.get_direction("куба"), pulumi.Output.secret(1)
        for name, code in dict(a=hungary, b="58", c="+7", d="44", e=cuba, f=secret, g=30).items():
            a = plusofon.AllowedDirection(name, code=code)
    """
    project.write(same)
    project.preview("--expect-no-changes")
    odd = f'{same}    plusofon.AllowedDirection("odd", code=a.name)\n'
    project.update(odd, fails=True).says("'Греция' is not a calling code")
    assert len(sandbox.open_codes) == 7
