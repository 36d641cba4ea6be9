"""What the program declares is never closed by the deletion of another resource: the engine's orders of calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from plusofon_pulumi.directions import Direction, by_code
from plusofon_pulumi.sandbox import CATALOGUE_PATH, Change, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.host.conftest import StartHost
from tests.host.host import Host, RefusedError, at_once

HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
VENEZUELA = {"code": "58", "name": "Венесуэла", "english_name": "Venezuela"}
DIRECTIONS = by_code(Direction(row.code, row.name, row.english_name) for row in catalogue())
CODES = sorted(DIRECTIONS)
STAYS = "{} stays open: the program declares it."


def create(host: Host, code: str) -> None:
    """Do for a new resource what the engine does."""
    made = host.create(host.check({"code": code}).inputs)
    assert made.id == code


def replace(host: Host, old: dict[str, Any], code: str) -> None:
    """Do for a resource with another code what the engine does at first; it deletes the old one in the end."""
    news = host.check({"code": code}, {"code": old["code"]}).inputs
    assert host.diff(old["code"], old, news).replaces == ["code"]
    create(host, code)


def by_api(sandbox: Sandbox) -> list[Change]:
    return [change for change in sandbox.history if change.by == "api"]


@pytest.fixture
def both(sandbox: Sandbox) -> Sandbox:
    """The sandbox, with 36 and 58 open."""
    sandbox.set_open(["36", "58"])
    return sandbox


def test_a_renamed_resource_leaves_its_code_open(host: Host, both: Sandbox) -> None:
    create(host, "36")
    host.delete("36", HUNGARY)
    assert by_api(both) == []
    assert both.calls("PUT") + both.calls("DELETE") == 0
    assert host.lines == [STAYS.format("36 (Hungary)")]


def test_two_resources_that_swap_their_codes_leave_both_open(host: Host, both: Sandbox) -> None:
    for old in (HUNGARY, VENEZUELA):
        assert host.check({"code": old["code"]}, {"code": old["code"]}).failures == []
    replace(host, HUNGARY, "58")
    replace(host, VENEZUELA, "36")
    host.delete("36", HUNGARY)
    host.delete("58", VENEZUELA)
    assert by_api(both) == []
    assert host.lines == [STAYS.format("36 (Hungary)"), STAYS.format("58 (Venezuela)")]


def test_a_swap_with_the_deletions_first_leaves_both_open(host: Host, both: Sandbox) -> None:
    for old, code in ((HUNGARY, "58"), (VENEZUELA, "36")):
        host.check({"code": code}, {"code": old["code"]})
    for old, code in ((HUNGARY, "58"), (VENEZUELA, "36")):
        host.delete(old["code"], old)
        create(host, code)
    assert by_api(both) == []


def test_a_forced_replacement_leaves_its_code_open(host: Host, both: Sandbox) -> None:
    """`up --replace`: `diff` is not asked, and the id of the new resource is that of the old one."""
    host.check({"code": "36"}, {"code": "36"})
    create(host, "36")
    host.delete("36", HUNGARY)
    assert by_api(both) == []


def test_another_code_is_opened_before_the_old_one_is_closed(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    replace(host, HUNGARY, "58")
    host.delete("36", HUNGARY)
    assert by_api(sandbox) == [Change("open", ["58"], "api"), Change("close", ["36"], "api")]
    assert host.stderr == ""


def test_a_code_that_nobody_declares_any_more_is_closed(host: Host, both: Sandbox) -> None:
    host.check({"code": "58"}, {"code": "58"})
    host.delete("36", HUNGARY)
    assert both.open_codes == {"58"}


def test_destroy_claims_nothing_and_closes_everything(host: Host, both: Sandbox) -> None:
    host.delete("36", HUNGARY)
    host.delete("58", VENEZUELA)
    assert both.open_codes == set()
    assert host.stderr == ""


def test_a_code_whose_new_owner_could_not_be_created_keeps_its_old_one(host: Host, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:400", method="PUT")
    inputs = host.check({"code": "36"}).inputs
    with pytest.raises(RefusedError, match=r"36 \(Hungary\) was not opened"):
        host.create(inputs)
    sandbox.set_open(["36"])
    with pytest.raises(RefusedError) as refused:
        host.delete("36", HUNGARY)
    assert "36 (Hungary) was not closed: the program declares the code in another resource" in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert sandbox.open_codes == {"36"}
    assert by_api(sandbox) == []


def test_a_code_whose_new_owner_was_created_at_last_is_let_go_by_its_old_one(host: Host, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:400", method="PUT")
    inputs = host.check({"code": "36"}).inputs
    with pytest.raises(RefusedError):
        host.create(inputs)
    host.create(inputs)
    host.delete("36", HUNGARY)
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize(
    "code, fault", [("36", "status:403"), ("999", None)], ids=["catalogue unreadable", "not in the catalogue"]
)
def test_a_code_whose_new_owner_failed_in_check_keeps_its_old_one(
    host: Host, sandbox: Sandbox, code: str, fault: str | None
) -> None:
    sandbox.set_open([code])
    if fault is not None:
        sandbox.fail_next(1, fault, path=CATALOGUE_PATH)
    assert len(host.check({"code": code}).failures) == 1
    with pytest.raises(RefusedError, match="the program declares the code in another resource"):
        host.delete(code, {"code": code})
    assert sandbox.open_codes == {code}
    assert sandbox.calls("DELETE") == 0


def test_an_update_that_failed_keeps_the_code_from_being_closed_by_another(host: Host, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:400", method="PUT")
    news = host.check({"code": "36"}, {"code": "36"}).inputs
    with pytest.raises(RefusedError, match=r"36 \(Hungary\) was not opened"):
        host.update("36", HUNGARY, news)
    sandbox.set_open(["36"])
    with pytest.raises(RefusedError, match="the program declares the code in another resource"):
        host.delete("36", HUNGARY)
    assert sandbox.open_codes == {"36"}


# Many at once


def test_forty_resources_renamed_at_once_stay_open_without_a_write_and_each_is_told_in_a_whole_line(
    host: Host, sandbox: Sandbox
) -> None:
    codes = CODES[:40]
    sandbox.set_open(codes)
    at_once([partial(create, host, code) for code in codes])
    old = [{"code": code, "english_name": DIRECTIONS[code].english_name} for code in codes]
    at_once([partial(host.delete, each["code"], each) for each in old])
    assert by_api(sandbox) == []
    assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 0
    assert sorted(host.lines) == sorted(STAYS.format(DIRECTIONS[code]) for code in codes)


def test_what_is_opened_and_closed_at_once_by_many_threads_ends_as_declared(start: StartHost, sandbox: Sandbox) -> None:
    before, after = CODES[:30], CODES[15:45]
    sandbox.set_open(before)
    host = start()
    checked = at_once([partial(host.check, {"code": code}) for code in after])
    opening: list[Callable[[], Any]] = [partial(host.create, each.inputs) for each in checked]
    closing: list[Callable[[], Any]] = [partial(host.delete, code, {"code": code}) for code in before]
    at_once([call for pair in zip(opening, closing, strict=True) for call in pair])
    assert sandbox.open_codes == set(after)
    assert sandbox.max_writes_under_way == 1
    closed = [code for change in by_api(sandbox) if change.event == "close" for code in change.codes]
    assert sorted(closed) == sorted(set(before) - set(after))
