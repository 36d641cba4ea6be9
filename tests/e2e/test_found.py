"""What came out wrong in version 0.1.0, by the numbers that it was found under: what is open in the end."""

from __future__ import annotations

import re

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.e2e.harness import PREAMBLE, Project
from tests.e2e.tracebacks import traceback_in

RUSSIA, HUNGARY = "7 (Kazakhstan, Russia)", "36 (Hungary)"
TWO = 'plusofon.AllowedDirections("all", codes=["7", "36"])'
# Twelve single resources, one of which is open already.
TWELVE = ["7", "1", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40"]
VANISHED = re.compile(
    r"\) (was|were) open before this write and (is|are) not any more: does PUT replace the list, or did somebody close"
)
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

"""


def writes(sandbox: Sandbox) -> int:
    return sandbox.calls("PUT") + sandbox.calls("DELETE")


def refused(project: Project, sandbox: Sandbox, *told: str) -> None:
    """See that a preview says this, without a traceback, and has written nothing."""
    output = project.preview(fails=True).output
    assert [each for each in told if each not in output] == [], output
    assert not traceback_in(output)
    assert writes(sandbox) == 0


# A1 to A3: after a write


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("opens,closes", [([], ["7"]), (["53"], [])], ids=["closes", "opens"])
def test_a1_what_somebody_closes_or_opens_during_the_write_is_mended(
    project: Project, sandbox: Sandbox, opens: list[str], closes: list[str], when: str
) -> None:
    sandbox.set_open(["7"])
    sandbox.owner_acts(opens=opens, closes=closes, when=when)
    project.write(TWO)
    project.up()
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
    assert not traceback_in(result.output)


def test_a2_codes_that_a_replacing_put_takes_away_fail_the_run_and_are_named(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["7"])
    sandbox.set_readings({"R15": "replaces"})
    project.write(f"for code in {TWELVE}: plusofon.AllowedDirection(code, code=code)")
    for _ in range(2):
        told = project.up(fails=True).output
        assert VANISHED.search(told), told
        assert not traceback_in(told)


def test_a2_a_claimed_single_that_somebody_closes_during_the_write_is_opened_again(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["7"])
    sandbox.owner_acts(closes=["7"])
    project.write("""
        russia = plusofon.AllowedDirection("russia", code="7")
        plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(depends_on=[russia]))
    """)
    project.up()
    assert sandbox.open_codes == {"7", "36"}


def test_a3_nothing_is_opened_where_a_closing_is_not_seen(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "44"])
    sandbox.set_readings({"R11": "always"})
    project.write('plusofon.AllowedDirections("all", codes=["36"])')
    told = project.up(fails=True).output
    assert f"{RUSSIA} was not closed" in told
    assert sandbox.open_codes == {"7"}
    assert sandbox.calls("PUT") == 0
    sandbox.set_readings({"R11": "plain"})
    project.up()
    assert sandbox.open_codes == {"36"}


# A4: a good answer with a new key is a good answer


def test_a4_keys_that_nobody_knows_change_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.extra = {"count": 255, "limit": 50, "per_page": 15, "total": 255, "page": "x", "more": "…", "offset": 10}
    sandbox.extra |= {"pages": 18, "pagination": {"size": 15}, "request_id": "7"}
    sandbox.set_open(["53"])
    project.write(TWO)
    project.preview()
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.refresh("--expect-no-changes")
    project.preview("--expect-no-changes")
    project.destroy()


# A8, A9: nothing is taken for granted


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_a8_a_resource_read_by_its_id_is_open_or_an_error(project: Project, sandbox: Sandbox, *, is_open: bool) -> None:
    sandbox.set_open(["36"] if is_open else [])
    project.write("""
        hungary = plusofon.AllowedDirection("hungary", code="36", opts=pulumi.ResourceOptions(id="36"))
        pulumi.export("name", hungary.english_name)
    """)
    if is_open:
        project.up()
        assert project.outputs() == {"name": "Hungary"}
        return
    for run in (project.preview, project.up):
        told = run(fails=True).output
        assert HUNGARY in told
        assert "not open" in told
        assert not traceback_in(told)
    assert project.resources() == []


UNKNOWN = {
    "list": (
        'plusofon.AllowedDirections("all", codes=note.text.apply(lambda text: [text]))',
        "not all codes are known yet: pulumi up shows what closes and what opens",
    ),
    "one-of-a-list": (
        'plusofon.AllowedDirections("all", codes=["7", note.text])',
        "not all codes are known yet: pulumi up shows what closes and what opens",
    ),
    "single": (
        'plusofon.AllowedDirection("hungary", code=note.text)',
        "the code is not known yet: pulumi up shows what it opens",
    ),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a9_a_preview_of_unknown_codes_says_so_and_reads_the_list_once(
    project: Project, sandbox: Sandbox, kind: str
) -> None:
    declared, said = UNKNOWN[kind]
    sandbox.set_open(["53"])
    project.write(f'note = Note("note", "36")\n{declared}', PREAMBLE + NOTE)
    assert said in project.preview().output
    assert [each.method for each in sandbox.requests if each.path == ALLOWED_PATH] == ["GET"]
    project.set_env(PLUSOFON_TOKEN=None)
    refused(project, sandbox, "there is no Plusofon token", "`pulumi config set --secret plusofon:token`")
    project.set_env(PLUSOFON_TOKEN="not-the-token")
    refused(project, sandbox, "PLUSOFON_TOKEN")
    project.set_env(PLUSOFON_TOKEN=sandbox.token)
    project.up()
    assert "36" in sandbox.open_codes


# A12: a run that only closes


@pytest.mark.parametrize("kind", ["list", "singles"])
def test_a12_a_run_that_only_closes_undoes_nobody_s_block(project: Project, sandbox: Sandbox, kind: str) -> None:
    singles = """
        plusofon.AllowedDirection("russia", code="7")
        plusofon.AllowedDirection("hungary", code="36")
    """
    project.write(TWO if kind == "list" else singles)
    project.up()
    sandbox.set_open(["7", "53"])
    project.set_env(PLUSOFON_CLOSE_ONLY="1")
    puts = sandbox.calls("PUT")
    told = project.preview().output
    assert f"would open {HUNGARY} (not in this run): it was closed since the last successful update" in told
    told = project.up(fails=True).output
    assert f"{HUNGARY} was not opened: this run only closes; a person must run `pulumi up`" in told
    assert not traceback_in(told)
    assert sandbox.open_codes == ({"7"} if kind == "list" else {"7", "53"})
    assert sandbox.calls("PUT") == puts
    project.set_env(PLUSOFON_CLOSE_ONLY=None)
    project.up()
    assert "36" in sandbox.open_codes


def test_a12_a_run_that_only_closes_creates_nothing_that_is_not_open(project: Project, sandbox: Sandbox) -> None:
    project.set_env(PLUSOFON_CLOSE_ONLY="1")
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    assert f"would open {HUNGARY} (not in this run)" in project.preview().output
    assert f"{HUNGARY} was not opened: this run only closes" in project.up(fails=True).output
    assert writes(sandbox) == 0
    sandbox.set_open(["36"])
    project.up()
    project.destroy()
    assert sandbox.open_codes == set()
