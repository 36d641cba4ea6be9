"""The example with a stack an account: what it reports, and that one account's failure is its own."""

from __future__ import annotations

import runpy
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tools import isolated

EXAMPLE = CHECKOUT / "examples" / "many_accounts"
CODES = {"acme": "7 36", "globex.eu": "7 36", "hooli": "7"}


class Life:
    """The command, run again and again in one folder."""

    def __init__(self, folder: Path, engine: Path) -> None:
        self.folder = folder
        self.env = isolated.environment(engine, folder)
        del self.env["PULUMI_STACK"]

    def run(self, action: str, file: Path | str = "accounts.csv") -> tuple[int, str]:
        """Return the exit code, and all that was printed."""
        command = [sys.executable, str(EXAMPLE), action, str(file), "--at-once", "3"]
        ended = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def life(tmp_path: Path, engine: Path) -> Life:
    return Life(tmp_path, engine)


def test_each_account_is_compared_and_made_as_declared_and_one_that_fails_stops_no_other(life: Life) -> None:
    rows = "".join(f"{name},{codes}\n" for name, codes in CODES.items())
    (life.folder / "accounts.csv").write_text(f"account,codes\n{rows}", encoding="utf-8")
    with ExitStack() as running:
        accounts = {name: running.enter_context(Sandbox(open=["7", "53"])) for name in CODES}
        for name, account in zip(("ACME", "GLOBEX_EU", "HOOLI"), accounts.values(), strict=True):
            life.env |= {f"PLUSOFON_TOKEN_{name}": account.token, f"PLUSOFON_BASE_URL_{name}": account.url}
        hooli = life.env.pop("PLUSOFON_TOKEN_HOOLI")

        code, shown = life.run("up")
        assert code == 1
        assert "hooli      unknown  failed: PLUSOFON_TOKEN_HOOLI is not set" in shown
        assert "acme       yes      updated\n  closed 53 (Cuba)\n  opened 36 (Hungary)" in shown
        assert [sorted(each.open_codes) for each in accounts.values()] == [["36", "7"], ["36", "7"], ["53", "7"]]

        life.env["PLUSOFON_TOKEN_HOOLI"] = hooli
        accounts["acme"].set_open(["7", "36", "53"])
        code, shown = life.run("preview")
        assert code == 7
        assert "will close 53 (Cuba): it was opened since the last successful update" in shown
        assert "globex.eu  no     as declared" in shown

        accounts["globex.eu"].fail_next(9, "status:401")
        code, shown = life.run("preview")
        assert code == 1
        assert "globex.eu  unknown  failed: " in shown
        assert "acme       yes      differs" in shown
        files = [each.read_bytes() for each in life.folder.rglob("*") if each.is_file()]
        for account in accounts.values():
            assert account.token not in shown
            assert not [text for text in files if account.token.encode() in text]


def test_a_file_that_is_not_understood_is_refused_and_the_example_s_own_is_not(life: Life) -> None:
    read = runpy.run_path(str(EXAMPLE / "__main__.py"), run_name=__name__)["read"]
    for rows in ("", "acme\n", "acme,7\nAcme,7\n", "a b,7\n"):
        (life.folder / "accounts.csv").write_text(f"account,codes\n{rows}", encoding="utf-8")
        with pytest.raises(ValueError, match=r"accounts\.csv"):
            read(life.folder / "accounts.csv")
    assert life.run("preview")[0] == 2
    code, shown = life.run("preview", EXAMPLE / "accounts.csv")
    assert code == 1
    assert "failed: PLUSOFON_TOKEN_ACME is not set" in shown
