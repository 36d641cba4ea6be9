"""Spellings of calling codes, and the catalogue: pure data."""

from __future__ import annotations

import contextlib
import math
import re
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plusofon_pulumi.directions import Catalogue, Direction, by_code, describe_all, normalise_code, one_line
from plusofon_pulumi.errors import InvalidCallingCodeError, UnknownDirectionError

RUSSIA = Direction("7", "Россия", "Russia", "200", "7")
KAZAKHSTAN = Direction("7", "Казахстан", "Kazakhstan", "90", "7")
HUNGARY = Direction("36", "Венгрия", "Hungary", 11, 36)
FINLAND = Direction("358", "Финляндия", "Finland", "12", "358")
ALAND = Direction("358", "Аландские о-ва", "Åland Islands", "5", "358")
ALAND_AGAIN = Direction("358", "Аландские о-ва", "", "6", "358")
OMAN = Direction("968", "Оман", "Oman", "14", "968")
ROMANIA = Direction("40", "Румыния", "Romania", "15", "40")
CATALOGUE = Catalogue([RUSSIA, FINLAND, HUNGARY, KAZAKHSTAN, ALAND, ALAND_AGAIN, OMAN, ROMANIA])

SPELLINGS = [(36, "36"), (36.0, "36"), ("36", "36"), (" +36\n", "36"), ("1-242", "1242"), ("1 242", "1242")]
SPELLINGS += [("+7 3-4", "734"), (HUNGARY, "36"), (10**14, "1" + "0" * 14), ("9" * 15, "9" * 15), ("81", "81")]


def test_a_spelling_of_a_code_is_its_digits() -> None:
    assert [normalise_code(value) for value, _ in SPELLINGS] == [code for _, code in SPELLINGS]


DIGITS = ["٣٦", "３６", "3²", "++36", "+", "-36", "36.0", "3--6", "36,7"]
REASONS: dict[str, list[object]] = {
    "it is empty": ["", " \n"],
    "in digits, not by a name": ["Hungary", "Венгрия", "36a"],
    "write it as digits 0 to 9 only": [*DIGITS, "3  6", -36, -36.0],
    'a string of digits such as "36", or a whole number': [True, None, [36], {"code": 36}, b"36", Decimal(36)],
    "is a whole number": [3.5, math.nan, math.inf, -math.inf],
    "no calling code begins with 0": ["036", 0, "+0"],
    "00 is what a caller dials before a calling code, not a part of it": ["0036", "0-0 36"],
    "810 is what a caller in Russia dials before a calling code": ["810 36", "81036", 81036],
    "it has more than 15 digits": ["1" * 16, 10**15, 10**400, 1e300, "9" * 10_000],
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_no_code_is_refused_with_the_reason(reason: str) -> None:
    for value in REASONS[reason]:
        with pytest.raises(InvalidCallingCodeError) as caught:
            normalise_code(value)
        shown, _, why = str(caught.value).partition(" is not a calling code: ")
        assert reason in why
        assert shown == repr(value) or len(shown) == 40


@hypothesis.settings(max_examples=50)
@given(
    st.none()
    | st.booleans()
    | st.integers(max_value=10**99)
    | st.floats()
    | st.text("01234567890 -+x\n٣²")
    | st.binary()
)
def test_any_value_gives_a_code_or_an_error_of_ours(value: object) -> None:
    try:
        code = normalise_code(value)
    except InvalidCallingCodeError:
        return
    assert re.fullmatch("[1-9][0-9]{0,14}", code, re.ASCII)
    assert normalise_code(code) == code


def test_a_direction_shows_its_code_and_its_name() -> None:
    nameless = Direction("36", "", "")
    shown = [str(each) for each in (HUNGARY, Direction("36", "Венгрия", ""), nameless, CATALOGUE["7"])]
    assert shown == ["36 (Hungary)", "36 (Венгрия)", "36", "7 (Russia, Kazakhstan)"]
    assert len(str(Direction("1", "", "x" * 9000))) == 404
    assert Direction("36", "Венгрия", "Hungary") == HUNGARY, "by code and names alone"
    assert HUNGARY.as_outputs() == {"code": "36", "name": "Венгрия", "english_name": "Hungary"}


def test_of_many_directions_all_codes_are_given_and_ten_names() -> None:
    many = [Direction(str(code), "", f"N{code}") for code in range(103, 90, -1)]
    named = ", ".join(f"{code} (N{code})" for code in range(91, 101))
    assert describe_all(many) == f"{named}; also 101, 102, 103"
    assert describe_all([OMAN, RUSSIA, HUNGARY]) == "7 (Russia), 36 (Hungary), 968 (Oman)"
    assert describe_all([]) == ""


def test_rows_that_share_a_code_are_one_direction_with_all_their_names_and_ids() -> None:
    seven = Direction("7", "Россия, Казахстан", "Russia, Kazakhstan")
    assert by_code([RUSSIA, HUNGARY, KAZAKHSTAN]) == {"7": seven, "36": HUNGARY}
    assert (CATALOGUE["7"].id, CATALOGUE["7"].api_code) == (None, "7")
    assert CATALOGUE["358"] == Direction("358", "Финляндия, Аландские о-ва", "Finland, Åland Islands")
    assert list(CATALOGUE) == ["7", "358", "36", "968", "40"]
    assert (len(CATALOGUE), len(CATALOGUE.rows), CATALOGUE.get("99")) == (5, 8, None)
    assert [CATALOGUE.ids(code) for code in ("7", "36", "99")] == [["200", "90"], [11], []]
    assert Catalogue([Direction("36", "", "")]).ids("36") == []


@pytest.mark.parametrize(
    "text, exact, searched, nearest",
    [
        ("36", ["36"], ["36"], ["36", "358"]),
        ("+3-6", ["36"], ["36"], []),
        (" hungary\n", ["36"], ["36"], ["36"]),
        ("ВЕНГРИЯ", ["36"], ["36"], ["36"]),
        ("Oman", ["968"], ["968", "40"], ["968"]),
        ("Russia", ["7"], ["7"], ["7"]),
        ("åland islands", ["358"], ["358"], ["358"]),
        ("Hungray", [], [], ["36"]),
        ("3", [], ["358", "36"], ["36", "358"]),
        ("361", [], [], ["36", "358"]),
        ("99", [], [], ["968"]),
        ("2", [], [], []),
        ("", [], ["7", "358", "36", "968", "40"], []),
        (" ", [], ["7", "358", "36", "968", "40"], []),
    ],
)
def test_a_text_is_found_exactly_searched_and_compared(text: str, exact: Any, searched: Any, nearest: Any) -> None:
    with contextlib.nullcontext() if exact else pytest.raises(UnknownDirectionError):
        assert [CATALOGUE.find_one(text).code] == exact
    assert list(dict.fromkeys(each.code for each in CATALOGUE.search(text))) == searched
    assert re.findall(r"(\d+) \(", CATALOGUE.nearest(text)) == nearest


def test_a_text_from_elsewhere_cannot_steer_a_terminal() -> None:
    assert one_line(" a\n b\x1b[31m\u202e\ud800б ", 99) == "a b?[31m??б"
    assert one_line("abcde", 4) == "abc…"
