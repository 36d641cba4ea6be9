"""Corners that a search for failures found: each was wrong once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import plusofon_pulumi as plusofon
from plusofon_pulumi.account.writer import Change
from plusofon_pulumi.resources import declarations
from plusofon_pulumi.settings import Settings
from tests.unit.programs import attempt, run
from tests.unit.writer_bench import bench


def sent(codes: Callable[[], Any]) -> Any:
    def program() -> None:
        plusofon.AllowedDirections("whole", codes=codes())

    [registered] = run(program)
    return registered.inputs["codes"]


def test_a_finished_future_of_codes_brings_its_codes_and_not_an_empty_list() -> None:
    def finished() -> Any:
        future = asyncio.get_running_loop().create_future()
        future.set_result(["36"])
        return future

    assert sent(finished) == ["36"]


def test_a_task_that_brings_codes_is_waited_for() -> None:
    async def later() -> list[str]:
        return ["36"]

    assert sent(lambda: asyncio.ensure_future(later())) == ["36"]


@pytest.mark.parametrize("codes", [b"36", bytearray(b"36"), memoryview(b"36")])
def test_bytes_are_no_list_of_codes(codes: object) -> None:
    assert isinstance(sent(lambda: codes), str)


def test_a_claim_that_comes_while_the_list_is_read_stops_the_whole_change() -> None:
    with bench("53", "58") as b:
        read = b.live.get

        def get() -> Any:
            b.claims.claim({"53"})
            return read()

        b.live.get = get  # type: ignore[method-assign]
        change = b.writer.submit(Change(opens=frozenset({"36"}), exactly=True))
        assert set(change.failures) == {"53"}
        assert b.sandbox.open_codes == {"53", "58"}


def test_a_code_that_the_catalogue_has_no_more_does_not_keep_the_others_closed() -> None:
    with bench("53") as b:
        change = b.writer.submit(Change(opens=frozenset({"36", "9999"}), exactly=True))
        assert set(change.failures) == {"9999"}
        assert b.sandbox.open_codes == {"36"}


def test_a_provider_s_client_id_may_be_a_number() -> None:
    given = {"plusofon:provider": "second", "plusofon:token": "a-token", "plusofon:clientId": 77.0}
    assert Settings.from_config(given.get, {}).client_id == "77"


def test_a_program_with_a_provider_is_not_kept_in_memory() -> None:
    def program() -> None:
        second = plusofon.Provider("second", "a-token")
        plusofon.AllowedDirection("there", code="36", opts=pulumi.ResourceOptions(provider=second))

    gc.collect()
    before = len(declarations._groups)
    attempt(program)
    gc.collect()
    assert len(declarations._groups) == before
