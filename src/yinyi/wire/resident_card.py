"""The 256-byte text block that ID card readers give (UTF-16LE, each field padded with blanks to a fixed width).

Four forms share the block and are told apart by the letter at byte 248: resident card 居民身份证 (blank),
residence permit for Hong Kong, Macao and Taiwan 港澳台居民居住证 (J), permanent-resident card of foreigners
外国人永久居留身份证 of 2017 (I) and of 2023 (Y). Source: GA/T 490 and the readers' manuals; each form sums to 256.
"""

from datetime import date
from typing import Literal

import msgspec

from yinyi.wire import gb11643

BLOCK_BYTES = 256
_FORM_AT = 248

Form = Literal["resident", "hmt", "permanent_2017", "permanent_2023"]
Sex = Literal["male", "female", "unknown"]

_LAYOUTS: dict[Form, tuple[tuple[str, int], ...]] = {
    "resident": (
        ("name", 30), ("sex", 2), ("nation", 4), ("born_on", 16), ("address", 70), ("number", 36),
        ("authority", 30), ("valid_from", 16), ("valid_to", 16), ("", 28), ("form", 2), ("", 6),
    ),
    "hmt": (
        ("name", 30), ("sex", 2), ("", 4), ("born_on", 16), ("address", 70), ("number", 36),
        ("authority", 30), ("valid_from", 16), ("valid_to", 16), ("travel_permit", 18), ("issued_times", 4),
        ("", 6), ("form", 2), ("", 6),
    ),
    "permanent_2017": (
        ("name_en", 120), ("sex", 2), ("number", 30), ("nationality", 6), ("name", 30), ("valid_from", 16),
        ("valid_to", 16), ("born_on", 16), ("version", 4), ("authority", 8), ("form", 2), ("", 6),
    ),
    "permanent_2023": (
        ("name", 30), ("sex", 2), ("issued_times", 4), ("born_on", 16), ("name_en", 70), ("number", 36), ("", 30),
        ("valid_from", 16), ("valid_to", 16), ("name_en_more", 22), ("nationality", 6), ("form", 2), ("", 6),
    ),
}  # fmt: skip
_LETTERS: dict[Form, str] = {"resident": "", "hmt": "J", "permanent_2017": "I", "permanent_2023": "Y"}
_FORMS: dict[str, Form] = {letter: form for form, letter in _LETTERS.items()}
_SEXES: dict[str, Sex] = {"1": "male", "2": "female"}
_SEX_CODES: dict[Sex, str] = {"male": "1", "female": "2", "unknown": "0"}
_FOR_EVER = "长期"

_NATIONS_IN_ORDER = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 "
    "柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 "
    "塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
NATIONS = tuple(_NATIONS_IN_ORDER.split())
"""GB/T 3304 in the order of its codes: ``NATIONS[0]`` is 01."""


class CardUnreadable(ValueError):
    """The block is not that of a card. The message names the field, never its content."""


class CardText(msgspec.Struct, frozen=True, kw_only=True):
    """What a card's chip says in letters.

    nation: GB/T 3304 code, 01–56; only on resident cards. nationality: ISO 3166 alpha-3, only of foreigners.
    valid_to: None is 长期, for ever. number: upper case.
    """

    form: Form = "resident"
    name: str = ""
    name_en: str = ""
    sex: Sex = "unknown"
    nation: str = ""
    nationality: str = ""
    born_on: date
    address: str = ""
    number: str
    authority: str = ""
    valid_from: date
    valid_to: date | None = None
    travel_permit: str = ""
    issued_times: str = ""
    version: str = ""


def nation_name(code: str) -> str:
    """``01`` → ``汉``; empty for a code that is none of the 56."""
    return NATIONS[int(code) - 1] if code.isdecimal() and 1 <= int(code) <= len(NATIONS) else ""


def encode(card: CardText) -> bytes:
    """The block of 256 bytes.

    Raises:
        CardUnreadable: a field is longer than the card has room for, or cannot stand in UTF-16.
    """
    values = _as_texts(card)
    return b"".join(_padded(name, values.get(name, "") if name else "", width) for name, width in _LAYOUTS[card.form])


def decode(block: bytes) -> CardText:
    """What the block says.

    Raises:
        CardUnreadable: wrong length, not UTF-16LE, an unknown form, an impossible date.
    """
    if len(block) != BLOCK_BYTES:
        raise CardUnreadable(f"the block has {len(block)} bytes instead of {BLOCK_BYTES}")
    form = _FORMS.get(_text("form", block[_FORM_AT : _FORM_AT + 2]))
    if form is None:
        raise CardUnreadable("form")
    values: dict[str, str] = {}
    start = 0
    for name, width in _LAYOUTS[form]:
        if name:
            values[name] = _text(name, block[start : start + width])
        start += width
    return _from_texts(form, values)


def _as_texts(card: CardText) -> dict[str, str]:
    return {
        "form": _LETTERS[card.form],
        "name": card.name,
        "name_en": card.name_en if card.form != "permanent_2023" else card.name_en[:35],
        "name_en_more": card.name_en[35:],
        "sex": _SEX_CODES[card.sex],
        "nation": card.nation,
        "nationality": card.nationality,
        "born_on": _day(card.born_on),
        "address": card.address,
        "number": card.number,
        "authority": card.authority,
        "valid_from": _day(card.valid_from),
        "valid_to": _day(card.valid_to) if card.valid_to else _FOR_EVER,
        "travel_permit": card.travel_permit,
        "issued_times": card.issued_times,
        "version": card.version,
    }


def _from_texts(form: Form, values: dict[str, str]) -> CardText:
    valid_to = values["valid_to"]
    return CardText(
        form=form,
        name=values["name"],
        name_en=values.get("name_en", "") + values.get("name_en_more", ""),
        sex=_SEXES.get(values["sex"], "unknown"),
        nation=values.get("nation", ""),
        nationality=values.get("nationality", ""),
        born_on=_date("born_on", values["born_on"]),
        address=values.get("address", ""),
        number=gb11643.normalised(values["number"]),
        authority=values.get("authority", ""),
        valid_from=_date("valid_from", values["valid_from"]),
        valid_to=None if valid_to == _FOR_EVER else _date("valid_to", valid_to),
        travel_permit=values.get("travel_permit", ""),
        issued_times=values.get("issued_times", ""),
        version=values.get("version", ""),
    )


def _padded(name: str, text: str, width: int) -> bytes:
    try:
        raw = text.encode("utf-16-le")
    except UnicodeEncodeError:
        raise CardUnreadable(name) from None
    if len(raw) > width:
        raise CardUnreadable(f"{name} needs {len(raw)} bytes, the card has {width}")
    return raw + b" \x00" * ((width - len(raw)) // 2)


def _text(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-16-le").rstrip(" \x00")
    except UnicodeDecodeError:
        raise CardUnreadable(name) from None


def _day(day: date) -> str:
    return day.strftime("%Y%m%d").rjust(8, "0")


def _date(name: str, text: str) -> date:
    if len(text) != 8 or not (text.isascii() and text.isdecimal()):
        raise CardUnreadable(name)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise CardUnreadable(name) from None
