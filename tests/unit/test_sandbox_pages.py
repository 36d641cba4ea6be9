"""R14: both lists in one answer, and in each kind of page."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.sandbox_caller import playing

FORTY_CODES = tuple(sorted({row.code for row in catalogue()}, key=int)[:40])


def rows_of(style: str, body: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a page's rows, and where the page says that it stands."""
    if style in ("meta", "beside"):
        rows = body["data"] if style == "meta" else body["directions"]["data"]
        return rows, {**body["meta"], "next_page_url": body["links"]["next"]}
    page = body["directions"] if style == "nested" else body
    return page["directions" if style == "directions" else "data"], page


@pytest.mark.parametrize("style", ["data", "directions", "nested", "meta", "beside"])
@pytest.mark.parametrize("form", ["object", "array"])
def test_r14_the_allowed_list_in_pages(style: str, form: str) -> None:
    with playing(f"R14={style}", f"R3={form}", open=FORTY_CODES) as (sandbox, api):
        url, seen, sizes = f"{sandbox.url}{ALLOWED_PATH}", [], []
        while url:
            body = api.call("GET", url.removeprefix(sandbox.url)).json()
            rows, place = rows_of(style, body)
            assert body["success"] is True
            assert (place["last_page"], place["per_page"], place["total"]) == (3, 15, 40)
            sizes.append(len(rows))
            assert place["current_page"] == len(sizes)
            seen += [row["code"] for row in (rows.values() if form == "object" else rows)]
            url = place["next_page_url"]
    assert sizes == [15, 15, 10]
    assert seen == list(FORTY_CODES)


@pytest.mark.parametrize("style", ["data", "directions", "nested", "meta", "beside", "foreign"])
def test_r14_the_catalogue_in_pages(style: str) -> None:
    last = -(-len(catalogue()) // 15)
    with playing(f"R14={style}") as (_, api):
        rows, place = rows_of(style, api.catalogue(page=last))
    assert rows[-1]["id"] == str(len(catalogue()))
    assert place["next_page_url"] is None


@pytest.mark.parametrize("style", ["data", "directions", "nested", "meta", "beside"])
@pytest.mark.parametrize("r1", ["{}", "[]", "null"])
def test_r14_a_short_or_empty_list_is_one_page(style: str, r1: str) -> None:
    with playing(f"R14={style}", f"R1={r1}") as (_, api):
        rows, place = rows_of(style, api.allowed())
    assert not rows
    assert (place["current_page"], place["last_page"], place["next_page_url"]) == (1, 1, None)


def test_r14_foreign_names_another_host_for_the_next_page() -> None:
    with playing("R14=foreign") as (_, api):
        assert api.catalogue()["next_page_url"] == f"http://elsewhere.invalid{CATALOGUE_PATH}?page=2"


@pytest.mark.parametrize("page", ["0", "-1", "x", ""])
def test_r14_what_is_no_page_number_is_page_one(page: str) -> None:
    with playing("R14=data") as (_, api):
        assert api.call("GET", CATALOGUE_PATH, params={"page": page}).json()["current_page"] == 1


def test_r14_whole_answers_ignore_the_page_asked_for() -> None:
    with playing("R14=whole") as (_, api):
        assert len(api.catalogue(page=2)["directions"]) == len(catalogue())
