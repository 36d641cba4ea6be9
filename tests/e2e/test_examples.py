"""The examples do on the real engine what they say."""

from __future__ import annotations

from pathlib import Path

import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project

EXAMPLES = Path(__file__).parents[2] / "examples"


def program(name: str) -> str:
    return (EXAMPLES / name / "__main__.py").read_text(encoding="utf-8")


def test_the_quickstart_opens_its_codes(project: Project, sandbox: Sandbox) -> None:
    project.write(program("quickstart"), preamble="")
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    project.config("codes", '["44"]')
    project.up()
    assert sandbox.open_codes == {"44"}


def test_the_whole_account_is_owned_and_protected(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    project.write(program("whole_account"), preamble="")
    project.up()
    assert sandbox.open_codes == {"7", "36", "58"}
    project.destroy(fails=True)
    project.write(program("whole_account").replace('codes=["7", "36", "58"]', "codes=[]"), preamble="")
    project.up()
    assert sandbox.open_codes == set()


def test_two_accounts_each_have_their_list(make_project: MakeProject, sandbox: Sandbox) -> None:
    with Sandbox(open=["53"]) as other:
        project = make_project("", sandbox)
        project.config("secondToken", other.token, secret=True)
        project.config("secondBaseUrl", other.url)
        project.write(program("two_accounts"), preamble="")
        project.up()
        assert (set(sandbox.open_codes), set(other.open_codes)) == ({"7", "36"}, {"7", "44"})


def test_each_project_is_named_after_its_folder() -> None:
    for file in EXAMPLES.glob("*/Pulumi.yaml"):
        project = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert project["name"] == f"plusofon-{file.parent.name.replace('_', '-')}"
