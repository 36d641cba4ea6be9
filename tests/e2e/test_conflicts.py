"""Declarations that contradict each other fail before any write, and both resources and the code are named."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

TWICE = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirection("b", code="+36")
"""
TWO_WHOLES = """
plusofon.AllowedDirections("a", codes=["36"])
plusofon.AllowedDirections("b", codes=[])
"""
TWO_EMPTY = TWO_WHOLES.replace('["36"]', "[]")
LACKING = """
plusofon.AllowedDirection("single", code="58")
plusofon.AllowedDirections("whole", codes=[36])
"""


@pytest.mark.oldest
@pytest.mark.parametrize(
    "program,why",
    [
        (TWICE, 'AllowedDirection "a" and AllowedDirection "b" both declare the code 36'),
        (TWO_WHOLES, 'AllowedDirections "a" and AllowedDirections "b" each declare the whole list of one account'),
        (TWO_EMPTY, 'AllowedDirections "a" and AllowedDirections "b" each declare the whole list of one account'),
        (LACKING, 'AllowedDirection "single" declares the code 58, which AllowedDirections "whole" does not list'),
    ],
)
def test_a_conflict_is_named_and_nothing_is_asked_or_written(
    project: Project, sandbox: Sandbox, program: str, why: str
) -> None:
    project.write('plusofon.AllowedDirection("first", code="44")' + program)
    for run in (project.preview, project.up):
        told = run(fails=True).output
        assert why in told
        assert not traceback_in(told)
    assert sandbox.requests == []


def test_codes_that_are_outputs_are_compared_as_soon_as_they_are_known(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        first = plusofon.AllowedDirection("first", code="44")
        plusofon.AllowedDirection("a", code="36")
        plusofon.AllowedDirection("b", code=first.english_name.apply(lambda _: 36))
    """)
    project.preview()
    told = project.up(fails=True).output
    assert 'AllowedDirection "a" and AllowedDirection "b" both declare the code 36' in told
    assert not traceback_in(told)


def test_the_list_does_not_close_what_an_output_turns_out_to_declare(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["58"])
    project.write("""
        first = plusofon.AllowedDirection("first", code="44")
        late = plusofon.AllowedDirection("late", code=first.english_name.apply(lambda _: 58))
        plusofon.AllowedDirections("whole", codes=["44"], opts=pulumi.ResourceOptions(depends_on=[first]))
    """)
    told = project.up(fails=True).output
    assert "58" in told
    assert not traceback_in(told)


def test_the_same_code_in_two_accounts_is_no_conflict(project: Project, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        project.write(f"""
            second = plusofon.Provider("second", token="{other.token}", base_url="{other.url}")
            plusofon.AllowedDirection("here", code="36")
            plusofon.AllowedDirection("there", code="36", opts=pulumi.ResourceOptions(provider=second))
        """)
        project.up()
        assert sandbox.open_codes == other.open_codes == {"36"}


def test_two_declarations_in_one_component_s_account_are_a_conflict(project: Project, sandbox: Sandbox) -> None:
    project.write(f"""
        second = plusofon.Provider("second", token="{sandbox.token}", base_url="{sandbox.url}")
        opts = pulumi.ResourceOptions(providers=[second])
        parent = pulumi.ComponentResource("test:index:Office", "office", opts=opts)
        plusofon.AllowedDirection("inherited", code="36", opts=pulumi.ResourceOptions(parent=parent))
        plusofon.AllowedDirection("given", code="36", opts=pulumi.ResourceOptions(provider=second))
    """)
    assert (
        'AllowedDirection "inherited" and AllowedDirection "given" both declare' in project.preview(fails=True).output
    )


def test_two_programs_of_the_automation_api_in_one_process_do_not_see_each_other(
    project: Project, sandbox: Sandbox
) -> None:
    script = textwrap.dedent("""
        from pulumi import automation
        import plusofon_pulumi as plusofon

        def program():
            plusofon.AllowedDirection("hungary", code="36")

        for name in ("one", "two"):
            stack = automation.create_stack(stack_name=name, project_name="inline", program=program)
            print(stack.up().summary.result)
    """)
    env = project.env | {"PULUMI_PYTHON_CMD": sys.executable}
    del env["PULUMI_STACK"]
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.folder,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.splitlines() == ["succeeded", "succeeded"], ran.stderr
