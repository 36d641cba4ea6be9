"""Which tracebacks the tests on the engine tolerate: texts as real runs have shown them, shortened."""

from __future__ import annotations

import pytest

from tests.e2e.tracebacks import traceback_in

SHOWN = """\
Updating (dev):
    pulumi:pulumi:Stack test-dev running Traceback (most recent call last):
Diagnostics:
  pulumi:pulumi:Stack (test-dev):
    Provider "second": 53 (Cuba) is open and not declared; `pulumi up` closes it.
    {program}

  pulumi-python:dynamic/plusofon:AllowedDirection (a):
    error: {resource}

Resources:
    2 unchanged
"""
START = "Traceback (most recent call last):\n"
FAILED = """\
      File "pulumi/runtime/resource.py", line 1340, in do_rpc_call
    pulumi.errors.RunError: it has terminated
"""
DURING = f"    During handling of the above exception, another exception occurred:\n    {START}"
WITHIN = """\
      File "contextlib.py", line 450, in __exit__
        def __exit__(self, exctype, excinst, exctb):
"""
OURS = '      File "plusofon_pulumi/resources/direction.py", line 80, in __init__\n'


def shown(program: str = "no traceback", resource: str = "error reading from server: EOF") -> str:
    return SHOWN.format(program=program, resource=resource)


@pytest.mark.parametrize(
    "program",
    [
        START + FAILED + DURING + WITHIN + "    KeyboardInterrupt\n",
        START + FAILED + DURING + WITHIN,
        START + WITHIN + "    KeyboardInterrupt",
        START,
    ],
)
def test_a_program_that_the_engine_interrupted_shows_no_traceback_that_counts(program: str) -> None:
    assert traceback_in(shown(program)) == ""


@pytest.mark.parametrize(
    "output",
    [
        shown(START + FAILED),
        shown("error: Program failed with an unhandled exception:\n    " + START + WITHIN + "    ValueError: odd"),
        shown(START + OURS + "    KeyboardInterrupt"),
        shown(resource=START + WITHIN + "    KeyError: 'code'"),
        shown(resource=START + WITHIN + "    KeyboardInterrupt"),
        START + WITHIN + "KeyboardInterrupt\n",
        START + OURS + "TypeError\n",
    ],
)
def test_any_other_traceback_counts(output: str) -> None:
    assert "Traceback" in traceback_in(output)


def test_what_has_none_has_none() -> None:
    assert traceback_in(shown()) == traceback_in("") == ""
