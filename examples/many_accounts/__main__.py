"""Many accounts, one stack each: `python examples/many_accounts preview|up accounts.csv [--at-once N]`.

The file has a line an account: its name, and the calling codes that are open, separated by spaces. The token of the
account `acme-1` is PLUSOFON_TOKEN_ACME_1 in the environment: it is in no file, and in no state. PULUMI_BACKEND_URL says
where the state is, as always.

Exit codes: 0, all is as declared; 7, `preview` found an account that is not (as `pulumi preview --expect-no-changes`);
1, something failed; 2, the command or the file was not understood.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pulumi import automation

import plusofon_pulumi as plusofon

PROJECT = "plusofon-accounts"
DONE = {"preview": "differs", "up": "updated"}
# Our own lines: what will open and close, or what was opened and closed. The rest of the output is Pulumi's.
NOTICES = {"preview": re.compile(r"(?:will|would) (?:open|close) .*"), "up": re.compile(r"(?:opened|closed) \d.*")}


@dataclass(frozen=True)
class Account:
    """One line of the file."""

    name: str
    codes: tuple[str, ...]

    def variable(self, setting: str = "TOKEN") -> str:
        """Return the name of the environment variable that holds a setting of this account."""
        return f"PLUSOFON_{setting}_{re.sub(r'[^A-Z0-9]', '_', self.name.upper())}"


@dataclass(frozen=True)
class Result:
    """What came of one account."""

    account: str
    drift: str
    result: str
    notices: tuple[str, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Return True if it was not compared, or not updated."""
        return self.result.startswith("failed")


def main() -> int:
    """Run the command for each account; return the exit code."""
    parser = argparse.ArgumentParser(description="Preview or update many Plusofon accounts, one stack each.")
    parser.add_argument("action", choices=["preview", "up"], help="report what differs, or make it as declared")
    parser.add_argument("file", type=Path, help="the accounts, as CSV with the columns account and codes")
    parser.add_argument("--at-once", type=int, default=4, metavar="N", help="how many accounts at once (default: 4)")
    arguments = parser.parse_args()
    if arguments.at_once < 1:
        parser.error("--at-once is a number of accounts, from 1 on")
    try:
        accounts = read(arguments.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    results: list[Result] = []
    with ThreadPoolExecutor(arguments.at_once) as threads:
        for done in as_completed([threads.submit(run, arguments.action, account) for account in accounts]):
            results.append(done.result())
            print(f"{len(results)} of {len(accounts)}: {results[-1].account}", file=sys.stderr)
    results.sort(key=lambda result: [account.name for account in accounts].index(result.account))
    print(table(results))
    if any(result.has_failed for result in results):
        return 1
    return 7 if arguments.action == "preview" and any(result.drift == "yes" for result in results) else 0


def read(file: Path) -> list[Account]:
    """Return the accounts of a file; raise ValueError if a line is not understood."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    accounts = []
    for number, row in enumerate(rows, start=2):
        name, codes = (row.get("account") or "").strip(), row.get("codes")
        # An account without the column would be closed as a whole.
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or codes is None:
            raise ValueError(f"{file}, line {number}: it needs an account (letters, digits, . _ -) and codes")
        accounts.append(Account(name, tuple(codes.split())))
    variables = [account.variable() for account in accounts]
    if not accounts or len({*variables}) < len(variables):
        raise ValueError(f"{file}: it needs one account or more, each with a name and a token variable of its own")
    return accounts


def run(action: str, account: Account) -> Result:
    """Preview or update one account; whatever fails is its own."""
    # Under their usual names, its own process has them, and no other.
    given = {f"PLUSOFON_{each}": account.variable(each) for each in ("TOKEN", "CLIENT_ID", "BASE_URL")}
    environment = {name: os.environ[variable] for name, variable in given.items() if os.environ.get(variable)}
    if "PLUSOFON_TOKEN" not in environment:
        return Result(account.name, "unknown", f"failed: {account.variable()} is not set")

    def program() -> None:
        plusofon.AllowedDirections("all", codes=account.codes)

    shown: list[str] = []
    # The provider of a program within a program runs under the `python3` of PATH, unless told.
    environment["PULUMI_PYTHON_CMD"] = sys.executable
    try:
        stack = automation.create_or_select_stack(
            stack_name=account.name,
            project_name=PROJECT,
            program=program,
            opts=automation.LocalWorkspaceOptions(env_vars=environment),
        )
        method = stack.up if action == "up" else stack.preview
        result = method(on_output=shown.append, on_error=shown.append, color="never")
        changes = result.summary.resource_changes if isinstance(result, automation.UpResult) else result.change_summary
        differs = any(what != "same" and count for what, count in (changes or {}).items())
        drift, outcome = ("yes", DONE[action]) if differs else ("no", "as declared")
    except (automation.CommandError, OSError) as error:
        drift, outcome = "unknown", f"failed: {reason(str(error))}".replace(environment["PLUSOFON_TOKEN"], "***")
    notices = dict.fromkeys(match[0].strip() for match in NOTICES[action].finditer("\n".join(shown)))
    return Result(account.name, drift, outcome, tuple(notices))


def reason(text: str) -> str:
    """Return the line of Pulumi's output that says why it failed."""
    errors = re.findall(r"error: (.+)", text)
    return str(errors[0]) if errors else text.strip().splitlines()[0]


def table(results: list[Result]) -> str:
    """Return a line an account, and below it what opens and what closes."""
    rows = [("account", "drift", "result"), *((each.account, each.drift, each.result) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = []
    for row, notices in zip(rows, [(), *(each.notices for each in results)], strict=True):
        lines.append(f"{row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2]}")
        lines += [f"  {notice}" for notice in notices]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
