"""The dialect of POS terminals on a direct line to China UnionPay or a processor.

Source: the published terminal specification (《销售点(POS)终端应用规范》, in a processor's edition). Not stated
there, and therefore settings to agree on with the acquirer: whether replies come with the addresses of the TPDU
exchanged, the MAC algorithm (three are in use), the padding nibble of what comes, how long to wait for an answer, how
often and how many times a reversal goes, the longest message.
"""

from yinyi.wire.iso8583.model import Field, Profile

_RESERVED = Field("text", 600, prefix=3)

FIELDS: dict[int, Field] = {
    2: Field("n", 19, prefix=2),
    3: Field("n", 6),
    4: Field("n", 12),
    5: Field("ans", 512, prefix=3),
    6: Field("ans", 64, prefix=2),
    7: Field("ans", 64, prefix=2),
    11: Field("n", 6),
    12: Field("n", 6),
    13: Field("n", 4),
    14: Field("n", 4),
    15: Field("n", 4),
    22: Field("n", 3),
    23: Field("n", 3, alignment="right"),
    25: Field("n", 2),
    26: Field("n", 2),
    27: Field("an", 1),
    32: Field("n", 11, prefix=2, recurs=True),
    35: Field("z", 37, prefix=2),
    36: Field("z", 104, prefix=3),
    37: Field("an", 12),
    38: Field("an", 6),
    39: Field("an", 2),
    41: Field("ans", 8, recurs=True),
    42: Field("ans", 15, recurs=True),
    44: Field("text", 25, prefix=2, recurs=True),
    48: Field("n", 322, prefix=3),
    49: Field("an", 3, recurs=True),
    52: Field("b", 8),
    53: Field("n", 16, recurs=True),
    54: Field("an", 40, prefix=3),
    55: Field("b", 255, prefix=3),
    57: Field("text", 512, prefix=3),
    58: Field("ans", 100, prefix=3),
    59: _RESERVED,
    60: Field("n", 17, prefix=3, recurs=True),
    61: Field("n", 29, prefix=3),
    62: Field("b", 512, prefix=3),
    63: Field("text", 163, prefix=3, recurs=True),
}
"""The forms of 5, 6, 7, 27, 57 and 58 (a processor's own) and the length of 59 are not stated in public: see the
document of the acquirer, and change the table."""

CUP_POS = Profile(
    name="cup_pos",
    fields=FIELDS,
    frame_length="binary-2",
    head="tpdu+header",
    bitmap_bytes=8,
    mac_field=64,
    mac="ecb",
    mak_bytes=8,
    reversal_mti="0400",
    has_repeat_form=False,
    no_record_has_mac=False,
    ends_balanced=True,
)
"""An answer carries a MAC with 00 and 10 only, says the specification: that there is no record (25) comes without. It
has an end of a batch that was balanced (207), which a host may do without."""
