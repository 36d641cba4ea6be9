"""An account: what is open after a change, and what is said of it, whatever the API answers and somebody does."""

from __future__ import annotations

import re
from collections import Counter
from unittest import mock

import pytest

from plusofon_pulumi.account import delivery
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import CloseOnlyError, DirectionNotChangedError, PlusofonError
from plusofon_pulumi.sandbox import READINGS, Sandbox
from plusofon_pulumi.sandbox.readings import parse
from tests.overlap import writes_at_once
from tests.unit.support import ALL_CODES, DIRECTIONS, IDS, FakeTime, Process, after, calls, error_of

pytestmark = pytest.mark.usefixtures("fake_time")

GB, SEVEN = str(DIRECTIONS["44"]), "7 (Kazakhstan, Russia)"
GONE = "closed during this run: "
VANISHED = f"{GONE}does PUT replace the list, or did somebody close it?"
CHANGED = "was answered with success, but the list of open directions has not changed."
ONLY = "this run only closes; a person must run `pulumi up`"
NOT_UNTIL = f"36 (Hungary) was not opened: nothing is opened …{SEVEN}, {GB}…; {SEVEN}, {GB} "
TWICE = "DELETE 44 7, DELETE #44 #7"
UNSEEN, UNREAD = "9 status:403 GET 1", "its list could not be read, and nothing was compared: GET …"

# Name | what is open | what the program declares | what happens | the act | what is sent | what is open then.
# Below, what is said: the lines, and the error at the end; "…" stands for any text. "#" leads a code that is sent as a
# number. What happens: a fault of some calls for the list (how many, which, of what, after how many), what the owner
# opens and closes after the first, the second … call of a method, or a reading.
STORIES = f"""
opening | | | | open 7 | PUT 7 | 7
    opened {SEVEN}
opening what is open | 7 | | | open 7 | | 7
opening what the catalogue lacks | | | | open 999 | |
    999 was not opened: Plusofon's catalogue has no direction with the code or name '999'…
closing | 7 53 | | | close 7 36 | DELETE 7 | 53
    closed {SEVEN}
closing what is declared | 36 53 | 36 | | close 36 53 | DELETE 53 | 36
    closed 53 (Cuba)
    36 (Hungary) stays open: the program still declares it
closing what are declared | 36 53 | 36 53 | | close 36 53 | | 36 53
    36 (Hungary), 53 (Cuba) stay open: the program still declares them
closing what is declared, in both types | 36 53 | 36 | 1 status:404 DELETE | close 36 53 | DELETE 53, DELETE #53 | 36
    closed 53 (Cuba)
    36 (Hungary) stays open: the program still declares it
# The list decides, not the answer.
opened, answer lost | | | 9 reset:after PUT | open 36 | PUT 36, PUT 36, PUT 36, PUT 36, PUT 36 | 36
    opened 36 (Hungary)
closed, answer says no | 53 | | 9 success-false:after DELETE | close 53 | DELETE 53 |
    closed 53 (Cuba)
opening without effect | | | 9 ignore | open 36 | PUT 36 |
    36 (Hungary) was not opened: PUT {CHANGED} Something on the way, such as a proxy, may drop the content …
closing without effect | 999 | | 9 ignore | close 999 | DELETE 999, DELETE #999 | 999
    999 (Direction 999) was not closed: DELETE {CHANGED} If it is the account's home direction, Plusofon keeps it …
closing without effect, then refused | 53 | | 1 ignore; 1 status:404 DELETE | close 53 | DELETE 53, DELETE #53 | 53
    53 (Cuba) was not closed: DELETE {CHANGED} …
closing refused in one type | 53 | | 1 status:404 DELETE | close 53 | DELETE 53, DELETE #53 |
    closed 53 (Cuba)
closing refused in both types | 53 | | 9 status:404 DELETE | close 53 | DELETE 53, DELETE #53 | 53
    53 (Cuba) was not closed: DELETE … is 404…
opening without access | | | 9 status:403 PUT | open 36 | PUT 36 |
    36 (Hungary) was not opened: PUT … is 403…
opening not seen | | | {UNSEEN} | open 36 | PUT 36 | 36
    Plusofon answered that 36 (Hungary) opened, but {UNREAD}
opening refused and not seen | | | 1 status:400 PUT; {UNSEEN} | open 36 | PUT 36 |
    36 (Hungary) may not have been opened: PUT …
closing not seen | 53 44 | | {UNSEEN} | close 44 53 | DELETE 44 53 |
    {GB}, 53 (Cuba) may not have been closed: GET …
# What is declared and vanishes with a write is opened again once, alone, and then everything compared.
closed meanwhile | 7 44 | 7 36 | PUT -7 | open 36 | PUT 36, PUT 7 | 7 36 44
    opened 36 (Hungary)
    opened {SEVEN} again: …
closed meanwhile and again | 7 | 7 | PUT -7; PUT -7 | open 36 | PUT 36, PUT 7 | 36
    36 (Hungary) … {SEVEN} {VANISHED}…
closed meanwhile and refused | 7 | 7 | PUT -7; 9 status:403 PUT 1 | open 36 | PUT 36, PUT 7 | 36
    36 (Hungary) … {SEVEN} {GONE}PUT … is 403…
closed meanwhile and not to be seen | 7 | 7 | PUT -7; 9 status:403 GET 2 | open 36 | PUT 36, PUT 7 | 7 36
    36 (Hungary) … {SEVEN} … GET …
PUT replaces | 7 | 7 36 | R15=replaces | open 36 | PUT 36, PUT 7 | 7
    opened {SEVEN} again: …
    36 (Hungary) was not opened: 36 (Hungary) closed during this run: …
closed already and opened meanwhile | 44 | | DELETE +53 | close 44 53 | DELETE 44 | 53
    closed {GB}
    53 (Cuba) was not closed: it was opened meanwhile, by somebody or by Plusofon…
opened again while another is mended | 7 53 | 7 | DELETE -7; PUT +53 | close 53 | DELETE 53, PUT 7 | 7 53
    opened {SEVEN} again: …
    53 (Cuba) was not closed: …opened …
a stranger's vanish | 7 44 53 | 36 | PUT -7 -53 | open 36 | PUT 36 | 36 44
    opened 36 (Hungary)
    {SEVEN}, 53 (Cuba) closed meanwhile; this run did not ask for it
not in the catalogue any more | 999 44 | 999 | DELETE -999 | close 44 53 | DELETE 44 |
    {GB}, 53 (Cuba) are closed, but 999 {GONE}Plusofon's catalogue has no direction with the code or name '999'…
# The whole list: closed, seen to be closed, then opened, and equal to what is declared.
list | 53 7 | | | exactly 36 7 | DELETE 53, PUT 36 | 36 7
    closed 53 (Cuba)
    opened 36 (Hungary)
list, equal | 36 7 | | | exactly 7 36 | | 36 7
list, empty | 53 36 | | | exactly | DELETE 36 53 |
    closed 36 (Hungary), 53 (Cuba)
list, home stays | 7 44 | | R11=always | exactly 36 | DELETE 44 7, DELETE #7 | 7
    closed {GB}
    36 (Hungary) was not opened: nothing is opened …{SEVEN}…; {SEVEN} was not closed: …
list, closing refused | 7 44 | | 99 status:400 DELETE | exactly 36 | {TWICE}, DELETE 44, DELETE 7 | 7 44
    {NOT_UNTIL}were not closed: DELETE …
list, closing without effect | 7 44 | | 9 ignore | exactly 36 | {TWICE} | 7 44
    {NOT_UNTIL}were not closed: DELETE …
list, closing not seen | 7 44 | | {UNSEEN} | exactly 36 | DELETE 44 7 |
    {NOT_UNTIL}may not have been closed: GET …
list, opening not seen | | | {UNSEEN} | exactly 36 | PUT 36 | 36
    Plusofon answered that 36 (Hungary) opened, but {UNREAD}
list, opened meanwhile | 7 | | PUT +53 | exactly 7 36 | PUT 36, DELETE 53 | 7 36
    closed 53 (Cuba)
    opened 36 (Hungary)
list, closed meanwhile | 7 | | PUT -7 | exactly 7 36 | PUT 36, PUT 7 | 7 36
    opened {SEVEN}, 36 (Hungary)
list, both meanwhile | 7 | | PUT +53 -7 | exactly 7 36 | PUT 36, DELETE 53, PUT 7 | 7 36
    closed 53 (Cuba)
    opened {SEVEN}, 36 (Hungary)
list, both and again | 7 | | PUT +53 -7; PUT +53 -36 | exactly 7 36 | PUT 36, DELETE 53, PUT 7 | 7 53
    opened {SEVEN}
    36 (Hungary) … it was closed meanwhile, …; 53 (Cuba) … it was opened meanwhile, …
list, the same again | 7 | | PUT +53 -7; PUT +53 -7 | exactly 7 36 | PUT 36, DELETE 53, PUT 7 | 36 53
    opened 36 (Hungary)
    …53 (Cuba) … it was opened …; 7 … was not opened: PUT …
list, PUT replaces | 7 | | R15=replaces | exactly 7 36 | PUT 36, PUT 7 | 7
    opened {SEVEN}
    36 (Hungary) … it was closed meanwhile, …does PUT replace the list?
list, a code is claimed | 53 44 | 53 | | exactly 36 | | 53 44
    36 (Hungary) was not opened: …; 53 (Cuba) was not closed: another resource of this program declares …
list, one is not in the catalogue | 53 | | | exactly 36 999 | DELETE 53, PUT 36 | 36
    closed 53 (Cuba)
    opened 36 (Hungary)
    999 was not opened: Plusofon's catalogue has no direction with …
list, no catalogue | 53 | | 9 status:403 catalogue | exactly 36 | DELETE 53 |
    closed 53
    36 was not opened: GET …
"""


def arrange(sandbox: Sandbox, events: str) -> None:
    """Let happen what a story says."""
    acts = Counter[str]()
    for first, *rest in (event.split() for event in events.split("; ") if event):
        if first.isdigit():
            fault, method, skip = (*rest, *("", "0")[len(rest) - 1 :])
            path, method = (CATALOGUE, "") if method == "catalogue" else (OPEN_LIST, method)
            sandbox.fail_next(int(first), fault, method=method or None, path=path, skip=int(skip))
        elif "=" in first:
            sandbox.set_readings(parse([first]))
        else:
            acts[first] += 1
            opens, closes = ([each[1:] for each in rest if each[0] == sign] for sign in "+-")
            sandbox.owner_acts(opens=opens, closes=closes, method=first, n=acts[first])


def sent(sandbox: Sandbox) -> str:
    """Return what was sent, in the codes that the ids of a PUT belong to."""
    code_of = {id_: code for code, ids in IDS.items() for id_ in ids}
    found = []
    for method, body in ((each.method, each.body) for each in sandbox.requests if isinstance(each.body, dict)):
        codes = [f"#{code}" if type(code) is int else code for code in body.get("codes", ())]
        opened = sorted({code_of[str(id_)] for id_ in body.get("direction_ids", ())})
        found.append(" ".join([method, *codes, *opened]))
    return ", ".join(found)


def tell(process: Process, act: str) -> list[str]:
    """Return the lines that an act shows, and the text of its error."""
    name, *codes = act.split()
    try:
        getattr(process, name)(*codes)
    except PlusofonError as error:
        return [*process.lines, str(error)]
    return process.lines


@pytest.mark.parametrize("story", re.findall(r"(?m)^\w.*\n(?: .*\n)*", STORIES), ids=lambda s: s.split(" |")[0])
def test_a_change_ends_as_the_list_shows_and_says_so(process: Process, story: str) -> None:
    head, *said = story.rstrip("\n").split("\n    ")
    _, before, claimed, events, act, writes, after = map(str.strip, head.split("|"))
    process.sandbox.set_open(before.split())
    process.claim(*claimed.split())
    arrange(process.sandbox, events)
    told = tell(process, act)
    assert sent(process.sandbox) == writes
    assert process.sandbox.open_codes == {*after.split()}
    assert len(told) == len(said), told
    for text, pattern in zip(told, said, strict=True):
        assert re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text), text
        for code, state in re.findall(r"(\d+) \([^()]*\) is (open|closed)", text):
            assert (code in after.split()) is (state == "open"), text


# Each reading by itself, and some that make each other worse. Those left out must fail, and have stories of their own.
EACH = [f"{name}={value}" for name, reading in READINGS.items() for value in reading.values]
TOGETHER = ["R4=404 R12=numbers", "R4=404 R12=strings R2=number", "R4=400 R12=numbers R3=array R1=[]"]
TOGETHER += ["R5=400 R10=good R13=each", "R5=400 R10=all R13=each R4=400", "R6=ignored R8=no R1=null R14=meta"]
TOGETHER += ["R7=late R4=404 R5=400 R13=each R12=numbers R2=string", "R11=always R4=404 R10=good"]


@pytest.mark.parametrize("readings", [*sorted({*EACH} - {"R14=cursor", "R15=replaces"}), *TOGETHER])
def test_the_life_of_codes_is_the_same_under_every_reading(process: Process, readings: str) -> None:
    sandbox, home = process.sandbox, {"7"} if "R11=always" in readings else set[str]()
    sandbox.set_readings(parse(readings.split()))
    assert process.account.open_directions().keys() == home
    for code in ("36", "36", "7", "44"):
        assert process.open(code) == DIRECTIONS[code]
    process.close("36", "44")
    process.close("36")
    assert process.account.open_directions().keys() == sandbox.open_codes == {"7"}
    process.exactly("53", *home)
    process.exactly("53", "7", "972")
    assert process.account.open_directions().keys() == sandbox.open_codes == {"7", "53", "972"}
    process.close("53", "972", *({"7"} - home))
    assert process.account.open_directions().keys() == sandbox.open_codes == home
    assert writes_at_once(sandbox) == 1


def test_a_change_costs_as_few_calls_as_it_can(process: Process) -> None:
    process.open("7")
    put = [request.body for request in process.sandbox.requests if request.method == "PUT"]
    assert put == [{"direction_ids": IDS["7"]}], "all ids of a shared code"
    assert calls(process.sandbox) == ["GET", "catalogue", "PUT", "GET"]
    process.exactly("36")
    assert calls(process.sandbox) == ["DELETE", "GET", "PUT", "GET"], "six for a process that has asked nothing yet"
    assert process.together(lambda: process.open("44"), lambda: process.close("36")) == [None, None]
    assert calls(process.sandbox) == ["DELETE", "PUT", "GET"], "openings do not wait for closings"


def test_a_write_is_looked_for_as_long_as_it_may_take_to_show(process: Process, fake_time: FakeTime) -> None:
    process.sandbox.set_open(["7"])
    process.sandbox.owner_acts(closes=["7"])
    process.open("36")
    assert fake_time.pauses == [], "nor for a stranger's code"
    process.sandbox.fail_next(9, "ignore")
    error_of(lambda: process.open("44"))
    assert fake_time.pauses == list(delivery.LOOK_PAUSES)
    assert 2 < sum(delivery.LOOK_PAUSES) < 4


@pytest.mark.parametrize("fault", ["status:401", "status:500", "status:503", "html:200", "success-false", "truncate"])
def test_an_error_is_never_an_empty_list_and_nothing_is_written(process: Process, fault: str) -> None:
    process.account.catalogue().find_one("58")
    process.sandbox.fail_next(99, fault, path=OPEN_LIST)
    assert str(error_of(process.account.open_directions)).startswith("GET ")
    for act, told in [
        ("open 58", "58 (Venezuela) was not opened: GET "),
        ("close 36 53", "36 (Hungary), 53 (Cuba) were not closed: GET "),
        ("exactly 58", "the open directions were not changed: GET "),
    ]:
        process.account._live.invalidate()
        [text] = tell(process, act)
        assert text.startswith(told)
    assert sent(process.sandbox) == ""


def test_what_vanishes_fails_every_change_of_its_batch(process: Process) -> None:
    process.sandbox.set_open(["7", "53"])
    process.sandbox.set_readings({"R15": "replaces"})
    process.claim("7", "36", "49")
    beginnings = ("36 (Hungary) was ", "49 (Germany) was ", f"{SEVEN} is open, but 36 (Hungary), ", "53 (Cuba) ")
    errors = process.together(*(lambda c=c: process.open(c) for c in ("36", "49", "7")), lambda: process.close("53"))
    for error, mine in zip(errors, beginnings, strict=True):
        assert isinstance(error, DirectionNotChangedError)
        assert str(error).startswith(mine)
        assert " 36 (Hungary), 49 (Germany) closed during this run: does PUT " in str(error)
    assert process.account.claims.refusals(["36"]), "no state owns it"


def test_a_code_that_was_open_is_not_said_to_open_when_another_is_mended(process: Process) -> None:
    process.sandbox.set_open(["7", "44"])
    process.claim("7", "36", "44")
    arrange(process.sandbox, "PUT -7")
    assert process.together(lambda: process.open("36"), lambda: process.open("44")) == [None, None]
    assert {line.partition(":")[0] for line in process.lines} == {"opened 36 (Hungary)", f"opened {SEVEN} again"}


def test_what_is_left_open_is_asked_for_once_and_briefly(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    process.sandbox.set_open(["7", "999"])
    assert process.account.leave(()) == f"left open: {SEVEN}, 999 (Direction 999)"
    account = Process(process.sandbox).account
    live = mock.Mock(return_value=account._client.get_allowed_directions())
    catalogue = mock.Mock(side_effect=PlusofonError("no"))
    monkeypatch.setattr(account._client, "get_allowed_directions", live)
    monkeypatch.setattr(account._client, "get_directions", catalogue)
    assert account.leave(()) == "left open: 7 (Kazakhstan), 999 (Direction 999)"
    assert live.mock_calls == catalogue.mock_calls == [mock.call(attempts=1, timeout=10.0)]


@pytest.mark.parametrize("seen", ["by a batch", "by diff", "by nobody"])
def test_what_closes_between_two_batches_or_unseen_is_opened_again_too(process: Process, seen: str) -> None:
    process.sandbox.set_open(["7", "53"])
    process.claim("7", "36", "44", *(["53"] if seen == "by diff" else []))
    if seen != "by nobody":
        process.open("36") if seen == "by a batch" else process.account.open_directions("7")
        process.sandbox.set_open(["36"])
    else:
        arrange(process.sandbox, f"PUT -7; {UNSEEN}")
        process.open("36")
        process.sandbox.clear_faults()
    process.account._live.invalidate()
    assert tell(process, "open 44")[-1].startswith(f"opened {SEVEN} again: ")
    assert process.sandbox.open_codes - {"53"} == {"7", "36", "44"}


def test_the_one_code_that_is_left_of_a_refused_batch_is_sent_again(process: Process) -> None:
    process.sandbox.set_readings({"R4": "404", "R5": "400"})
    process.sandbox.set_open(["7", "44", "53"])
    process.sandbox.owner_acts(closes=["53"], method="DELETE", when="before")
    process.sandbox.owner_acts(opens=["36"], method="PUT", when="before")
    process.exactly("7", "36", "58")
    assert process.sandbox.open_codes == {"7", "36", "58"}


@pytest.mark.parametrize("fault", ["status:400", "status:404", "status:422", "success-false"])
def test_a_refused_batch_is_seen_once_and_sent_by_halves(process: Process, fake_time: FakeTime, fault: str) -> None:
    process.account.catalogue().find_one("36")
    process.sandbox.clear_requests()
    process.sandbox.fail_next(2, fault, method="PUT")
    process.exactly(*ALL_CODES[:20])
    assert calls(process.sandbox) == ["GET", "PUT", "GET", *["PUT"] * 4, "GET"]
    assert process.sandbox.open_codes == {*ALL_CODES[:20]}
    assert fake_time.pauses == []


def test_one_bad_code_does_not_fail_its_neighbours(process: Process) -> None:
    bad, *good = ALL_CODES[5:21]
    process.account.catalogue().find_one("36")
    process.sandbox._by_id = {id_: row for id_, row in process.sandbox._by_id.items() if row.code != bad}
    *_, opened, error = tell(process, " ".join(["exactly", bad, *good]))
    assert error.startswith(f"{DIRECTIONS[bad]} was not opened: PUT ")
    assert process.sandbox.open_codes == {*good}
    assert opened.startswith("opened ")
    assert process.sandbox.calls("PUT") <= 9


@pytest.mark.parametrize("pause, parts", [(0, 32), (6, 11)])
def test_at_most_32_parts_go_out_in_60_seconds(process: Process, fake_time: FakeTime, pause: float, parts: int) -> None:
    slow = after(lambda: fake_time.sleep(pause), process.account._client.allow_directions)
    process.account._client.allow_directions = slow  # type: ignore[method-assign]
    process.sandbox.fail_next(999, "status:400", method="PUT")
    [text] = tell(process, " ".join(["exactly", *ALL_CODES]))
    assert process.sandbox.calls("PUT") == 1 + parts
    assert "sent with others, of which one may be the reason (run `pulumi up` again): PUT " in text
    assert all(code in text for code in ALL_CODES)


def test_another_error_fails_a_batch_at_once_and_ends_the_search_in_parts(process: Process) -> None:
    process.sandbox.set_open(["44", "53"])
    process.sandbox.fail_next(1, "status:403", method="DELETE")
    assert tell(process, "close 44 53")[0].startswith(f"{GB}, 53 (Cuba) were not closed: DELETE ")
    process.sandbox.fail_next(1, "status:400", method="PUT")
    process.sandbox.fail_next(9, "status:403", method="PUT")
    text = str(error_of(lambda: process.exactly("36", "44", "53", "58", "61", "81")))
    assert "is 403" in text
    assert f"{DIRECTIONS['58']}, {DIRECTIONS['81']} were not opened: sent with others" in text
    assert sent(process.sandbox) == "DELETE 44 53, PUT 36 58 61 81, PUT 36 61"


def test_a_run_that_only_closes_never_opens_even_to_mend(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_CLOSE_ONLY", "1")
    sandbox.set_open(["7", "53", "44"])
    process = Process(sandbox)
    error = error_of(lambda: process.open("36"))
    assert (type(error), str(error)) == (CloseOnlyError, f"36 (Hungary) was not opened: {ONLY}")
    assert tell(process, "exactly 36 7 53") == [f"closed {GB}", f"36 (Hungary) was not opened: {ONLY}"]
    process = Process(sandbox)
    process.claim("7")
    sandbox.owner_acts(closes=["7"], method="DELETE")
    told = f"53 (Cuba) is closed, but {SEVEN} {GONE}{ONLY}; {SEVEN} was not opened: {ONLY}"
    assert tell(process, "close 7 53") == [told]
    process.close("44")  # what is missing was named, and fails nothing else
    assert sent(sandbox) == "DELETE 44, DELETE 53"


def test_a_batch_that_opens_what_another_of_its_callers_closes_fails_if_it_does_not_open(sandbox: Sandbox) -> None:
    process = Process(sandbox)
    process.claim("36")
    sandbox.fail_next(9, "status:403", method="PUT")
    change = process.account.writer.submit(opens=["36"], closes=["36"])
    assert set(change.failures) == {"36"}


@pytest.mark.parametrize("act", ["close 53", "exactly 36"])
def test_claims_are_tested_again_when_the_write_is_sent(process: Process, act: str) -> None:
    process.sandbox.set_open(["53"])
    process.account._live._fetch = after(lambda: process.claim("53"), process.account._live._fetch)
    assert "this program declares" in tell(process, act)[-1] or "the program still declares" in process.lines[-1]
    assert sent(process.sandbox) == ""
