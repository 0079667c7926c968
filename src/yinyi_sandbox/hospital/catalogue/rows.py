"""The hospital's catalogues as rows: prices, laboratory, examinations, habits, wards. The same whatever the seed."""

from collections.abc import Iterator

from yinyi_sandbox.hospital.catalogue.analytes import Analyte, analytes
from yinyi_sandbox.hospital.catalogue.habits import DAILY, WARDS, habits
from yinyi_sandbox.hospital.catalogue.imaging import EXAMINATIONS
from yinyi_sandbox.hospital.catalogue.panels import panels
from yinyi_sandbox.hospital.catalogue.pictures import pictures
from yinyi_sandbox.hospital.catalogue.prices import CATEGORIES, charge_items
from yinyi_sandbox.hospital.departments import DIVISIONS

Row = tuple[object, ...]


def tables() -> dict[str, list[Row]]:
    """Rows by table, in the order in which they are filled."""
    known = analytes()
    return {
        "charge_category": [(*category, rank) for rank, category in enumerate(CATEGORIES, 1)],
        "charge_item": list(_charge_items()),
        "panel": [
            (one.code, one.specimen, one.specimen_en, one.tube, one.sensitive) for one in panels()
        ],
        "analyte": [_analyte(one) for one in known],
        "panel_analyte": [
            (panel.code, rank, code) for panel in panels() for rank, code in enumerate(panel.analytes, 1)
        ],
        "reference_range": [
            (one.code, part.sex_code, part.age_from, part.age_to, part.low, part.high)
            for one in known
            for part in one.ranges
        ],
        "examination": [(code, modality, *texts) for code, _, _, modality, _, *texts in EXAMINATIONS],
        "picture": list(pictures()),
        "habit": [
            (clinic.code, *habits(clinic.code)) for division in DIVISIONS for clinic in division.clinics
        ],
        "ward": list(WARDS),
        "ward_habit": [(rank, code) for rank, code in enumerate(DAILY.split(), 1)],
    }  # fmt: skip


def _charge_items() -> Iterator[Row]:
    yield from charge_items()
    for panel in panels():
        yield panel.code, "L", panel.name, panel.name_en, "项", panel.price_fen
    for code, name, name_en, _, price_fen, *_ in EXAMINATIONS:
        yield code, "I", name, name_en, "次", price_fen


def _analyte(one: Analyte) -> Row:
    return one.code, one.name, one.name_en, one.unit, one.loinc, one.decimals, list(one.words), list(one.sum)
