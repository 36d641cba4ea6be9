"""``plusofon doctor``: check whether this package understands the account's API; the output goes into a bug report."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plusofon_pulumi.cli.common import FAILED, CommandError, add_account_options, add_command, client_for, settings
from plusofon_pulumi.directions import Catalogue, Direction, by_code, describe_all, normalise_code
from plusofon_pulumi.errors import PlusofonError

if TYPE_CHECKING:
    from plusofon_pulumi.client import Exchange, PlusofonClient

# How long a write may take to show in the list, and the pause between two looks, in seconds.
PATIENCE, PAUSE = 6.0, 0.25
DESCRIBED = {"directions", "data", "success", "message", "current_page", "last_page", "meta", "links"}


def add(commands: Any) -> None:
    """Add the command."""
    about = """Check the settings, the token, and what the API answers. Only reads, unless --write is given.
The output holds no token: send it with a bug report. The exit code is 1 if there is a problem."""
    examples = ["doctor", "doctor --json > doctor.json", "doctor --write 672"]
    parser = add_command(commands, run, "check the settings, the token and the API", about, examples)
    parser.add_argument("--write", metavar="CODE", help="open CODE, which must be closed now, and close it again")
    add_account_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run(arguments: argparse.Namespace) -> int | None:
    """Make all checks that can be made; a foreseen error is a problem like others."""
    doctor = Doctor(prints=not arguments.json)
    try:
        doctor.check_versions()
        found = settings(arguments)
        doctor.say("ok", f"token: {len(found.token)} characters ({found.source('token')})")
        doctor.say("ok", f"client id: {found.client_id} ({found.source('client_id')})")
        doctor.say("ok", f"base URL: {found.base_url} ({found.source('base_url')})")
        if proxy := urllib.request.getproxies().get(urlsplit(found.base_url).scheme, "").rpartition("@")[2]:
            doctor.say("note", f"the environment names a proxy: {proxy}")
        with client_for(found, doctor.observe) as doctor.client:
            if doctor.check_lists() and arguments.write is not None:
                doctor.try_write(normalise_code(arguments.write))
    except (PlusofonError, CommandError, OSError, UnicodeDecodeError) as error:
        doctor.say("problem", str(error))
    finally:
        if arguments.json:
            print(json.dumps({"findings": doctor.findings}, ensure_ascii=False, indent=2))
    levels = [each["level"] for each in doctor.findings]
    doctor.show(f"total    problems: {levels.count('problem')}, notes: {levels.count('note')}")
    return FAILED if "problem" in levels else None


class Doctor:
    """The report so far: a level (ok, note or problem), a text and its remedy for each finding."""

    client: PlusofonClient
    catalogue: Catalogue
    before: dict[str, Direction]  # open at first
    listed: dict[str, Direction]  # open when last looked at

    def __init__(self, *, prints: bool) -> None:
        self.prints, self.is_trying = prints, False
        self.findings: list[dict[str, str]] = []
        self.exchanges: list[Exchange] = []

    def say(self, level: str, text: str, remedy: str = "") -> None:
        """Add a finding, and print it at once."""
        self.findings.append({"level": level, "text": text, "remedy": remedy})
        self.show(f"{level:<8} {text}" + (f"\n         {remedy}" if remedy else ""), is_urgent=level == "problem")

    def show(self, line: str, *, is_urgent: bool = False) -> None:
        """Print a line; an urgent one on standard error if nobody reads the output any more."""
        try:
            if self.prints:
                print(line, flush=True)
        except BrokenPipeError:  # `| head` has seen enough, but what --write has opened is still to be closed
            if is_urgent:
                print(line, file=sys.stderr)

    def observe(self, call: Exchange) -> None:
        """Report a call, but no good look after a write, and no refusal of the token: its error says all of it."""
        self.exchanges.append(call)
        is_good = call.status is not None and call.status < 300
        if call.status not in (401, 403) and not (self.is_trying and is_good and call.method == "GET"):
            what = f"{call.method} {call.url}: {call.status or 'no answer'} after {call.seconds:.2f} s"
            self.say("ok" if is_good else "note", f"{what}, attempt {call.attempt}")

    def check_versions(self) -> None:
        """Report the versions of what takes part."""
        parts = [f"{name} {metadata.version(name)}" for name in ("plusofon-pulumi", "pulumi", "requests")]
        self.say("ok", ", ".join([*parts, f"Python {platform.python_version()}", platform.platform(terse=True)]))
        try:
            version = subprocess.check_output(["pulumi", "version"], stderr=subprocess.DEVNULL, text=True)
            self.say("ok", f"Pulumi CLI {version.strip()}")
        except (OSError, subprocess.SubprocessError):
            self.say("note", "there is no Pulumi CLI on PATH", "install it: https://www.pulumi.com/docs/install/")

    def check_lists(self) -> bool:
        """Report both lists, and the readings of the API that they show; return False if one cannot be read."""
        answers: list[Any] = []
        for get in (self.client.get_allowed_directions, self.client.get_directions):
            try:
                answers.append(get())
            except PlusofonError as error:
                reason = str(error).partition(": ")[2]
                if not any(reason in each["text"] for each in self.findings):  # a refused token is one problem
                    self.say("problem", str(error))
        if len(answers) < 2:
            return False
        opened, catalogue = answers
        self.catalogue = catalogue
        self.say("ok", "the token is accepted")
        shared = sum(len(catalogue.ids(code)) > 1 for code in catalogue)
        self.say("ok", f"catalogue: {len(catalogue.rows)} rows, {len(catalogue)} codes, {shared} with several rows")
        if mixed := {a.code for a in catalogue.rows for b in catalogue.rows if a.id == b.id and a.code != b.code}:
            self.say("problem", f"codes that share an id: {', '.join(sorted(mixed))}", "do not declare them")
        self.before = self.listed = {code: catalogue.get(code, each) for code, each in by_code(opened).items()}
        self.say("ok", f"open: {describe_all(self.before.values()) or 'nothing'}")
        if unknown := [direction for code, direction in self.before.items() if code not in catalogue]:
            self.say("note", f"open, not in the catalogue: {describe_all(unknown)}", "they cannot be declared")
        self._check_readings(len(catalogue.rows))
        return True

    def _check_readings(self, usable: int) -> None:
        good: list[Any] = [each for each in self.exchanges if each.status == 200 and isinstance(each.body, dict)]
        bodies, lists = [each.body for each in good], [each.body for each in good if "/directions" not in each.url]
        content, rows = _content(lists[0]), [row for body in lists for row in _rows(body)]
        every = [row for body in bodies[len(lists) :] for row in _rows(body)]
        form = f"R3: the list is an {'object' if isinstance(content, dict) else 'array'}"
        self.say("ok", form if rows else f"R1: an empty list is {json.dumps(content)}")
        kinds = {"list code": _kinds(rows, "code"), "catalogue code": _kinds(every, "code"), "id": _kinds(every, "id")}
        self.say("ok", f"R2: {', '.join(f'{what}: {kind}' for what, kind in kinds.items() if kind)}")
        success = {"with" if "success" in body else "without" for body in bodies}
        pages = "whole" if len(bodies) == 2 else f"in {len(bodies)} pages"
        self.say("ok", f"R8: good answers come {' and '.join(sorted(success))} success; R14: the lists come {pages}")
        if new := sorted({key for body in bodies for key in body} - DESCRIBED):
            self.say("note", f"keys that the API's description does not have: {', '.join(new)}")
        if odd := len(every) - usable:
            self.say("note", f"rows of the catalogue without a usable id or code: {odd}", "they cannot be opened")

    def try_write(self, code: str) -> None:
        """Open a closed code, and close it whatever happens in between; raise CommandError if it cannot be tried."""
        ids = self.catalogue.ids(code)
        if code in self.before or not ids:
            why = "is open now, and may be in use" if ids else "is not in the catalogue"
            raise CommandError(f"--write {code}: the code {why}: `plusofon catalogue --open` shows which are closed")
        self.is_trying, was_seen = True, False
        try:
            self._send(self.client.allow_directions, ids)
            was_seen = self._wait(code, is_open=True)
        finally:
            self._close(code, was_seen=was_seen)

    def _close(self, code: str, *, was_seen: bool) -> None:
        is_closed = False
        try:
            self.say("ok", f"closing {self.catalogue[code]} …")
            own = self.listed.get(code, self.catalogue[code]).api_code
            for form in (own, int(code) if isinstance(own, str) else code):
                self._send(self.client.deny_directions, [form])
                # An opening that was not seen may still be on its way.
                time.sleep(0 if was_seen else PATIENCE)
                if is_closed := self._wait(code, is_open=False):
                    break
                self.say("note", f"R12: DELETE of {json.dumps(form)} did not close it")
            self._restore()
        except PlusofonError as error:
            self.say("problem", str(error))
        finally:
            if not is_closed:
                self.say("problem", f"{self.catalogue[code]} MAY STILL BE OPEN", "close it in the account by hand")

    def _send(self, write: Callable[[list[Any]], None], values: list[Any]) -> None:
        """Send a write. Its answer decides nothing: the list does."""
        try:
            write(values)
        except PlusofonError as error:
            self.say("note", str(error))

    def _wait(self, code: str, *, is_open: bool) -> bool:
        """Look until the list shows the code as it should be; return False if it does not in time."""
        began = time.monotonic()
        while True:
            self.listed = by_code(self.client.get_allowed_directions())
            took = time.monotonic() - began
            is_done = (code in self.listed) == is_open
            if is_done or took > PATIENCE:
                state = f"is {'open' if code in self.listed else 'closed'} after {took:.1f} s"
                level = "ok" if is_done else "problem" if is_open else "note"
                self.say(level, f"R7: {self.catalogue[code]} {state}", "" if is_done else "report this output")
                return is_done
            time.sleep(PAUSE)

    def _restore(self) -> None:
        """Report what else has vanished; if all of it has, PUT has replaced the list: open it again."""
        lost = {code: each for code, each in self.before.items() if code not in self.listed}
        ids = [each for code in lost for each in self.catalogue.ids(code)]
        if lost:
            what = f"R15: does PUT replace the list? Not open any more: {describe_all(lost.values())}"
            self.say("problem", what, "make sure in the account that they are open; report this before any `pulumi up`")
        if lost == self.before and ids:
            self._send(self.client.allow_directions, ids)
            self.listed = by_code(self.client.get_allowed_directions())
            self.say("note", f"sent to be opened again; open are now: {describe_all(self.listed.values()) or 'none'}")


def _content(body: Any) -> Any:
    """Return what an answer has in the place of its rows."""
    content = body.get("directions", body.get("data"))
    return content["data"] if isinstance(content, dict) and "data" in content else content


def _rows(body: Any) -> list[Any]:
    content = _content(body) or []
    return list(content.values() if isinstance(content, dict) else content)


def _kinds(rows: list[Any], key: str) -> str:
    found = {type(row.get(key)) for row in rows if isinstance(row, dict)}
    return " and ".join(sorted({str: "string", int: "number"}.get(kind, kind.__name__) for kind in found))
