"""The whole list of an account as one resource, on the real engine."""

from __future__ import annotations

import json

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.e2e.counting import CATALOGUE, LIST, calls, check_cost
from tests.e2e.harness import Project
from tests.e2e.running import started
from tests.e2e.tracebacks import traceback_in
from tests.waiting import until

ALL_CODES = sorted({row.code for row in catalogue()})
CUBA_OPENED = "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it."
HUNGARY_CLOSED = "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it."


def whole(codes: list[str], more: str = "") -> str:
    return f'whole = plusofon.AllowedDirections("account", codes={codes}{more})'


def events(sandbox: Sandbox) -> list[tuple[str, list[str], str]]:
    return [(change.event, change.codes, change.by) for change in sandbox.history]


@pytest.mark.oldest
def test_exactly_the_declared_codes_are_open_and_drift_is_named_and_mended(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53", "7"])
    project.write(whole(["+36", " 7", "7"]) + '\npulumi.export("codes", whole.codes)')
    told = project.preview().output
    assert "53 (Cuba) is open and not declared; `pulumi up` closes it." in told
    assert "36 (Hungary) is declared and not open; `pulumi up` opens it." in told
    assert sandbox.open_codes == {"53", "7"}

    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert events(sandbox)[-2:] == [("close", ["53"], "api"), ("open", ["36"], "api")]
    assert project.outputs()["codes"] == ["36", "7"]
    project.preview("--expect-no-changes")

    sandbox.set_open(["7", "53"])
    told = project.preview().output
    assert CUBA_OPENED in told
    assert HUNGARY_CLOSED in told
    assert "~ 1 to update" in told
    project.preview("--expect-no-changes", fails=True)
    messages = [each["message"].strip() for each in json.loads(project.preview("--json").stdout)["diagnostics"]]
    assert sorted(messages) == [HUNGARY_CLOSED, CUBA_OPENED]

    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.preview("--expect-no-changes")


def test_order_spelling_and_duplicates_never_show_as_a_difference(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36", "1"]))
    project.up()
    project.write('plusofon.AllowedDirections("account", codes={"+36", 1, " 7 ", "36"})')
    project.preview("--expect-no-changes")


@pytest.mark.oldest
def test_with_a_refresh_the_difference_is_one_of_properties(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    sandbox.set_open(["7", "53"])
    told = project.preview("--refresh", "--diff").output
    assert '~ [0]: "53" => "36"' in told
    assert told.count(CUBA_OPENED) == told.count(HUNGARY_CLOSED) == 1
    assert "not declared" not in told
    project.refresh()
    assert project.resources()[0]["inputs"]["codes"] == project.resources()[0]["outputs"]["codes"] == ["53", "7"]
    assert '~ [0]: "53" => "36"' in project.preview("--diff").output
    project.up()
    assert sandbox.open_codes == {"7", "36"}


def test_an_empty_list_closes_everything_and_is_a_list_after_a_refresh(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "36"])
    project.write(whole([]))
    project.up()
    assert sandbox.open_codes == set()
    project.refresh()
    assert len(project.resources()) == 1
    project.preview("--expect-no-changes")
    sandbox.set_open(["53"])
    assert CUBA_OPENED in project.preview().output


@pytest.mark.parametrize(
    "codes,why",
    [
        ("None", "property codes value {<nil>} has a problem: it is missing"),
        ("'36'", 'it is not a list: give the codes as in ["7", "36"]'),
        ("36", "it is not a list"),
        ("{'a': '36'}", "it is not a list"),
        ("['36', None]", "None is not a calling code"),
        ("['36', '']", "'' is not a calling code: it is empty"),
        ("pulumi.Output.from_input(['36', None])", "None is not a calling code"),
        ("['36', '0058']", "00 is what a caller dials"),
        ("['36', '9999']", "has no direction with the calling code 9999"),
        ("['36'], on_destroy='keep'", 'it is "retain" (leave the directions open) or "close"'),
    ],
)
def test_what_is_no_list_of_codes_is_refused_before_any_write(
    project: Project, sandbox: Sandbox, codes: str, why: str
) -> None:
    project.write(f'plusofon.AllowedDirections("account", codes={codes})')
    told = project.preview(fails=True).output
    assert why in told
    assert not traceback_in(told)
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


def test_codes_that_are_outputs_are_known_in_time(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        other = plusofon.AllowedDirection("hungary", code="36")
        plusofon.AllowedDirections("account", codes=["36", other.english_name.apply(lambda _: "58")])
    """)
    assert "AllowedDirections account create" in project.preview().output
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    project.preview("--expect-no-changes")


def test_destruction_retains_by_default_and_says_what_stays_open(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    calls(sandbox)
    told = project.destroy().output
    assert '36 (Hungary) stays open: on_destroy is "retain".' in told
    assert calls(sandbox) == {}
    assert sandbox.open_codes == {"7", "36"}


def test_destruction_closes_the_recorded_codes_where_asked_to(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    calls(sandbox)
    project.write(whole(["7", "36"], ', on_destroy="close"'))
    assert "~ 1 updated" in project.up().output
    assert calls(sandbox).keys() == {LIST}
    sandbox.set_open(["7", "36", "53"])
    project.destroy()
    assert sandbox.open_codes == {"53"}


def test_the_number_of_calls_does_not_grow_with_the_codes(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["998"])
    project.write(whole([code for code in ALL_CODES if code != "998"]))
    check_cost(sandbox, project.preview(), {CATALOGUE: 1, LIST: 1})
    writes = {("DELETE", ALLOWED_PATH): 1, ("PUT", ALLOWED_PATH): 1}
    check_cost(sandbox, project.up(), {CATALOGUE: 1, LIST: 2, **writes})
    assert len(sandbox.open_codes) == len(ALL_CODES) - 1 >= 214
    check_cost(sandbox, project.preview("--expect-no-changes"), {LIST: 1})
    check_cost(sandbox, project.up(), {LIST: 1})
    check_cost(sandbox, project.refresh(), {LIST: 1})


def test_a_home_direction_that_cannot_be_closed_is_an_error_that_explains(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R11": "always"})
    project.write(whole(["36"]))
    told = project.up(fails=True).output
    assert "7 (Kazakhstan, Russia) was not closed" in told or "7 (Kazakhstan) was not closed" in told
    assert "If it is the account's home direction, Plusofon keeps it open: declare it" in told
    project.write(whole(["7", "36"]))
    project.up()
    project.preview("--expect-no-changes")


@pytest.mark.parametrize("fault", ["status:403", "status:500", "html:200", "success-false"])
def test_a_list_that_cannot_be_read_is_never_an_empty_one(project: Project, sandbox: Sandbox, fault: str) -> None:
    project.write(whole(["7", "36"]))
    project.up()
    sandbox.fail_next(50, fault=fault)
    for run in (project.refresh, project.preview, project.up):
        told = run(fails=True).output
        assert "GET /api/v1/direction" in told
        assert not traceback_in(told)
    sandbox.clear_faults()
    assert project.resources()[0]["outputs"]["codes"] == ["36", "7"]
    assert sandbox.open_codes == {"7", "36"}


def test_an_update_whose_closing_fails_opens_nothing_and_the_next_one_finishes(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(whole(["7"]))
    project.up()
    sandbox.set_open(["7", "53"])
    project.write(whole(["7", "36"]))
    sandbox.fail_next(5, fault="status:403", method="DELETE")
    told = project.up(fails=True).output
    assert "53 (Cuba) was not closed" in told
    assert sandbox.open_codes == {"7", "53"}
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.preview("--expect-no-changes")


def test_an_update_whose_opening_fails_leaves_fewer_open_and_the_next_one_finishes(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["53"])
    project.write(whole(["7", "36"]))
    sandbox.fail_next(5, fault="ignore", method="PUT")
    told = project.up(fails=True).output
    assert "36 (Hungary), 7 (Kazakhstan, Russia) were not opened" in told
    assert sandbox.open_codes == set()
    assert project.resources() == []
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"7", "36"}


def test_a_plugin_killed_between_closing_and_opening_is_finished_by_the_next_update(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["53"])
    project.write(whole(["7", "36"]))
    sandbox.fail_next(99, fault="hang", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.kill_plugins()
        assert run.wait() != 0
    assert sandbox.open_codes == set()
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.preview("--expect-no-changes")


def test_ignored_changes_hold_the_list_to_what_state_recorded(project: Project, sandbox: Sandbox) -> None:
    ignoring = ', opts=pulumi.ResourceOptions(ignore_changes=["codes"])'
    project.write(whole(["7"], ignoring))
    project.up()
    project.write(whole(["7", "36"], ignoring) + '\nplusofon.AllowedDirection("seven", code="7")')
    sandbox.set_open(["7", "53"])
    project.up()
    assert sandbox.open_codes == {"7"}


def test_a_protected_list_is_mended_and_not_given_up(project: Project, sandbox: Sandbox) -> None:
    protected = ', on_destroy="close", opts=pulumi.ResourceOptions(protect=True)'
    project.write(whole(["7"], protected))
    project.up()
    sandbox.set_open(["53"])
    project.up()
    assert sandbox.open_codes == {"7"}
    project.destroy(fails=True)
    assert sandbox.open_codes == {"7"}


def test_retain_on_delete_beats_closing(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7"], ', on_destroy="close", opts=pulumi.ResourceOptions(retain_on_delete=True)'))
    project.up()
    project.destroy()
    assert sandbox.open_codes == {"7"}


def test_an_update_of_another_target_leaves_the_list_alone(project: Project, sandbox: Sandbox) -> None:
    project.write(whole(["7"]))
    project.up()
    sandbox.set_open(["7", "53"])
    project.write(whole(["7", "36"]) + '\nplusofon.AllowedDirection("hungary", code="36")')
    project.up("--target", "**AllowedDirection::hungary")
    assert sandbox.open_codes == {"7", "36", "53"}
    project.up("--target", "**AllowedDirections::account")
    assert sandbox.open_codes == {"7", "36"}


@pytest.mark.parametrize("kind,id_", [("AllowedDirections", "36"), ("AllowedDirection", "36")])
def test_an_import_by_hand_fails_and_changes_nothing(project: Project, sandbox: Sandbox, kind: str, id_: str) -> None:
    project.write(whole(["7"]))
    project.up()
    calls(sandbox)
    project.run(
        "import", f"pulumi-python:dynamic/plusofon:{kind}", "by-hand", id_, "--yes", "--skip-preview", fails=True
    )
    assert len(project.resources()) == 1
    assert calls(sandbox) == {}
