"""The second dialect: four ASCII digits of length, reversals as 0420 with the original's data in field 90, MAC in 128.

Source: public configuration of one hospital kiosk (field table, length, message types). It leaves open, and these are
therefore settings to agree on with the acquirer: whether a TPDU stands before the message (``head``), whether the MAC
is in 64 or 128 (``mac_field``), which of its three algorithms and with how much of the key (``mac``, ``mak_bytes``),
whether a repeated reversal is 0421 (``has_repeat_form``), whether a host that has no record of what is reversed says so
with a MAC (``no_record_has_mac``), whether a balanced batch is ended (``ends_balanced``), every wait, and the
forms of 60, 61 and 63.
"""

from yinyi.wire.iso8583.cup_pos import FIELDS as POS_FIELDS
from yinyi.wire.iso8583.model import Field, Profile

_OWN: dict[int, Field] = {
    7: Field("n", 10, coding="ascii"),
    15: Field("n", 4, coding="ascii"),
    18: Field("n", 4, coding="ascii", recurs=True),
    26: Field("n", 2, coding="ascii"),
    32: Field("n", 11, prefix=2, coding="ascii", recurs=True),
    33: Field("n", 11, prefix=2, coding="ascii", recurs=True),
    43: Field("text", 40, recurs=True),
    44: Field("text", 99, prefix=2, recurs=True),
    48: Field("ans", 600, prefix=3),
    53: Field("n", 16, coding="ascii", recurs=True),
    90: Field("n", 42, coding="ascii"),
    100: Field("n", 11, prefix=2, coding="ascii", recurs=True),
}
_COMMON = (2, 3, 4, 11, 12, 13, 14, 22, 23, 25, 35, 36, 37, 38, 39, 41, 42, 49, 52, 54, 55, 60, 61, 62, 63)

CUP_ASCII = Profile(
    name="cup_ascii",
    fields={number: POS_FIELDS[number] for number in _COMMON} | _OWN,
    frame_length="ascii-4",
    head="",
    bitmap_bytes=16,
    mac_field=128,
    mac="x9.19",
    mak_bytes=16,
    reversal_mti="0420",
    has_repeat_form=True,
    no_record_has_mac=True,
    ends_balanced=False,
)
