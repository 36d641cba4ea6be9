"""Spellings of calling codes, and the catalogue: pure data."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plusofon_pulumi.directions import Catalogue, Direction, by_code, normalise_code
from plusofon_pulumi.errors import InvalidCallingCodeError


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "value,code",
    [
        (36, "36"),
        (36.0, "36"),
        ("36", "36"),
        ("+36", "36"),
        (" 36 ", "36"),
        ("\t+36\n", "36"),
        ("1-242", "1242"),
        ("1 242", "1242"),
        ("+7 3-4", "734"),
        (7, "7"),
        (10**14, "1" + "0" * 14),
        ("9" * 15, "9" * 15),
        (float(10**14), "1" + "0" * 14),
    ],
)
def test_a_spelling_of_a_code_is_its_digits(value: object, code: str) -> None:
    assert normalise_code(value) == code


@pytest.mark.parametrize(
    "value,reason",
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("Hungary", "in digits, not by a name"),
        ("Венгрия", "in digits, not by a name"),
        ("36a", "in digits, not by a name"),
        ("٣٦", "with the digits 0 to 9"),
        ("३६", "with the digits 0 to 9"),
        ("３６", "with the digits 0 to 9"),
        ("3²", "with the digits 0 to 9"),
        ("++36", "digits only"),
        ("36+", "digits only"),
        ("+", "digits only"),
        ("-36", "digits only"),
        ("3.6", "digits only"),
        ("36.0", "digits only"),
        ("3--6", "digits only"),
        ("3  6", "digits only"),
        ("3\n6", "digits only"),
        ("36-", "digits only"),
        ("36,7", "digits only"),
        ("+ 36", "digits only"),
        ("3\u200b6", "digits only"),
        (True, "a string of digits"),
        (False, "a string of digits"),
        (None, "a string of digits"),
        ([36], "a string of digits"),
        ({"code": 36}, "a string of digits"),
        (b"36", "a string of digits"),
        (Decimal(36), "a string of digits"),
        (Fraction(36), "a string of digits"),
        (Unprintable(), "a string of digits"),
        (3.5, "a whole number"),
        (math.nan, "a whole number"),
        (math.inf, "a whole number"),
        (-math.inf, "a whole number"),
        (-36, "not negative"),
        (-36.0, "not negative"),
        (-(10**5000), "not negative"),
        ("036", "begins with 0"),
        (0, "begins with 0"),
        (-0.0, "begins with 0"),
        ("+0", "begins with 0"),
        ("0036", "00 is what a caller dials before a calling code"),
        ("0-0 36", "00 is what a caller dials before a calling code"),
        ("1" * 16, "more than 15 digits"),
        (10**15, "more than 15 digits"),
        (1e300, "more than 15 digits"),
        (10**5000, "more than 15 digits"),
        ("9" * 10_000, "more than 15 digits"),
    ],
    ids=lambda value: ascii(value)[:20] if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_code_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(InvalidCallingCodeError) as caught:
        normalise_code(value)
    assert reason in str(caught.value).rpartition("is not a calling code: ")[2]


def test_the_refused_value_is_shown_cut_to_a_readable_length() -> None:
    with pytest.raises(InvalidCallingCodeError, match=r"^'Hungary' is not"):
        normalise_code("Hungary")
    with pytest.raises(InvalidCallingCodeError, match=r"^'x{36}\.\.\. is not"):
        normalise_code("x" * 1000)
    with pytest.raises(InvalidCallingCodeError, match=r"^this Unprintable is not"):
        normalise_code(Unprintable())


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.binary(),
        st.from_regex(r"\s*\+?[0-9 -]{1,18}\s*", fullmatch=True),
        st.decimals(),
        st.builds(object),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(ANYTHING)
@example("\ud800")
def test_any_value_gives_digits_or_an_invalid_calling_code_error(value: object) -> None:
    try:
        code = normalise_code(value)
    except InvalidCallingCodeError as error:
        assert "is not a calling code: " in str(error)  # noqa: PT017  # either outcome is right
        return
    assert code.isascii()
    assert code.isdigit()
    assert 1 <= len(code) <= 15
    assert code[0] != "0"
    assert normalise_code(code) == code


@given(st.integers(min_value=1, max_value=10**15 - 1), st.sampled_from(["", " ", "\t", "\n "]))
def test_every_spelling_of_a_number_is_the_same_code(number: int, space: str) -> None:
    digits = str(number)
    spellings: list[object] = [number, digits, f"+{digits}", f"{space}{digits}{space}", "-".join(digits)]
    spellings.append(" ".join(digits))
    spellings += [float(number)] if number < 2**53 else []
    assert {normalise_code(spelling) for spelling in spellings} == {digits}


RUSSIA = Direction("7", "Россия", "Russia", "200", "7")
KAZAKHSTAN = Direction("7", "Казахстан", "Kazakhstan", "90", "7")
HUNGARY = Direction("36", "Венгрия", "Hungary", 11, 36)
FINLAND = Direction("358", "Финляндия", "Finland", "12", "358")
ALAND = Direction("358", "Аландские о-ва", "Åland Islands", "5", "358")
ALAND_AGAIN = Direction("358", "Аландские о-ва", "", "6", "358")
FRANCE = Direction("33", "Франция", "France", "13", "33")
CATALOGUE = Catalogue([RUSSIA, FINLAND, HUNGARY, KAZAKHSTAN, ALAND, ALAND_AGAIN, FRANCE])


def test_a_direction_shows_its_code_and_its_name() -> None:
    shown = [
        str(HUNGARY),
        str(Direction("36", "Венгрия", "")),
        str(Direction("36", "", "")),
        str(CATALOGUE["7"]),
    ]
    assert shown == ["36 (Hungary)", "36 (Венгрия)", "36", "7 (Russia, Kazakhstan)"]


def test_a_direction_is_told_by_code_and_names_alone() -> None:
    assert Direction("36", "Венгрия", "Hungary", "11", "36") == HUNGARY
    assert len({HUNGARY, Direction("36", "Венгрия", "Hungary")}) == 1
    assert Direction("37", "Венгрия", "Hungary") != HUNGARY


def test_rows_that_share_a_code_are_one_direction_with_all_names() -> None:
    joined = by_code([RUSSIA, HUNGARY, KAZAKHSTAN])
    assert list(joined) == ["7", "36"]
    assert joined["7"] == Direction("7", "Россия, Казахстан", "Russia, Kazakhstan")
    assert (joined["7"].id, joined["7"].api_code) == (None, "7")
    assert joined["36"] is HUNGARY


def test_a_name_that_rows_share_or_lack_is_not_repeated() -> None:
    assert CATALOGUE["358"] == Direction("358", "Финляндия, Аландские о-ва", "Finland, Åland Islands")


def test_the_catalogue_is_a_mapping_from_code_to_direction() -> None:
    assert list(CATALOGUE) == ["7", "358", "36", "33"]
    assert len(CATALOGUE) == 4
    assert "36" in CATALOGUE
    assert CATALOGUE.get("99") is None
    assert len(CATALOGUE.rows) == 7


@pytest.mark.parametrize(
    "code,ids", [("7", ["200", "90"]), ("36", [11]), ("358", ["12", "5", "6"]), ("99", [])], ids=str
)
def test_to_open_a_code_takes_the_ids_of_all_its_rows_as_the_api_wrote_them(code: str, ids: list[str | int]) -> None:
    assert CATALOGUE.ids(code) == ids


def test_a_row_without_an_id_gives_none() -> None:
    assert Catalogue([Direction("36", "Венгрия", "Hungary")]).ids("36") == []


@pytest.mark.parametrize(
    "code,nearest",
    [
        ("35", ["358", "33", "36"]),
        ("3", ["33", "36", "358"]),
        ("361", ["36", "358", "33"]),
        ("3581", ["358", "33", "36"]),
        ("77", ["7"]),
        ("99", []),
    ],
)
def test_the_nearest_codes_share_the_longest_beginning(code: str, nearest: list[str]) -> None:
    assert [direction.code for direction in CATALOGUE.nearest(code)] == nearest


@pytest.mark.parametrize(
    "text,found",
    [
        ("hung", [HUNGARY]),
        ("ВЕНГРИЯ", [HUNGARY]),
        (" Hungary ", [HUNGARY]),
        ("станд", []),
        ("стан", [KAZAKHSTAN]),
        ("åland", [ALAND]),
        ("Ala", []),
        ("+36", [HUNGARY]),
        ("7", [RUSSIA, KAZAKHSTAN]),
        ("3-5", [FINLAND, ALAND, ALAND_AGAIN]),
        ("n", [FINLAND, HUNGARY, KAZAKHSTAN, ALAND, FRANCE]),
        ("99", []),
        ("+", []),
    ],
)
def test_a_search_finds_names_in_both_languages_and_beginnings_of_codes(text: str, found: list[Direction]) -> None:
    assert CATALOGUE.search(text) == found
