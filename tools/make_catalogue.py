"""Write the sandbox's catalogue of directions.

Run by hand, with Babel and phonenumbers installed: ``python tools/make_catalogue.py``. Names are Babel's (CLDR),
calling codes are libphonenumber's; the product itself depends on neither.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, REGION_CODE_FOR_NON_GEO_ENTITY, country_code_for_region

TARGET = Path(__file__).parents[1] / "plusofon_pulumi" / "sandbox" / "catalogue.json"

Row = tuple[str, str, int]

# The API's description shows these two first, spelled so.
FIRST: list[Row] = [
    ("Австралийские внеш. террит-и", "Australian External Territorie", 672),
    ("Австралия", "Australia", 61),
]

# CLDR says «Соединенные Штаты»; everyone looks for «США».
RUSSIAN_NAMES = {"US": "США"}

# Codes of services rather than places: CLDR has no names for them.
SERVICES: dict[int, tuple[str, str]] = {
    800: ("Международный бесплатный вызов", "International Freephone"),
    808: ("Международный вызов с разделением оплаты", "International Shared Cost Service"),
    870: ("Инмарсат", "Inmarsat"),
    878: ("Универсальная персональная связь", "Universal Personal Telecommunications"),
    881: ("Глобальная спутниковая связь", "Global Mobile Satellite System"),
    882: ("Международные сети (882)", "International Networks (882)"),
    883: ("Международные сети (883)", "International Networks (883)"),
    888: ("Гуманитарная связь при бедствиях", "Telecommunications for Disaster Relief"),
    979: ("Международные платные услуги", "International Premium Rate Service"),
}


def territories() -> list[Row]:
    """List each territory that has a calling code."""
    russian, english = Locale("ru").territories, Locale("en").territories
    return [
        (RUSSIAN_NAMES.get(iso_code, russian[iso_code]), english[iso_code], code)
        for iso_code in sorted(russian)
        if len(iso_code) == 2 and (code := country_code_for_region(iso_code))
    ]


def services() -> list[Row]:
    """List each code that belongs to no territory, and fail on one that has no name here."""
    return [
        (*SERVICES[code], code)
        for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items())
        if REGION_CODE_FOR_NON_GEO_ENTITY in regions
    ]


def alphabetical(row: Row) -> tuple[str, str, int]:
    """Sort as a Russian index does: case aside, and ё beside е."""
    russian, english, code = row
    return russian.casefold().replace("ё", "е"), english, code


def main() -> int:
    """Write the file and say what is in it."""
    first_codes_and_names = {(english, code) for _, english, code in FIRST}
    rest = [row for row in territories() + services() if row[1:] not in first_codes_and_names]
    rows = [
        {"id": str(number), "name": russian, "english_name": english, "code": str(code)}
        for number, (russian, english, code) in enumerate(FIRST + sorted(rest, key=alphabetical), start=1)
    ]
    # One row a line, so that a change of one name is one line of a diff.
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(rows)} rows, {len({row['code'] for row in rows})} codes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
