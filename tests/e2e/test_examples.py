"""What the documents do not run of the examples: docs/example-*.md run them all, but for the update of two accounts."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.identity import DIRECTION_TYPE, DIRECTIONS_TYPE
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.checkout import CHECKOUT
from tests.e2e.harness import OF_SECOND, Project, second

EXAMPLES = CHECKOUT / "examples"
PACK = EXAMPLES / "policy"
HEAD = "code,reason,approved_by,approved_on,until\n"
GOOD = "7,Клиенты,И. Петрова,2026-09-01,\n"
# Not today: the day may end while the test runs.
OVER, TO_COME = (str(date.today() + timedelta(days=days)) for days in (-1, 1))  # noqa: DTZ011  # the program's own day


def test_each_project_is_named_after_its_folder() -> None:
    for file in EXAMPLES.glob("*/Pulumi.yaml"):
        project = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert project["name"] == f"plusofon-{file.parent.name.replace('_', '-')}"


def test_two_accounts_each_have_their_list(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    other.set_open(["53"])
    project.config("secondToken", other.token, secret=True)
    project.config("secondBaseUrl", other.url)
    project.write((EXAMPLES / "two_accounts" / "__main__.py").read_text(encoding="utf-8"), preamble="")
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert other.open_codes == {"7", "44"}


# from_csv


def write_csv(folder: Path, text: str, encoding: str = "utf-8") -> str:
    """Put a table beside a copy of the program; return the program's path."""
    (folder / "directions.csv").write_text(text, encoding=encoding, newline="")
    return str(shutil.copy(EXAMPLES / "from_csv" / "__main__.py", str(folder)))


BAD_ROWS = {
    "036,Supplier,I. Petrova,2026-09-01,": "line 3: '036' is not a calling code",
    "36,,I. Petrova,2026-09-01,": "line 4: reason is empty",
    "44,Supplier,I. Petrova": "line 5: it needs 5 values: code, reason, approved_by, approved_on, until",
    '45,"Supplier,\nin two lines",I. Petrova,2026-09-01,,more': "line 7: it needs 5 values",
    "46,Supplier,I. Petrova,1 September,": "line 8: approved_on is '1 September', not a date such as 2026-09-01",
    "47,Supplier,I. Petrova,2026-09-01,next week": "line 9: until is 'next week', not a date such as 2026-09-01",
    "+7,Customers again,I. Petrova,2026-09-01,": "line 10: 7 is listed twice",
}
BAD_TABLES = {
    HEAD + GOOD + "\n".join(BAD_ROWS): [f"directions.csv, {said}" for said in BAD_ROWS.values()],
    "": ["line 1: the columns must be code,reason,"],
    HEAD: ["lists no code"],
    HEAD[1:]: ["line 1"],
}


def test_all_bad_rows_are_reported_by_file_and_line_and_what_is_no_such_list_closes_nothing(tmp_path: Path) -> None:
    for text, said in BAD_TABLES.items():
        program = write_csv(tmp_path, text)
        with pytest.raises(pulumi.RunError) as refused:
            runpy.run_path(program)
        assert [each for each in said if each not in str(refused.value)] == []


def test_a_file_of_a_russian_excel_is_read_and_a_code_expires(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "36", "44"])
    # A Russian Excel writes dates so, and leaves lines of bare semicolons.
    rows = GOOD.replace("2026-09-01", "01.09.2026") + f"36,A,B,2026-09-01,{OVER}\n44,A,B,2026-09-01,{TO_COME}\n,,,,\n"
    text = (HEAD + rows).replace(",", ";").replace("\n", "\r\n")
    write_csv(project.folder, text, "cp1251")
    project.run("up", "--yes").says("will close 36 (Hungary): it is open and not declared")
    assert project.outputs()["reasons"]["7"] == "Клиенты"
    assert sandbox.open_codes == {"7", "44"}
    write_csv(project.folder, text, "utf-8-sig")
    project.preview("--expect-no-changes")


# policy


@pytest.fixture(scope="module")
def pack() -> dict[str, Any]:
    """The names that the pack defines; read here, because not every environment has pulumi-policy."""
    return runpy.run_path(str(PACK / "__main__.py"), run_name="pack")


def test_the_policy_agrees_with_the_package(pack: dict[str, Any]) -> None:
    assert (pack["DIRECTION"], pack["WHOLE_LIST"]) == (DIRECTION_TYPE, DIRECTIONS_TYPE)
    assert pack["NO_COUNTRY"].keys() == NON_GEOGRAPHIC


def test_the_policy_refuses_services_and_passes_every_country(pack: dict[str, Any]) -> None:
    def violations(type_: str, *, protect: bool = False, **props: Any) -> list[str]:
        resource = SimpleNamespace(resource_type=type_, name="it", props=props, opts=SimpleNamespace(protect=protect))
        found: list[str] = []
        for policy in pack["POLICIES"]:
            policy.validate(resource, lambda violation, _urn: found.append(violation))
        return found

    services = {"800", "808", "870", "878", "881", "882", "883", "888", "979"}  # as E.164 has them
    for code in [*services, "8816", "99199"]:
        assert len(violations(DIRECTION_TYPE, code=code)) == 1
        assert len(violations(DIRECTIONS_TYPE, protect=True, codes=["7", code])) == 1
        assert len(violations(DIRECTIONS_TYPE, codes=["7", code])) == 2
    assert violations(DIRECTIONS_TYPE, protect=True, codes=[*{row.code for row in catalogue()} - services]) == []
    assert violations("pulumi:pulumi:Stack") == []


def test_a_code_that_only_the_update_knows_is_refused_then(project: Project, sandbox: Sandbox) -> None:
    project.write(
        """\
        hungary = plusofon.AllowedDirection("hungary", code="36")
        plusofon.AllowedDirection("ship", code=hungary.english_name.apply(lambda _: "881"))
        """
    )
    assert "can't run policy 'only-countries'" in project.preview("--policy-pack", str(PACK)).output
    project.up("--policy-pack", str(PACK), fails=True).says("ship: 881 is not a country's")
    assert sandbox.open_codes == {"36"}


# drift_alarm: its last step as GitHub's runner runs it


WORKFLOW = EXAMPLES / "drift_alarm" / "plusofon-drift.yml"
# YAML 1.1 reads the key `on` as true.
CONTENT: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["compare"]["steps"]
DIFFER, NOT_COMPARED = "title=Account and program differ::", "title=Not compared::"


def compare(project: Project) -> tuple[int, str]:
    """Return the exit code of the step that compares, and its annotation."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[-1]["run"]]
    ran = subprocess.run(command, cwd=project.folder, env=project.env, check=False, capture_output=True, text=True)
    assert project.env["PLUSOFON_TOKEN"] not in ran.stdout + ran.stderr
    annotations: list[str] = re.findall(r"^::error (.*)$", ran.stdout, re.MULTILINE)
    return ran.returncode, annotations[0] if annotations else ""


def test_the_drift_alarm_names_what_differs(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    one = 'plusofon.AllowedDirections("account", codes=["7", "36"])\n'
    project.update(one + second(other) + one.replace("account", "other").replace(")", f"{OF_SECOND})"))
    assert compare(project) == (0, "")

    state = project.state()
    for account in (sandbox, other):
        account.clear_requests()
    sandbox.set_open(["7", "53", "424"])
    other.set_open(["7", "36", "53"])
    code, alarm = compare(project)
    assert (code, alarm.startswith(DIFFER)) == (7, True)
    assert set(alarm.removeprefix(DIFFER).split("%0A")) == {
        "will open 36 (Hungary): it was closed since the last successful update",
        "will close 53 (Cuba), 424 (Direction 424): they were opened since the last successful update",
        'Provider "second": will close 53 (Cuba): it was opened since the last successful update',
        "no changes were expected for preview but changes were proposed",
    }

    sandbox.fail_next(99, "expired")
    code, alarm = compare(project)
    assert code not in (0, 7)
    assert alarm.startswith(NOT_COMPARED)
    assert "401" in alarm
    assert {request.method for request in [*sandbox.requests, *other.requests]} == {"GET"}
    assert project.state() == state


def test_it_runs_by_itself_may_write_nothing_and_holds_no_token() -> None:
    assert CONTENT[True]["schedule"]
    assert CONTENT["permissions"] == {"contents": "read"}
    tokens = {name: value for step in STEPS for name, value in step.get("env", {}).items() if name != "PULUMI_STACK"}
    assert tokens
    assert all(re.fullmatch(r"\$\{\{ secrets\.\w+ \}\}", value) for value in tokens.values())
    for step in STEPS[:-1]:
        subprocess.run(["bash", "-n", "-c", step.get("run", "")], check=True)
