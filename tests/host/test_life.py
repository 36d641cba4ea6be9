"""The life of both kinds, call by call as the engine makes them, with the account's own list at every step."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from pulumi.output import Unknown

from plusofon_pulumi.sandbox import CATALOGUE_PATH, Change, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.host.conftest import StartHost
from tests.host.host import (
    CUBA,
    GERMANY,
    HUNGARY,
    ID,
    UNKNOWN,
    Difference,
    Found,
    Host,
    at_once,
    refused,
    state,
    whole,
)
from tests.overlap import writes_at_once

SAME = Difference(changes=False, replaces=[], delete_before_replace=False)
CHANGED = Difference(changes=True, replaces=[], delete_before_replace=False)
REPLACED = Difference(changes=True, replaces=["code"], delete_before_replace=False)
CODES = sorted({row.code for row in catalogue()})
SINCE = "since the last successful update"


def kinds(sandbox: Sandbox) -> list[str]:
    """List the calls that the sandbox has seen since the last time."""
    seen = ["catalogue" if each.path == CATALOGUE_PATH else each.method for each in sandbox.requests]
    sandbox.clear_requests()
    return seen


def test_a_single_lives_from_create_to_destroy(start: StartHost, sandbox: Sandbox) -> None:
    up = start()
    made = up.create(up.check({"code": 36.0}).inputs)
    assert made == Found("36", HUNGARY, {})
    assert up.diff("36", made.outputs, {"code": "36"}) == SAME
    assert up.lines == ["will open 36 (Hungary)", "opened 36 (Hungary)"]
    assert sorted(kinds(sandbox)) == ["GET", "GET", "PUT", "catalogue"]

    sandbox.set_open(["53"])
    mend = start()
    news = mend.check({"code": "36"}, {"code": "36"}).inputs
    assert mend.diff("36", HUNGARY, news) == CHANGED
    assert mend.update("36", HUNGARY, news).outputs == HUNGARY
    assert mend.read("36", HUNGARY) == Found("36", HUNGARY, {"code": "36"})
    assert mend.lines == [f"will open 36 (Hungary): it was closed {SINCE}", "opened 36 (Hungary)"]

    replace = start()
    news = replace.check({"code": "49"}, {"code": "36"}).inputs
    assert replace.diff("36", HUNGARY, news) == REPLACED
    assert replace.create(replace.check({"code": "49"}).inputs).outputs == GERMANY
    replace.delete("36", HUNGARY)
    replace.delete("36", HUNGARY)
    assert replace.read("36", HUNGARY) == Found("", {}, {})
    assert replace.lines == [
        "will open 49 (Germany); 36 (Hungary) closes after that, unless it is declared or retained",
        "opened 49 (Germany)",
        "closed 36 (Hungary)",
    ]
    assert sandbox.history[-2:] == [Change("open", ["49"], "api"), Change("close", ["36"], "api")]
    assert "36 (Hungary) is not open, so it cannot be taken over" in refused(replace.read, "36", {})


def test_a_whole_list_lives_from_create_to_destroy(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    up = start()
    news = up.check(whole(["+49", 36, "36"], "close")).inputs
    assert news == {"codes": ["36", "49"], "on_destroy": "close"}
    made = up.create(whole(**news))
    assert made == Found(ID, state(HUNGARY, GERMANY, on_destroy="close"), {})
    assert up.lines == [
        "will close 53 (Cuba): it is open and not declared",
        "will open 36 (Hungary), 49 (Germany)",
        "closed 53 (Cuba)",
        "opened 36 (Hungary), 49 (Germany)",
    ]
    assert sorted(kinds(sandbox)) == ["DELETE", "GET", "GET", "GET", "PUT", "catalogue"]

    sandbox.set_open(["36", "53"])
    refresh = start()
    found = refresh.read(ID, whole(**made.outputs), whole(**news))
    assert found == Found(ID, state(HUNGARY, CUBA, on_destroy="close"), {"codes": ["36", "53"], "on_destroy": "close"})
    assert refresh.diff(ID, whole(**found.outputs), whole(**news)) == CHANGED
    assert refresh.stderr == "", "a refresh asks with the old inputs, which are not the program's"
    news = refresh.check(whole(["36", "49"], "close"), whole(**found.inputs)).inputs
    assert refresh.diff(ID, whole(**found.outputs), whole(**news)) == CHANGED
    assert refresh.update(ID, whole(**found.outputs), whole(**news)).outputs == made.outputs
    assert refresh.lines == [
        f"will close 53 (Cuba): it was opened {SINCE}",
        f"will open 49 (Germany): it was closed {SINCE}",
        "closed 53 (Cuba)",
        "opened 49 (Germany)",
    ]

    again = start()
    kinds(sandbox)
    news = again.check(whole(["49", "36"], "close"), whole(**news)).inputs
    assert again.diff(ID, whole(**made.outputs), whole(**news)) == SAME
    assert kinds(sandbox) == ["GET"]

    destroy = start()
    destroy.delete(ID, whole(**made.outputs))
    assert sandbox.open_codes == set()
    assert destroy.lines == ["closed 36 (Hungary), 49 (Germany)", "left open: nothing"]


def test_an_empty_list_is_a_list_and_a_retained_one_names_what_is_left(host: Host, sandbox: Sandbox) -> None:
    made = host.create(whole(**host.check(whole([])).inputs))
    assert made == Found(ID, state(), {})
    assert host.read(ID, whole(**made.outputs)) == Found(ID, state(), {"codes": [], "on_destroy": "retain"})
    assert host.diff(ID, whole(**made.outputs), whole([])) == SAME
    sandbox.set_open(["53"])
    host.delete(ID, whole(**made.outputs))
    assert host.lines == ["left open: 53 (Cuba)"]
    assert sandbox.open_codes == {"53"}


def test_what_is_not_known_yet_passes_as_unknown_and_the_list_is_read_once(start: StartHost, sandbox: Sandbox) -> None:
    host = start()
    for olds in (None, {"code": "36"}):
        assert isinstance(host.check({"code": UNKNOWN}, olds).inputs["code"], Unknown)
    assert host.diff("36", HUNGARY, {"code": UNKNOWN}) == REPLACED
    assert host.diff("36", {"other": 1}, {"code": "36"}) == REPLACED
    assert host.lines[0] == "the code is not known yet: pulumi up shows what it opens"
    host = start()
    *known, last = host.check(whole(["49", UNKNOWN, 36]), whole(["36", "49"])).inputs["codes"]
    assert (known, type(last)) == (["36", "49"], Unknown)
    assert isinstance(host.check(whole(UNKNOWN)).inputs["codes"], Unknown)
    assert host.diff(ID, whole(**state(HUNGARY)), whole(["36", UNKNOWN])) == CHANGED
    assert host.lines == ["not all codes are known yet: pulumi up shows what closes and what opens"]
    assert kinds(sandbox) == ["GET", "catalogue", "GET"], "names are looked up once in a process"


def test_what_is_opened_and_closed_at_once_by_many_threads_ends_as_declared(host: Host, sandbox: Sandbox) -> None:
    before, after = CODES[:30], CODES[15:45]
    sandbox.set_open(before)
    checked = at_once([partial(host.check, {"code": code}) for code in after])
    opening: list[Callable[[], Any]] = [partial(host.create, each.inputs) for each in checked]
    closing: list[Callable[[], Any]] = [partial(host.delete, code, {"code": code}) for code in before]
    at_once([call for pair in zip(opening, closing, strict=True) for call in pair])
    assert sandbox.open_codes == {*after}
    assert writes_at_once(sandbox) == 1
    closed = [code for event, codes, by in sandbox.history if (event, by) == ("close", "api") for code in codes]
    assert sorted(closed) == sorted({*before} - {*after})
    whole_line = r"(will open|opened|closed|there are more) .*|.* still declares (it|them)"
    assert [line for line in host.lines if not re.fullmatch(whole_line, line)] == []
