"""The harness itself, and the stand-in language host beneath it, with a resource that knows no account."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.harness import processes_that_know
from tests.e2e.tracebacks import traceback_in

if TYPE_CHECKING:
    from tests.e2e.conftest import MakeProject
    from tests.e2e.harness import Project

PREAMBLE = """\
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class NoteProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("note", {"text": props["text"]})

class Note(Resource):
    text: pulumi.Output[str]

    def __init__(self, name, text):
        super().__init__(NoteProvider(), name, {"text": text})

"""


@pytest.fixture
def bare(make_project: MakeProject) -> Project:
    return make_project()


@pytest.mark.oldest
def test_a_resource_lives_from_preview_to_destroy(bare: Project) -> None:
    bare.write('pulumi.export("text", Note("a", "hello").text)', PREAMBLE)
    assert "+ 2 to create" in bare.preview().output
    assert bare.resources() == []
    bare.up()
    assert [each["id"] for each in bare.resources()] == ["note"]
    assert bare.outputs() == {"text": "hello"}
    bare.preview("--expect-no-changes")
    bare.refresh()
    bare.destroy()
    assert bare.resources() == []


@pytest.mark.oldest
def test_secret_config_reaches_the_program_and_stays_encrypted(bare: Project) -> None:
    bare.config("word", "hush-hush", secret=True)
    bare.write('word = pulumi.Config().require_secret("word")\npulumi.export("word", word)', PREAMBLE)
    bare.up()
    assert bare.outputs() == {"word": "hush-hush"}
    assert "hush-hush" not in str(bare.state())
    assert "hush-hush" not in (bare.folder / "Pulumi.dev.yaml").read_text()


def test_what_the_program_prints_and_logs_is_shown(bare: Project) -> None:
    bare.write('print("printed")\npulumi.log.warn("warned")', PREAMBLE)
    output = bare.preview().output
    assert "printed" in output
    assert "warning: warned" in output


@pytest.mark.oldest
def test_a_run_error_is_one_clean_line(bare: Project) -> None:
    bare.write('raise pulumi.RunError("not like this")', PREAMBLE)
    output = bare.preview(fails=True).output
    assert "error: not like this\n" in output
    assert not traceback_in(output)


@pytest.mark.oldest
def test_an_exception_shows_the_traceback_of_the_program_alone(bare: Project) -> None:
    bare.write("def f():\n    return 1 / 0\nf()", PREAMBLE)
    output = bare.up(fails=True).output
    assert "ZeroDivisionError: division by zero" in output
    assert "__main__.py" in output
    assert "runpy" not in output
    assert "language_host" not in output


def test_a_program_that_ends_itself_fails_with_its_code(bare: Project) -> None:
    bare.write("raise SystemExit(3)", PREAMBLE)
    assert "exit code: 3" in bare.preview(fails=True).output


def test_a_project_without_a_program_is_told_so(bare: Project) -> None:
    (bare.folder / "__main__.py").unlink()
    assert "__main__.py" in bare.preview(fails=True).output


def test_a_run_that_hangs_fails_and_leaves_no_process(bare: Project) -> None:
    bare.write("import time\ntime.sleep(600)", PREAMBLE)
    with pytest.raises(AssertionError, match="it hung"):
        bare.run("preview", seconds=5)
    assert processes_that_know(bare.folder) == []


def test_the_end_of_a_run_is_waited_for_not_looked_for(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait with a time-out looks every 50 ms, which is what the times of the bench would then be exact to."""
    waits = []
    wait = subprocess.Popen.wait

    def noted(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        waits.append(timeout)
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", noted)
    bare.run("version")
    assert set(waits) == {None}


def test_the_environment_can_be_changed(bare: Project) -> None:
    bare.set_env(WORD="seen", LANG=None)
    bare.write('import os\npulumi.export("seen", [os.environ.get("WORD"), os.environ.get("LANG")])', PREAMBLE)
    bare.up()
    assert bare.outputs() == {"seen": ["seen", None]}
