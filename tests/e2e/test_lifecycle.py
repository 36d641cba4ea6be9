"""One direction from its first preview to its destruction, on the real engine."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

HUNGARY = 'hungary = plusofon.AllowedDirection("hungary", code="36")\n'
CLOSED_OUTSIDE = "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it again."


@pytest.mark.oldest
def test_the_life_of_one_direction(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY + 'pulumi.export("names", [hungary.code, hungary.name, hungary.english_name])')

    assert "AllowedDirection hungary create" in project.preview().output
    assert sandbox.open_codes == set()

    assert "+ 2 created" in project.up().output
    assert sandbox.open_codes == {"36"}
    assert project.outputs()["names"] == ["36", "Венгрия", "Hungary"]
    [resource] = project.resources()
    assert resource["id"] == "36"
    assert resource["inputs"].keys() == {"__provider", "code"}

    assert "2 unchanged" in project.up("--expect-no-changes").output
    assert CLOSED_OUTSIDE not in project.preview("--expect-no-changes").output

    sandbox.set_open([])
    told = project.preview().output
    assert "~ 1 to update" in told
    assert told.count(CLOSED_OUTSIDE) <= 2, "once as it comes, once among the diagnostics"
    assert CLOSED_OUTSIDE in told
    project.preview("--expect-no-changes", fails=True)
    assert sandbox.open_codes == set()

    assert "~ 1 updated" in project.up().output
    assert sandbox.open_codes == {"36"}
    project.preview("--expect-no-changes")

    project.destroy()
    assert sandbox.open_codes == set()
    assert project.resources() == []


def test_an_open_direction_is_adopted_without_a_write(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    project.write(HUNGARY)
    project.up()
    assert sandbox.calls("PUT") == 0
    assert project.resources()[0]["outputs"]["name"] == "Венгрия"


def test_directions_that_the_program_does_not_declare_are_left_alone(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "58"])
    project.write(HUNGARY)
    project.up()
    assert sandbox.open_codes == {"7", "36", "58"}
    project.destroy()
    assert sandbox.open_codes == {"7", "58"}


def test_every_spelling_means_the_same_code_and_never_shows_as_a_change(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        for name, code in dict(a="+36", b=" 58 ", c=7, d="4-4", e=53.0).items():
            plusofon.AllowedDirection(name, code=code)
    """)
    project.up()
    assert sandbox.open_codes == {"36", "58", "7", "44", "53"}
    project.write("""
        for name, code in dict(a=36, b="58", c="+7", d="44", e="53").items():
            plusofon.AllowedDirection(name, code=code)
    """)
    project.preview("--expect-no-changes")


def test_a_shared_code_is_opened_with_all_its_rows_and_bears_all_their_names(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_readings({"R13": "each"})
    project.write('plusofon.AllowedDirection("seven", code=7)')
    project.up()
    assert project.resources()[0]["outputs"]["english_name"] == "Kazakhstan, Russia"
    project.destroy()
    assert sandbox.open_codes == set()


@pytest.mark.parametrize(
    "code,why",
    [
        (
            '"Hungary"',
            "a direction is named by its calling code, in digits, not by a name; the catalogue has 36 (Hungary)",
        ),
        ('"0036"', "00 is what a caller dials before a calling code"),
        ('"361"', "has no direction with the calling code 361; the nearest: 36 (Hungary)"),
        ("True", "a calling code is a string of digits"),
        ('""', "it is empty"),
        ("None", "it is missing"),
    ],
)
def test_a_code_that_cannot_work_is_refused_in_preview(project: Project, sandbox: Sandbox, code: str, why: str) -> None:
    project.write(f'plusofon.AllowedDirection("odd", code={code})')
    told = project.preview(fails=True).output
    assert why in told
    assert not traceback_in(told)
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


def test_a_code_may_be_an_output_and_unknown_in_preview(project: Project, sandbox: Sandbox) -> None:
    program = (
        HUNGARY
        + """
        plusofon.AllowedDirection("venezuela", code=hungary.english_name.apply(lambda name: "58"))
    """
    )
    project.write(program.replace("\n        ", "\n"))
    assert "+ 3 to create" in project.preview().output
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    project.preview("--expect-no-changes")


def test_an_unknown_code_that_turns_out_bad_fails_the_update_in_plain_words(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY + 'plusofon.AllowedDirection("odd", code=hungary.name)')
    told = project.up(fails=True).output
    assert "'Венгрия' is not a calling code" in told
    assert not traceback_in(told)
    assert sandbox.open_codes == {"36"}


def test_a_secret_code_stays_a_secret_in_state(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hidden", code=pulumi.Output.secret("36"))')
    project.up()
    assert sandbox.open_codes == {"36"}
    assert project.resources()[0]["inputs"]["code"] != "36"
    project.preview("--expect-no-changes")


def test_another_code_opens_the_new_one_before_the_old_one_closes(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    project.up()
    project.write('plusofon.AllowedDirection("hungary", code="58")')
    assert "to replace" in project.preview().output
    project.up()
    assert [(change.event, change.codes) for change in sandbox.history] == [
        ("open", ["36"]),
        ("open", ["58"]),
        ("close", ["36"]),
    ]


def test_a_protected_direction_is_mended_and_not_deleted(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(protect=True))')
    project.up()
    sandbox.set_open([])
    project.up()
    assert sandbox.open_codes == {"36"}
    project.write("")
    project.up(fails=True)
    assert sandbox.open_codes == {"36"}


def test_retain_on_delete_leaves_the_code_open(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(retain_on_delete=True))')
    project.up()
    project.destroy()
    assert sandbox.open_codes == {"36"}


def test_a_component_may_hold_directions(project: Project, sandbox: Sandbox, make_project: MakeProject) -> None:
    project.write("""
        class Office(pulumi.ComponentResource):
            def __init__(self, name, codes):
                super().__init__("test:index:Office", name)
                for code in codes:
                    plusofon.AllowedDirection(f"{name}-{code}", code=code, opts=pulumi.ResourceOptions(parent=self))
        Office("budapest", ["36", "58"])
    """)
    project.up()
    assert sandbox.open_codes == {"36", "58"}
