"""``plusofon doctor``: its verdict under each reading and each fault, and that it closes what it has opened."""

from __future__ import annotations

import itertools
import json
import signal

import pytest

from plusofon_pulumi import client
from plusofon_pulumi.cli import doctor
from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.unit.cli_runner import Cli, started, writes
from tests.unit.support import FakeTime
from tests.waiting import PATIENCE, until

# What a reading is recognised by, in the report.
SEEN = {
    ("R1", "{}"): "R1: an empty list is {}",
    ("R1", "[]"): "R1: an empty list is []",
    ("R1", "null"): "R1: an empty list is null",
    ("R2", "string/number/string"): "R2: list code: string, catalogue code: number, id: string",
    ("R2", "number/string/number"): "R2: list code: number, catalogue code: string, id: number",
    ("R3", "object"): "R3: the list is an object",
    ("R3", "array"): "R3: the list is an array",
    ("R8", "yes"): "R8: good answers come with success",
    ("R8", "no"): "R8: good answers come without success",
    ("R14", "whole"): "R14: the lists come whole",
    ("R14", "meta"): "R14: the lists come in ",
}
NORFOLK = "672 (Australian External Territorie"
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


@pytest.fixture(autouse=True)
def made_up_time(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> FakeTime:
    """Let the doctor wait in the made-up time of the client and the sandbox."""
    monkeypatch.setattr(doctor, "time", fake_time)
    return fake_time


@pytest.mark.parametrize("name, value", GOOD)
def test_no_reading_is_a_problem_and_a_code_is_opened_and_closed_again_under_each(
    cli: Cli, name: str, value: str
) -> None:
    cli.sandbox.set_readings({name: value})
    cli.sandbox.set_open([] if name == "R1" else ["7", "36"])
    report = cli.done("doctor")
    for line in ("ok       the token is accepted", "catalogue: 255 rows, 215 codes", SEEN.get((name, value), "")):
        assert line in report
    assert writes(cli.sandbox) == []
    if name != "R15":
        cli.sandbox.set_open(["7", "36"])
        assert f"R7: {NORFOLK}" in cli.done("doctor", "--write", "+672")
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
    rows = [{"id": "1", "name": "", "english_name": "Russia", "code": 7}]
    odd = [{"id": "1", "name": "", "english_name": "Cuba", "code": 53}, {"name": "", "english_name": "X", "code": 93}]
    cli.sandbox.fail_next(1, "status:200", path="/api/v1/directions", body={"directions": rows + odd, "limit": 9})
    code, report, _ = cli.run("doctor")
    for line in (
        "note     open, not in the catalogue: 424 (",
        "note     keys that the API's description does not have: limit",
        "note     rows of the catalogue without a usable id or code: 1",
        "problem  codes that share an id: 53, 7",
    ):
        assert (code, line in report) == (1, True), line


def test_settings_and_versions_are_reported_but_no_secret(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:s3cret@proxy.example:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@proxy.invalid:3128")
    found = json.loads(cli.done("doctor", "--client-id", "10553", "--json"))["findings"]
    assert {each["level"] for each in found} == {"ok", "note"}
    report = " ".join(each["text"] for each in found)
    of = "(the environment variable PLUSOFON_TOKEN)"
    for line in ("plusofon-pulumi ", of, "10553 (--client-id)", "a proxy: proxy.example:3128"):
        assert line in report
    code, elsewhere, _ = cli.run("doctor", "--base-url", "https://plusofon.invalid", "--json")
    assert (code, "problem" in {each["level"] for each in json.loads(elsewhere)["findings"]}) == (1, True)
    assert not [secret for secret in ("s3cret", cli.sandbox.token) if secret in report + elsewhere]


# --write


def test_only_a_closed_code_of_the_catalogue_is_tried(cli: Cli) -> None:
    for code, why in {"36": "is open now", "424": "not in the catalogue", "abc": "abc"}.items():
        ended, report, _ = cli.run("doctor", "--write", code)
        assert (ended, writes(cli.sandbox), why in report.splitlines()[-2]) == (1, [], True)


ODD = {  # readings of writes, and what is reported, the exit code, and the writes
    ("R12=numbers", "R4=404"): ('note     R12: DELETE of "672" did not close it', 0, ["PUT", "DELETE", "DELETE"]),
    ("R15=replaces",): ("problem  R15: does PUT replace the list?", 1, ["PUT", "DELETE", "PUT"]),
}


@pytest.mark.parametrize("readings", ODD)
def test_an_odd_write_is_reported_and_all_is_as_it_was(cli: Cli, readings: tuple[str, ...]) -> None:
    words, code, sent = ODD[readings]
    cli.sandbox.set_readings(dict(each.split("=") for each in readings))
    cli.sandbox.set_open(["7", "36", "44"])
    ended, report, _ = cli.run("doctor", "--write", "672")
    assert (ended, words in report, writes(cli.sandbox)) == (code, True, sent)
    assert cli.sandbox.open_codes == {"7", "36", "44"}


@pytest.mark.parametrize("fault", ["ignore", "status:403"])
def test_a_code_that_does_not_close_is_said_plainly(cli: Cli, fault: str) -> None:
    cli.sandbox.fail_next(9, fault, method="DELETE")
    ended, report, _ = cli.run("doctor", "--write", "672")
    assert (ended, "MAY STILL BE OPEN" in report.splitlines()[-3]) == (1, True)
    assert cli.sandbox.open_codes == {"36", "672"}


@pytest.mark.parametrize("fault", ["status:400", "ignore", "status:503:after", "reset:after", "expired"])
def test_whatever_put_answers_the_code_is_closed_in_the_end(cli: Cli, made_up_time: FakeTime, fault: str) -> None:
    cli.sandbox.fail_next(1, fault, method="PUT")
    report = cli.run("doctor", "--write", "672")[1]
    assert ("DELETE" in writes(cli.sandbox), "MAY STILL BE OPEN" in report) == (True, False)
    assert cli.sandbox.open_codes == {"36"}
    assert (doctor.PATIENCE in made_up_time.pauses) is (":after" not in fault), "one not seen may be on its way"


@pytest.mark.parametrize("times", [1, 99])
def test_ctrl_c_between_the_writes_closes_the_code_or_says_that_it_may_be_open(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], made_up_time: FakeTime, times: int
) -> None:
    pass_, pauses = made_up_time.sleep, itertools.count(1)

    def sleep(seconds: float) -> None:
        if next(pauses) <= times:
            raise KeyboardInterrupt
        pass_(seconds)

    monkeypatch.setattr(made_up_time, "sleep", sleep)
    cli.sandbox.set_readings({"R7": "late"})
    with pytest.raises(KeyboardInterrupt):
        cli.run("doctor", "--write", "672")
    assert (set(cli.sandbox.open_codes), writes(cli.sandbox)) == ({"36"}, ["PUT", "DELETE"])
    assert ("MAY STILL BE OPEN" in capsys.readouterr().out) == (times > 1)


@pytest.mark.usefixtures("signals_heard")
def test_a_signal_between_the_writes_closes_the_code(sandbox: Sandbox) -> None:
    sandbox.set_readings({"R7": "0.5"})
    program = "from plusofon_pulumi import __main__, cli\nfrom plusofon_pulumi.cli import doctor\nimport sys\n"
    program += "doctor.PATIENCE = 1.5\nsys.exit(__main__.main())"
    with started(sandbox, "doctor", "--write", "672", program=program) as process:
        until(lambda: "PUT" in writes(sandbox))
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err, "closing 672 (" in out) == (130, "error: interrupted\n", True)
    assert sandbox.open_codes == set()
