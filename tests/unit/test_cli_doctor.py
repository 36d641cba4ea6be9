"""``plusofon doctor``: its verdict under each reading and each fault, and that it closes what it has opened."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from plusofon_pulumi import client
from plusofon_pulumi.cli import doctor
from plusofon_pulumi.sandbox import READINGS
from plusofon_pulumi.sandbox.readings import parse
from tests.unit.cli_runner import Cli, writes
from tests.unit.support import FakeTime

TYPES = "R2: list code: {}, catalogue code: {}, id: {}"
# What is reported of a reading, by its value.
SEEN = {
    "R1": {value: f"R1: an empty list is {value}" for value in READINGS["R1"].values},
    "R2": {value: TYPES.format(*value.split("/")) for value in READINGS["R2"].values},
    "R3": {value: f"R3: the list is an {value}" for value in READINGS["R3"].values},
    "R8": {"yes": "R8: good answers come with success", "no": "R8: good answers come without success"},
    "R14": {"whole": "R14: the lists come whole", "meta": "R14: the lists come in "},
}
# All readings that need no page without a number.
GOOD = [(reading.name, value) for reading in READINGS.values() for value in reading.values if value != "cursor"]
# A fault of all calls, and a part of the problem that is reported.
FAULTS = {
    "status:404": "client id",
    "html:502": "502",
    "expired": "token",
    "echo:400": "400",
    "success-false": "Операция не выполнена",
    "hang": "no answer came in time",
    "reset": "the connection broke",
}


@pytest.mark.parametrize("name, value", GOOD)
def test_no_reading_is_a_problem_and_a_code_opens_and_closes_under_each(cli: Cli, name: str, value: str) -> None:
    cli.sandbox.set_readings({name: value})
    cli.sandbox.set_open([] if name == "R1" else ["7", "36"])
    report = cli.done("doctor")
    for line in ("ok       the token is accepted", "catalogue: 255 rows, 215 codes", SEEN.get(name, {}).get(value, "")):
        assert line in report
    assert writes(cli.sandbox) == []
    if name != "R15":
        cli.sandbox.set_open(["7", "36"])
        assert "R7: 672 (Australian External Territorie" in cli.done("doctor", "--write", "+672")
        assert cli.sandbox.open_codes == {"7", "36"}


@pytest.mark.parametrize("value", READINGS["R9"].values)
def test_a_refused_token_is_a_problem(cli: Cli, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    cli.sandbox.set_readings({"R9": value})
    monkeypatch.setenv("PLUSOFON_TOKEN", "wrong-token")
    code, report, _ = cli.run("doctor")
    assert (code, report.count("\nproblem "), report.splitlines()[-1][:20]) == (1, 1, "total    problems: 1")
    assert "of the environment variable PLUSOFON_TOKEN" in report.partition("\nproblem ")[2]
    assert "wrong-token" not in report


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["/api/v1/direction", "/api/v1/directions"])
def test_each_fault_is_a_problem_and_the_other_list_is_read_all_the_same(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, fault: str, path: str
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT", 0.2)
    cli.sandbox.fail_next(99, fault, path=path)
    code, report, _ = cli.run("doctor", "--write", "672")
    problems = [line for line in report.splitlines() if line.startswith("problem")]
    assert (code, len(problems), FAULTS[fault] in problems[0], writes(cli.sandbox)) == (1, 1, True, [])
    assert (cli.sandbox.token in report, ": 200 after" in report) == (False, True)


def test_what_deserves_a_look_is_a_note(cli: Cli) -> None:
    cli.sandbox.set_open(["424", "7"])
    rows: list[Any] = [{"id": "1", "name": "", "english_name": "Russia", "code": code} for code in (7, 53)]
    odd = {"directions": [*rows, {"name": "", "english_name": "X", "code": 93}], "limit": 9}
    cli.sandbox.fail_next(1, "status:200", path="/api/v1/directions", body=odd)
    code, report, _ = cli.run("doctor")
    for line in (
        "note     open, not in the catalogue: 424 (",
        "note     keys that the API's description does not have: limit",
        "note     rows of the catalogue without a usable id or code: 1",
        "problem  codes that share an id: 53, 7",
    ):
        assert (code, line in report) == (1, True), line


def test_settings_and_versions_are_reported_but_no_secret(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://me:s3cret@proxy.invalid:3128")
    report = cli.done("doctor", "--client-id", "10553", "--json")
    code, elsewhere, _ = cli.run("doctor", "--base-url", "https://plusofon.invalid", "--json")
    levels = [{each["level"] for each in json.loads(text)["findings"]} for text in (report, elsewhere)]
    assert (code, levels) == (1, [{"ok", "note"}, {"ok", "note", "problem"}])
    of = "(the environment variable PLUSOFON_TOKEN)"
    for line in ("plusofon-pulumi ", of, "10553 (--client-id)", "a proxy: proxy.invalid:3128"):
        assert line in report
    assert not [secret for secret in ("s3cret", cli.sandbox.token) if secret in report + elsewhere]


# --write


def test_only_a_closed_code_of_the_catalogue_is_tried(cli: Cli) -> None:
    for code, why in {"36": "is open now", "424": "not in the catalogue", "abc": "abc"}.items():
        ended, report, _ = cli.run("doctor", "--write", code)
        assert (ended, writes(cli.sandbox), why in report.splitlines()[-2]) == (1, [], True)


IN_THE_END = "MAY STILL BE OPEN\n         close it in the account by hand\ntotal "
NOT_SEEN = "problem  R7: 672"
# Readings, or a fault of a method: what is reported, the exit code, and the writes.
WRITES = {
    "R12=numbers R4=404": ('note     R12: DELETE of "672" did not close it', 0, "PUT DELETE DELETE"),
    "R15=replaces": ("problem  R15: does PUT replace the list?", 1, "PUT DELETE PUT"),
    "DELETE ignore": (IN_THE_END, 1, "PUT DELETE DELETE"),
    "DELETE status:403": (IN_THE_END, 1, "PUT DELETE DELETE"),
    "PUT ignore": (NOT_SEEN, 1, "PUT DELETE"),
    "PUT status:400": (NOT_SEEN, 1, "PUT DELETE"),
    "PUT reset:after": ("ok       R7: 672", 0, "PUT PUT DELETE"),
}


@pytest.mark.parametrize("case", WRITES)
def test_whatever_a_write_does_the_code_is_closed_or_said_to_be_open(cli: Cli, fake_time: FakeTime, case: str) -> None:
    words, code, sent = WRITES[case]
    if "=" in case:
        cli.sandbox.set_readings(parse(case.split()))
    else:
        method, fault = case.split()
        cli.sandbox.fail_next(9 if method == "DELETE" else 1, fault, method=method)
    cli.sandbox.set_open(["7", "36", "44"])
    ended, report, _ = cli.run("doctor", "--write", "672")
    assert (ended, words in report, " ".join(writes(cli.sandbox))) == (code, True, sent), report
    assert cli.sandbox.open_codes == {"7", "36", "44", *(["672"] if "MAY STILL BE OPEN" in report else [])}
    assert (doctor.PATIENCE in fake_time.pauses) is (words == NOT_SEEN), "it may be on its way"


@pytest.mark.parametrize("times", [1, 99])
def test_ctrl_c_between_the_writes_closes_the_code_or_says_that_it_may_be_open(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime, times: int
) -> None:
    pass_, pauses = fake_time.sleep, itertools.count(1)

    def sleep(seconds: float) -> None:
        if next(pauses) <= times:
            raise KeyboardInterrupt
        pass_(seconds)

    monkeypatch.setattr(fake_time, "sleep", sleep)
    cli.sandbox.set_readings({"R7": "late"})
    with pytest.raises(KeyboardInterrupt):
        cli.run("doctor", "--write", "672")
    assert (set(cli.sandbox.open_codes), writes(cli.sandbox)) == ({"36"}, ["PUT", "DELETE"])
    out = cli.capsys.readouterr().out
    assert ("closing 672 (" in out, "MAY STILL BE OPEN" in out) == (True, times > 1)
