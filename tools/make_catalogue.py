"""Write the sandbox's catalogue: names from Babel (CLDR), calling codes from phonenumbers. Run by hand."""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, REGION_CODE_FOR_NON_GEO_ENTITY, country_code_for_region

TARGET = Path(__file__).parents[1] / "plusofon_pulumi" / "sandbox" / "catalogue.json"
Row = tuple[str, str, int]
# The API's description shows these two first, spelled like this.
FIRST: list[Row] = [
    ("Австралийские внеш. террит-и", "Australian External Territorie", 672),
    ("Австралия", "Australia", 61),
]
RUSSIAN_NAMES = {"US": "США"}  # CLDR says «Соединенные Штаты»; everyone looks for «США»
# Codes that belong to services: CLDR has no names for them.
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


def main() -> None:
    """Write the file, one row a line, in the order of a Russian index: ё beside е."""
    russian, english = Locale("ru").territories, Locale("en").territories
    rest: list[Row] = [
        (RUSSIAN_NAMES.get(region, russian[region]), english[region], code)
        for region in map(str, russian)
        if len(region) == 2 and (code := country_code_for_region(region))
    ]
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        rest += [(*SERVICES[code], code)] if REGION_CODE_FOR_NON_GEO_ENTITY in regions else []
    known = {row[1:] for row in FIRST}
    rest.sort(key=lambda row: (row[0].casefold().replace("ё", "е"), *row[1:]))
    rows = [*FIRST, *(row for row in rest if row[1:] not in known)]
    lines = [
        json.dumps({"id": str(number), "name": name, "english_name": other, "code": str(code)}, ensure_ascii=False)
        for number, (name, other, code) in enumerate(rows, start=1)
    ]
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(rows)} rows, {len({row[2] for row in rows})} codes")


if __name__ == "__main__":
    main()
