"""The commands of the README that `test_docs` cannot run in a page's session: of the checkout, and ones that go on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT, project_files
from tests.e2e.blocks import blocks_for
from tests.e2e.harness import Project
from tests.waiting import PATIENCE
from tools import isolated

HERE = "tests/e2e/test_readme.py"
(MAKE,) = blocks_for(f"{HERE}::test_the_make_targets_exist")
(ENGINE,) = blocks_for(f"{HERE}::test_the_engine_can_be_built_in_place_of_an_installed_cli")
INSTALL, TOKEN, UP, DRIFT = blocks_for(f"{HERE}::test_the_root_project_works_as_any_pulumi_project_does")
(SANDBOX,) = blocks_for(f"{HERE}::test_the_sandbox_s_command_starts_it")


def test_the_make_targets_exist() -> None:
    for command in MAKE.splitlines():
        subprocess.run([*command.split(), "--dry-run"], cwd=CHECKOUT, check=True, capture_output=True)


def test_the_engine_can_be_built_in_place_of_an_installed_cli(engine: Path) -> None:
    # Tests have a home of their own, and so would a cache: what is built already is taken from where it is.
    env = {**os.environ, "XDG_CACHE_HOME": str(engine.parents[2])}
    script = f"{ENGINE}command -v pulumi"
    ran = subprocess.run(["bash", "-ec", script], cwd=CHECKOUT, env=env, check=True, capture_output=True, text=True)
    assert Path(ran.stdout.strip()).parent == engine


def test_the_root_project_works_as_any_pulumi_project_does(tmp_path: Path, engine: Path, sandbox: Sandbox) -> None:
    for name in project_files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    env = isolated.environment(engine, tmp_path / "isolated")
    env["PLUSOFON_BASE_URL"] = sandbox.url
    # Where the state is, and of which stack, is for the commands to say.
    del env["PULUMI_STACK"], env["PULUMI_BACKEND_URL"]

    def bash(script: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        activated = ". venv/bin/activate\n" if "venv venv" not in script else ""
        return subprocess.run(
            ["bash", "-ec", activated + script],
            cwd=tmp_path,
            env=env,
            check=False,
            capture_output=True,
            text=True,
            input=typed,
        )

    # The engine takes the user's home from the system, whatever HOME says: that state is not ours to touch.
    install = INSTALL.replace("pulumi login --local", f"pulumi login {(tmp_path / 'isolated' / 'state').as_uri()}")
    assert install != INSTALL
    for script, typed in ((install, ""), (TOKEN, f"{sandbox.token}\n"), (UP, "")):
        made = bash(script, typed)
        assert made.returncode == 0, made.stdout + made.stderr
    assert sandbox.open_codes == {"7", "36"}
    # The base URL is the environment's, the token the stack's.
    assert bash(DRIFT).returncode == 0
    sandbox.set_open(["7"])
    assert bash(DRIFT).returncode not in (0, 127)
    assert bash("pulumi up --yes --skip-preview\npulumi destroy --yes --skip-preview").returncode == 0
    assert sandbox.open_codes == set()


def test_the_sandbox_s_command_starts_it(project: Project) -> None:
    command = re.sub(r"--port \d+", "--port 0", SANDBOX.strip()).replace("python", sys.executable, 1).split()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    assert "http://127.0.0.1:" in ready
