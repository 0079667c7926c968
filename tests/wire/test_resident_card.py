"""The text block of ID cards."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.resident_card import (
    BLOCK_BYTES,
    NATIONS,
    CardText,
    CardUnreadable,
    Form,
    decode,
    encode,
    nation_name,
)

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def words(most: int) -> st.SearchStrategy[str]:
    """Text that fits ``most`` UTF-16 units and does not end in the blanks that pad it; rare characters take two."""
    letters = st.sampled_from("王小明李华䶮㛃𠅤·A (1)<b>';--")
    return st.lists(letters, max_size=most // 2).map(lambda parts: "".join(parts).rstrip())


@st.composite
def cards(draw: st.DrawFn) -> CardText:
    form: Form = draw(st.sampled_from(get_args(Form)))
    foreign = form.startswith("permanent")
    return CardText(
        form=form,
        name=draw(words(15)),
        name_en=draw(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=46)) if foreign else "",
        sex=draw(st.sampled_from(("male", "female", "unknown"))),
        nation=draw(st.integers(1, 56).map("{:02d}".format)) if form == "resident" else "",
        nationality=draw(st.sampled_from(("CAN", "JPN", "FRA"))) if foreign else "",
        born_on=draw(days),
        address="" if foreign else draw(words(35)),
        number=draw(st.text("0123456789X", max_size=15)),
        authority=draw(words(4)) if form != "permanent_2023" else "",
        valid_from=draw(days),
        valid_to=draw(st.none() | days),
        travel_permit=draw(st.text("0123456789", max_size=9)) if form == "hmt" else "",
        issued_times=draw(st.integers(0, 99).map("{:02d}".format)) if form in ("hmt", "permanent_2023") else "",
        version=draw(st.integers(0, 99).map("{:02d}".format)) if form == "permanent_2017" else "",
    )


@given(cards())
def test_what_is_written_is_read(card: CardText) -> None:
    block = encode(card)
    assert len(block) == BLOCK_BYTES
    assert decode(block) == card


@given(st.binary(min_size=BLOCK_BYTES, max_size=BLOCK_BYTES))
def test_garbage_is_refused_or_read_never_more(block: bytes) -> None:
    try:
        decode(block)
    except CardUnreadable:
        return


@given(st.binary(max_size=300).filter(lambda block: len(block) != BLOCK_BYTES))
def test_another_length_is_refused(block: bytes) -> None:
    with pytest.raises(CardUnreadable):
        decode(block)


def test_the_fields_lie_where_readers_put_them() -> None:
    card = CardText(
        name="𠅤䶮",
        sex="female",
        nation="01",
        born_on=date(1990, 2, 3),
        address="某市某区某街1号",
        number="11019919900203004X",
        authority="某市公安局",
        valid_from=date(2020, 1, 2),
    )
    block = encode(card)
    assert block[:30].decode("utf-16-le").rstrip() == "𠅤䶮"
    assert block[30:32] == "2".encode("utf-16-le")
    assert block[36:52].decode("utf-16-le") == "19900203"
    assert block[122:158].decode("utf-16-le") == "11019919900203004X"
    assert block[204:220].decode("utf-16-le").rstrip() == "长期"
    assert block[248:250].decode("utf-16-le") == " "


def test_a_name_that_does_not_fit_is_refused_without_naming_it() -> None:
    card = CardText(name="长" * 16, born_on=date(1990, 2, 3), number="1", valid_from=date(2020, 1, 2))
    with pytest.raises(CardUnreadable) as caught:
        encode(card)
    assert "长" not in str(caught.value)


def test_there_are_56_nations() -> None:
    assert len(set(NATIONS)) == 56
    assert (nation_name("01"), nation_name("56"), nation_name("57"), nation_name("")) == ("汉", "基诺", "", "")
