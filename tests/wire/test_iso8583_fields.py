"""What stands inside the private fields, settlements and headers."""

from collections.abc import Callable

import pytest
from bank_messages import PAN, headers
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.iso8583.codec import pack
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.header import SIGN_ON_AGAIN, pack_header, reply_header, unpack_header
from yinyi.wire.iso8583.model import Header, Message
from yinyi.wire.iso8583.private_fields import (
    Balance,
    De53,
    De60,
    De61,
    De63,
    De90,
    unpack_53,
    unpack_54,
    unpack_60,
    unpack_61,
    unpack_63,
    unpack_90,
)
from yinyi.wire.iso8583.settlement_fields import (
    DETAILS_AT_ONCE,
    Detail,
    Side,
    Totals,
    pack_details,
    pack_totals,
    pack_upload_total,
    unpack_details,
    unpack_totals,
    unpack_upload_total,
)

numbers = st.integers(0, 999_999)
amounts = st.integers(0, 10**12 - 1)
counts = st.integers(0, 999)
sides = st.builds(
    Side, debit_fen=amounts, debits=counts, credit_fen=amounts, credits=counts, result=st.sampled_from("0123")
)
details = st.builds(
    Detail,
    card_class=st.text("0123456789", min_size=2, max_size=2),
    trace_no=numbers,
    pan=st.integers(10**12, 10**19 - 1).map(str),
    amount_fen=amounts,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (De60(kind="22", batch_no=1, network_code="000"), "22000001000"),
        (De60(kind="22", batch_no=1, network_code="000", reads="5", fallback="0"), "2200000100050"),
        (De60(kind="00", batch_no=123456, network_code="003"), "00123456003"),
        (De60(kind="22", batch_no=1), "22000001"),
        (De60(kind="22", batch_no=1, network_code="000", reads="5", fallback="0", more="0"), "22000001000500"),
    ],
)
def test_60(field: De60, value: str) -> None:
    assert field.pack() == value
    assert unpack_60(value) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (De61(batch_no=1, trace_no=2), "000001000002"),
        (De61(batch_no=0, trace_no=0, month_day="0000"), "0000000000000000"),
        (De61(batch_no=1, trace_no=2, month_day="0131", authorised_how="00"), "000001000002013100"),
        (
            De61(batch_no=1, trace_no=2, month_day="0131", authorised_how="00", authorised_by="12345678901"),
            "00000100000201310012345678901",
        ),
    ],
)
def test_61(field: De61, value: str) -> None:
    assert field.pack() == value
    assert unpack_61(value) == field


def test_53_as_the_specification_shows_it() -> None:
    assert De53().pack() == "2600000000000000"
    for field in (De53(), De53(with_pan=False), De53(is_double=False)):
        assert unpack_53(field.pack()) == field


def test_54_says_what_is_there_and_what_is_owed() -> None:
    value = Balance(amount_fen=12345).pack() + Balance(account_type="10", amount_fen=-1).pack()
    assert value == "0002156C000000012345" + "1002156D000000000001"
    assert unpack_54(value) == (Balance(amount_fen=12345), Balance(account_type="10", amount_fen=-1))


def test_63_begins_with_three_characters() -> None:
    assert De63(code="01").pack() == "01 "
    assert unpack_63("CUP交易成功") == De63(code="CUP", text="交易成功")


def test_90_is_42_digits() -> None:
    field = De90(mti="0200", trace_no=7, transmitted="0131235959", acquirer="102100", forwarder="48021000")
    assert field.pack() == "0200" + "000007" + "0131235959" + "00000102100" + "00048021000"
    assert unpack_90(field.pack()) == field


@given(st.builds(Totals, domestic=sides, foreign=sides))
def test_totals_come_back(totals: Totals) -> None:
    value = pack_totals(totals)
    assert len(value) == 62
    assert unpack_totals(value) == totals
    assert len(pack(CUP_POS, Message("0500", {48: value})).body) == 11 + 10 + 2 + 31


def test_totals_in_their_order() -> None:
    domestic = Side(debit_fen=12345, debits=2, credit_fen=45, credits=1, result="1")
    value = "000000012345" + "002" + "000000000045" + "001" + "1"
    assert pack_totals(Totals(domestic=domestic)) == value + "0" * 31


@given(st.lists(details, max_size=DETAILS_AT_ONCE))
def test_uploads_come_back(uploaded: list[Detail]) -> None:
    assert unpack_details(pack_details(uploaded)) == tuple(uploaded)


def test_an_upload_in_its_order() -> None:
    detail = Detail(card_class="00", trace_no=7, pan=PAN, amount_fen=12345)
    assert pack_details([detail]) == "01" + "00" + "000007" + f"0000{PAN}" + "000000012345"
    assert repr(detail) == "Detail(trace_no=7)"
    assert unpack_upload_total(pack_upload_total(12)) == 12
    assert pack_upload_total(12) == "0012"


READERS: list[Callable[[str], object]] = [
    unpack_53,
    unpack_54,
    unpack_60,
    unpack_61,
    unpack_90,
    unpack_totals,
    unpack_details,
    unpack_upload_total,
]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(value=st.text("0123456789C", max_size=70) | st.text("0123456789CDx=٣交 ", max_size=70))
def test_anything_is_read_or_refused(read: Callable[[str], object], value: str) -> None:
    try:
        read(value)
    except FieldError as error:
        refused = error
    else:
        return
    assert refused.__context__ is None
    assert len(value) < 5 or value not in str(refused)


@pytest.mark.parametrize(
    "write",
    [
        lambda: De60(kind="22", batch_no=1_000_000).pack(),
        lambda: De61(batch_no=1, trace_no=-1).pack(),
        lambda: Balance(amount_fen=10**12).pack(),
        lambda: pack_totals(Totals(domestic=Side(debits=1000))),
        lambda: pack_details([Detail(card_class="00", trace_no=1, pan=PAN, amount_fen=1)] * 9),
        lambda: pack_details([Detail(card_class="00", trace_no=1, pan=PAN + "1234", amount_fen=1)]),
        lambda: pack_upload_total(10_000),
    ],
)
def test_what_does_not_fit_is_refused(write: Callable[[], str]) -> None:
    with pytest.raises(FieldError) as caught:
        write()
    assert PAN not in str(caught.value)


# ---- headers


@given(headers)
def test_headers_come_back(header: Header) -> None:
    head = pack_header(CUP_POS, header)
    assert len(head) == 11
    assert unpack_header(CUP_POS, head) == header


def test_a_reply_goes_back_to_where_the_request_came_from() -> None:
    header = Header(tpdu=bytes.fromhex("6000030102"), software_version="31")
    back = reply_header(CUP_POS, header, SIGN_ON_AGAIN)
    assert back == Header(tpdu=bytes.fromhex("6001020003"), software_version="31", processing_request="3")
    assert pack_header(CUP_POS, back).hex() == "6001020003" + "603103000000"


@pytest.mark.parametrize(
    "header",
    [
        Header(tpdu=b"\x60"),
        Header(application="6"),
        Header(application="6x"),
        Header(processing_request="x"),
        Header(reserved="00"),
    ],
)
def test_a_header_that_cannot_be_written(header: Header) -> None:
    with pytest.raises(FieldError, match=r"^header: "):
        pack_header(CUP_POS, header)
