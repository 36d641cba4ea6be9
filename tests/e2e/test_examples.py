"""What the documents do not run of the examples: docs/example-*.md run them all, but for the update of two accounts."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

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
Violations = Callable[..., list[str]]


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


@pytest.fixture
def from_csv(project: Project) -> Callable[..., Project]:
    shutil.copy(EXAMPLES / "from_csv" / "__main__.py", project.folder)

    def of(text: str, encoding: str = "utf-8") -> Project:
        (project.folder / "directions.csv").write_text(text, encoding=encoding, newline="")
        return project

    return of


def test_all_bad_rows_are_reported_by_file_and_line_and_nothing_is_called(
    from_csv: Callable[..., Project], sandbox: Sandbox
) -> None:
    rows = {
        "036,Supplier,I. Petrova,2026-09-01,": "line 3: '036' is not a calling code",
        "36,,I. Petrova,2026-09-01,": "line 4: reason is empty",
        "44,Supplier,I. Petrova": "line 5: it needs 5 values: code, reason, approved_by, approved_on, until",
        '45,"Supplier,\nin two lines",I. Petrova,2026-09-01,,more': "line 7: it needs 5 values",
        "46,Supplier,I. Petrova,1 September,": "line 8: approved_on is '1 September', not a date such as 2026-09-01",
        "47,Supplier,I. Petrova,2026-09-01,next week": "line 9: until is 'next week', not a date such as 2026-09-01",
        "+7,Customers again,I. Petrova,2026-09-01,": "line 10: 7 is listed twice",
    }
    told = from_csv(HEAD + GOOD + "\n".join(rows)).preview(fails=True)
    told.says(*(f"directions.csv, {said}" for said in rows.values()))
    assert sandbox.requests == []


def test_a_file_that_is_no_such_list_closes_nothing(from_csv: Callable[..., Project]) -> None:
    for text, said in {
        "": "line 1: the columns must be code,reason,",
        HEAD: "lists no code",
        HEAD[1:]: "line 1",
    }.items():
        project = from_csv(text)
        command = [sys.executable, "__main__.py"]  # it ends before it asks for an engine
        ran = subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, check=False, text=True)
        assert (ran.returncode, said in ran.stderr) == (1, True), ran.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_a_russian_excel_s_file_is_read_and_a_code_whose_date_is_over_is_closed(
    from_csv: Callable[..., Project], sandbox: Sandbox, encoding: str
) -> None:
    sandbox.set_open(["7", "36", "44"])
    # A Russian Excel writes dates so, and leaves lines of bare semicolons.
    rows = GOOD.replace("2026-09-01", "01.09.2026") + f"36,A,B,2026-09-01,{OVER}\n44,A,B,2026-09-01,{TO_COME}\n,,,,\n"
    project = from_csv((HEAD + rows).replace(",", ";").replace("\n", "\r\n"), encoding)
    project.run("up", "--yes").says("will close 36 (Hungary): it is open and not declared")
    assert project.outputs()["reasons"]["7"] == "Клиенты"
    assert sandbox.open_codes == {"7", "44"}


# policy


@pytest.fixture(scope="module")
def pack() -> dict[str, Any]:
    """The names that the pack defines; read here, because not every environment has pulumi-policy."""
    return runpy.run_path(str(PACK / "__main__.py"), run_name="pack")


@pytest.fixture
def violations(pack: dict[str, Any]) -> Violations:
    """Return what the policies say about a resource: `violations(TYPE, protect=False, **properties)`."""

    def validate(type_: str, *, protect: bool = False, **props: Any) -> list[str]:
        resource = SimpleNamespace(resource_type=type_, name="it", props=props, opts=SimpleNamespace(protect=protect))
        found: list[str] = []
        for policy in pack["POLICIES"]:
            policy.validate(resource, lambda violation, _urn: found.append(violation))
        return found

    return validate


def test_the_policy_agrees_with_the_package(pack: dict[str, Any]) -> None:
    assert (pack["DIRECTION"], pack["WHOLE_LIST"]) == (DIRECTION_TYPE, DIRECTIONS_TYPE)
    assert pack["NO_COUNTRY"].keys() == NON_GEOGRAPHIC


def test_the_policy_refuses_services_and_passes_every_country(violations: Violations) -> None:
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


# drift_alarm: its steps as GitHub's runner runs them


WORKFLOW = EXAMPLES / "drift_alarm" / "plusofon-drift.yml"
# YAML 1.1 reads the key `on` as true.
CONTENT: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["compare"]["steps"]
SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
DIFFER, NOT_COMPARED = "title=Account and program differ::", "title=Not compared::"


def run_steps(project: Project, token: str, steps: list[dict[str, Any]] = STEPS) -> tuple[int, str]:
    """Run the steps that are commands, up to the first that fails; return its exit code and the annotation."""
    # The state of this test lies in a folder, which needs no token; the stack is for the workflow to name.
    secrets = {"PLUSOFON_TOKEN": token, "PULUMI_ACCESS_TOKEN": ""}
    env = {name: value for name, value in project.env.items() if name not in ("PLUSOFON_TOKEN", "PULUMI_STACK")}
    for step in steps:
        if "run" in step:
            given = {
                name: SECRET.sub(lambda found: secrets[found[1]], value) for name, value in step.get("env", {}).items()
            }
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            ran = subprocess.run(
                command, cwd=project.folder, env=env | given, check=False, capture_output=True, text=True, timeout=120
            )
            if ran.returncode != 0:
                break
    assert token not in ran.stdout + ran.stderr
    annotations: list[str] = re.findall(r"^::error (.*)$", ran.stdout, re.MULTILINE)
    return ran.returncode, annotations[0] if annotations else ""


def test_what_differs_is_named_what_cannot_be_compared_is_no_difference_and_nothing_is_written(
    project: Project, sandbox: Sandbox, other: Sandbox
) -> None:
    (project.folder / "requirements.txt").write_text("plusofon-pulumi\n", encoding="utf-8")
    one = 'plusofon.AllowedDirections("account", codes=["7", "36"])\n'
    project.update(one + second(other) + one.replace("account", "other").replace(")", f"{OF_SECOND})"))
    assert run_steps(project, sandbox.token) == (0, "")

    state = project.state()
    for account in (sandbox, other):
        account.clear_requests()
    sandbox.set_open(["7", "53", "424"])
    other.set_open(["7", "36", "53"])
    code, alarm = run_steps(project, sandbox.token, STEPS[-1:])
    assert (code, alarm.startswith(DIFFER)) == (7, True)
    assert set(alarm.removeprefix(DIFFER).split("%0A")) == {
        "will open 36 (Hungary): it was closed since the last successful update",
        "will close 53 (Cuba), 424 (Direction 424): they were opened since the last successful update",
        'Provider "second": will close 53 (Cuba): it was opened since the last successful update',
        "no changes were expected for preview but changes were proposed",
    }

    sandbox.fail_next(99, "expired")
    failed = [(run_steps(project, sandbox.token, STEPS[-1:]), "401")]
    assert {request.method for request in [*sandbox.requests, *other.requests]} == {"GET"}
    sandbox.stop()
    failed.append((run_steps(project, sandbox.token, STEPS[-1:]), "refused"))
    sandbox.start()
    for (code, alarm), words in failed:
        assert code not in (0, 7)
        assert alarm.startswith(NOT_COMPARED)
        assert words in alarm
    assert project.state() == state


def test_it_runs_by_itself_may_write_nothing_and_holds_no_token() -> None:
    assert CONTENT[True]["schedule"]
    assert CONTENT["permissions"] == {"contents": "read"}
    tokens = {name: value for step in STEPS for name, value in step.get("env", {}).items() if name != "PULUMI_STACK"}
    assert tokens
    assert all(SECRET.fullmatch(value) for value in tokens.values())
