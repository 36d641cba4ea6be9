"""Deletion of the whole list, and what both kinds of resources in one program owe each other."""

from __future__ import annotations

import pytest

from plusofon_pulumi.errors import DirectionClaimedError, DirectionNotChangedError, PermissionDeniedError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.conftest import Plugin, StartPlugin
from tests.unit.support import PAYLOAD, UNKNOWN
from tests.unit.whole_list import ID, by_api, calls, inputs, outputs

RETAINED = 'stays open: on_destroy is "retain".'
DECLARED = "stays open: the program declares it."
BACKSTOP = (
    "58 (Venezuela) was not closed: an AllowedDirection of this program declares the code: add it to `codes`, "
    "or remove that resource"
)


@pytest.fixture
def both(sandbox: Sandbox) -> Sandbox:
    """The sandbox, with 36 and 58 open."""
    sandbox.set_open(["36", "58"])
    return sandbox


# Delete


@pytest.mark.parametrize("state", [outputs("36", "58"), {**outputs("36", "58"), "on_destroy": "what?"}])
def test_retaining_calls_nothing_and_tells_each_code_once(
    whole: AllowedDirectionsProvider, both: Sandbox, capsys: pytest.CaptureFixture[str], state: dict[str, object]
) -> None:
    for _ in range(2):
        whole.delete(ID, {**state, **PAYLOAD})
    assert capsys.readouterr().err.splitlines() == [f"36 (Hungary) {RETAINED}", f"58 (Venezuela) {RETAINED}"]
    assert calls(both) == []
    assert both.open_codes == {"36", "58"}


def test_retaining_is_what_happens_where_state_has_no_choice(
    whole: AllowedDirectionsProvider, both: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    whole.delete(ID, {"directions": outputs("36")["directions"]})
    assert capsys.readouterr().err == f"36 (Hungary) {RETAINED}\n"
    assert calls(both) == []


def test_retaining_what_is_still_declared_is_no_news(
    plugin: Plugin, both: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin.single.check({}, {"code": "36"})
    plugin.whole.delete(ID, outputs("36", "58"))
    assert capsys.readouterr().err == f"58 (Venezuela) {RETAINED}\n"


def test_retaining_needs_no_token(start_plugin: StartPlugin, both: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    start_plugin(both, token=" ").whole.delete(ID, outputs("36"))
    assert capsys.readouterr().err == f"36 (Hungary) {RETAINED}\n"


@pytest.mark.parametrize("on_destroy, what", [("retain", "given up"), ("close", "closed")])
def test_a_list_is_kept_in_state_where_a_single_direction_of_its_codes_could_not_be_made(
    plugin: Plugin, both: Sandbox, on_destroy: str, what: str
) -> None:
    both.fail_next(1, "status:403")
    assert plugin.single.check({}, {"code": "58"}).failures
    with pytest.raises(DirectionClaimedError) as caught:
        plugin.whole.delete(ID, outputs("36", "58", on_destroy=on_destroy))
    assert str(caught.value).startswith(f"58 (Venezuela) was not {what}: the program declares the code in another res")
    assert "58" in both.open_codes


def test_closing_closes_what_was_last_recorded_and_nothing_else(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["36", "53"])
    for _ in range(2):
        whole.delete(ID, outputs("36", "58", on_destroy="close"))
    assert by_api(sandbox) == [("close", ["36"])]
    assert capsys.readouterr() == ("", "")


def test_closing_leaves_what_is_still_declared_open_and_says_so(
    plugin: Plugin, both: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin.single.check({}, {"code": "36"})
    for _ in range(2):
        plugin.whole.delete(ID, outputs("36", "58", on_destroy="close"))
    assert both.open_codes == {"36"}
    assert capsys.readouterr().err == f"36 (Hungary) {DECLARED}\n"


@pytest.mark.parametrize("state", [{}, outputs(on_destroy="close"), {"on_destroy": "close", "code": "36"}])
def test_a_state_without_directions_has_nothing_to_close(
    whole: AllowedDirectionsProvider, both: Sandbox, state: dict[str, object]
) -> None:
    whole.delete(ID, {**state})
    assert calls(both) == []


def test_a_closing_on_destroy_that_fails_keeps_the_list_in_state(
    whole: AllowedDirectionsProvider, both: Sandbox
) -> None:
    both.set_readings({"R11": "always"})
    with pytest.raises(
        DirectionNotChangedError, match=r"^7 \(Kazakhstan, Russia\) was not closed: DELETE was answered"
    ):
        whole.delete(ID, outputs("36", "7", on_destroy="close"))
    assert both.open_codes == {"58", "7"}


# From one kind to the other


def test_single_directions_give_their_codes_to_the_list_without_an_outage(plugin: Plugin, both: Sandbox) -> None:
    both.set_open(["36", "58", "53"])
    plugin.whole.create(plugin.whole.check({}, {"codes": ["36", "58"]}).inputs)
    for code in ("36", "58"):
        plugin.single.delete(code, {"code": code})
    assert by_api(both) == [("close", ["53"])]


@pytest.mark.parametrize("on_destroy", ["retain", "close"])
def test_the_list_gives_its_codes_to_single_directions_without_an_outage(
    plugin: Plugin, both: Sandbox, on_destroy: str
) -> None:
    for code in ("36", "58"):
        plugin.single.create(plugin.single.check({}, {"code": code}).inputs)
    plugin.whole.delete(ID, outputs("36", "58", on_destroy=on_destroy))
    assert by_api(both) == []


def test_a_renamed_list_that_closes_on_destroy_leaves_its_codes_open(plugin: Plugin, both: Sandbox) -> None:
    plugin.whole.create(plugin.whole.check({}, {"codes": ["36", "58"], "on_destroy": "close"}).inputs)
    plugin.whole.delete(ID, outputs("36", "58", on_destroy="close"))
    assert by_api(both) == []


@pytest.mark.parametrize("fault, method", [("status:403", "PUT"), ("ignore", "PUT"), ("status:403", "DELETE")])
def test_a_list_that_could_not_be_made_leaves_its_codes_to_those_who_have_them(
    plugin: Plugin, sandbox: Sandbox, fault: str, method: str
) -> None:
    sandbox.set_open(["36", "53"])
    news = plugin.whole.check({}, {"codes": ["36", "58"]}).inputs
    sandbox.fail_next(99, fault, method=method)
    with pytest.raises((PermissionDeniedError, DirectionNotChangedError)):
        plugin.whole.create(news)
    sandbox.clear_faults()
    with pytest.raises(
        DirectionClaimedError, match=r"^36 \(Hungary\) was not closed: the program declares the code in"
    ):
        plugin.single.delete("36", outputs("36")["directions"][0])
    plugin.whole.create(news)
    plugin.single.delete("36", outputs("36")["directions"][0])
    assert sandbox.open_codes == {"36", "58"}


def test_a_single_direction_that_could_not_be_made_keeps_the_closing_list_in_state(
    plugin: Plugin, both: Sandbox
) -> None:
    news = plugin.single.check({}, {"code": "36"}).inputs
    both.set_open(["58"])
    both.fail_next(99, "status:403", method="PUT")
    with pytest.raises(PermissionDeniedError):
        plugin.single.create(news)
    both.set_open(["36", "58"])
    with pytest.raises(
        DirectionClaimedError, match=r"^36 \(Hungary\) was not closed: the program declares the code in"
    ):
        plugin.whole.delete(ID, outputs("36", "58", on_destroy="close"))
    assert both.open_codes == {"36"}


# A single direction beside a list that lacks its code: what the resources could not find out in time


@pytest.mark.parametrize("act", ["create", "update"])
def test_the_list_writes_nothing_where_it_would_close_what_another_resource_declares(
    plugin: Plugin, both: Sandbox, act: str
) -> None:
    both.set_open(["58", "53"])
    plugin.single.check({}, {"code": "58"})
    news = plugin.whole.check({}, {"codes": ["36"]}).inputs
    with pytest.raises(DirectionClaimedError) as caught:
        plugin.whole.create(news) if act == "create" else plugin.whole.update(ID, outputs("58"), news)
    assert str(caught.value) == BACKSTOP
    assert by_api(both) == []
    assert both.calls("PUT") == both.calls("DELETE") == 0


def test_every_code_that_another_resource_declares_is_named(plugin: Plugin, both: Sandbox) -> None:
    plugin.single.check({}, {"code": "58"})
    plugin.single.check({}, {"code": "36"})
    with pytest.raises(
        DirectionClaimedError, match=r"^36 \(Hungary\), 58 \(Venezuela\) were not closed: an AllowedDir"
    ):
        plugin.whole.create(inputs())


def test_a_declared_code_that_is_closed_is_no_concern_of_the_list(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    plugin.single.check({}, {"code": "58"})
    plugin.whole.create(inputs("36"))
    assert sandbox.open_codes == {"36"}


def test_a_list_beside_a_single_direction_of_a_listed_code_is_fine(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    plugin.single.check({}, {"code": "36"})
    plugin.whole.create(plugin.whole.check({}, {"codes": ["36", "58"]}).inputs)
    plugin.single.create({"code": "36"})
    assert by_api(sandbox) == [("close", ["53"]), ("open", ["36", "58"])]


def test_what_was_declared_in_another_run_is_forgotten(start_plugin: StartPlugin, both: Sandbox) -> None:
    start_plugin(both).single.check({}, {"code": "58"})
    start_plugin(both).whole.create(inputs("36"))
    assert both.open_codes == {"36"}


def test_both_kinds_share_one_snapshot_and_one_catalogue(
    whole: AllowedDirectionsProvider, single: AllowedDirectionProvider, both: Sandbox
) -> None:
    whole.check({}, {"codes": ["36", UNKNOWN]})
    single.check({}, {"code": "58"})
    single.diff("58", {"code": "58"}, {"code": "58"})
    whole.diff(ID, outputs("36"), inputs("36", "58"))
    single.read("36", {})
    whole.read(ID, outputs("36"))
    assert calls(both) == ["GET catalogue", "GET"]
