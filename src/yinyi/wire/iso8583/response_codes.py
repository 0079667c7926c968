"""What a host's answer (field 39) means, and what the patient is told: one table for all dialects and kinds of cards.

Source: appendix of the POS terminal specification (classes A to E) and ISO 8583 table of response codes. Which of them
leave it open whether something has happened is stated for 68 and 98; for 96 it is on the safe side (m). Who answers is
a bank or, for a city card, an issuer that is none: the sentences name neither.
"""

from typing import Literal, NamedTuple

NO_RECORD = "25"

Verdict = Literal[
    "approved",
    "refused",  # it surely did not happen
    "retry",  # it surely did not happen, and the same may be tried again in a while
    "unknown",  # it may have happened: a purchase is reversed, a refund waits for the statement
    "sign_on",  # refused; the host wants a sign-on, and then the same again
]
Why = Literal["declined", "insufficient_funds", "limit_exceeded", "not_permitted", "bad_request", "not_refundable"]


class Response(NamedTuple):
    """zh, en: to the patient, kind and true; they say what to do next. ``why``: in the words of the platform."""

    code: str
    verdict: Verdict
    why: Why
    zh: str
    en: str


_ASK_ISSUER = (
    "这笔交易没有通过，没有扣款。请换一张卡或换一种方式支付，也可以拨打卡背面的客服电话。",
    "This was not agreed to, and nothing was taken. Use another card or way to pay, or call the number on the back"
    " of this card.",
)
_OTHER_CARD = (
    "这张卡不能在这里使用，没有扣款。请换一张卡或换一种方式支付。",
    "This card cannot be used here, and nothing was taken. Use another card or another way to pay.",
)
_HERE = (
    "这台机器暂时不能刷卡，没有扣款。请换一种方式支付，或到人工窗口。",
    "Cards cannot be used at this machine just now, and nothing was taken. Pay in another way, or at a window.",
)
_LATER = (
    "刷卡系统正忙，没有扣款。请稍后再试，或换一种方式支付。",
    "The card system is busy, and nothing was taken. Try again in a while, or pay in another way.",
)
_AGAIN = (
    "这次没有成功，没有扣款。请稍后再试一次，或换一种方式支付。",
    "It did not work this time, and nothing was taken. Try once more in a while, or pay in another way.",
)
_OPEN = (
    "没有得到明确答复，正在撤销这笔交易。扣了的钱会退回，请稍候，先不要再次支付。",
    "There was no clear answer, so this is being cancelled. Whatever was taken comes back."
    " Please wait before paying again.",
)
_FUNDS = (
    "卡内余额不足，没有扣款。请换一张卡或换一种方式支付。",
    "There is not enough money on this card, and nothing was taken. Use another card or another way to pay.",
)
_PIN = (
    "密码不正确，没有扣款。请重新输入密码。",
    "That PIN is not right, and nothing was taken. Please enter it again.",
)
_PIN_TRIES = (
    "密码输错次数过多，今天不能再用这张卡，没有扣款。请换一种方式支付，并拨打卡背面的客服电话。",
    "The PIN was wrong too often, so this card is blocked today. Nothing was taken. Pay in another way, and"
    " call the number on the back of the card.",
)
_EXPIRED = ("这张卡已过期，没有扣款。请换一张卡。", "This card has expired, and nothing was taken. Use another card.")
_LIMIT = (
    "超过了这张卡的金额或次数限制，没有扣款。请换一张卡或换一种方式支付。",
    "This is over the card's limit, and nothing was taken. Use another card or another way to pay.",
)
_LOST = (
    "这张卡已挂失或被限制，没有扣款。请换一种方式支付，并拨打卡背面的客服电话。",
    "This card was reported lost or is restricted, and nothing was taken. Pay in another way, and call the number"
    " on the back of the card.",
)
_NO_RECORD = (
    "没有查到原交易。请到人工窗口，我们帮您查清。",
    "There is no record of that payment. Please go to a window; we will find out with you.",
)
_DONE = ("交易成功。", "Done.")

_WRONG = (
    "交易失败，没有扣款。请换一种方式支付，或到人工窗口。",
    "This did not work, and nothing was taken. Pay in another way, or at a window.",
)
UNKNOWN_CODE = Response(
    "",
    "unknown",
    "declined",
    "收到的答复我们不认识，正在撤销这笔交易。扣了的钱会退回，请先不要再次支付；有疑问请到人工窗口。",
    "We do not know what the answer means, so this is being cancelled. Whatever was taken comes back."
    " Please do not pay again yet; if in doubt, ask at a window.",
)
"""Nobody knows what a code says that is in no table: it may have happened."""


def _rows(codes: str, verdict: Verdict, why: Why, words: tuple[str, str]) -> dict[str, Response]:
    return {code: Response(code, verdict, why, *words) for code in codes.split()}


RESPONSES: dict[str, Response] = (
    _rows("00", "approved", "declined", _DONE)
    | _rows("01 02 05 20 21 23 44 45", "refused", "declined", _ASK_ISSUER)
    | _rows("03 58 60 63 66 97", "refused", "not_permitted", _HERE)
    | _rows("06 12 30 40 93 99", "refused", "bad_request", _HERE)
    | _rows("13 64", "refused", "bad_request", _WRONG)
    | _rows("14 15 31 39 42 52 53 56 57", "refused", "not_permitted", _OTHER_CARD)
    | _rows("04 07 33 34 35 36 37 41 43 59 62 67", "refused", "not_permitted", _LOST)
    | _rows(NO_RECORD, "refused", "not_refundable", _NO_RECORD)
    | _rows("38 75", "refused", "declined", _PIN_TRIES)
    | _rows("55", "refused", "declined", _PIN)
    | _rows("51", "refused", "insufficient_funds", _FUNDS)
    | _rows("54", "refused", "declined", _EXPIRED)
    | _rows("61 65", "refused", "limit_exceeded", _LIMIT)
    | _rows("79 92 94 95", "refused", "declined", _LATER)
    | _rows("90 91", "retry", "declined", _LATER)
    | _rows("19", "retry", "declined", _AGAIN)
    | _rows("09 10 11 16 68 96 98", "unknown", "declined", _OPEN)
    | _rows("22 77 A0", "sign_on", "bad_request", _HERE)
)
"""10 (a part of the amount) is not taken: it is reversed, and the whole is paid in another way. So is what 11 and 16
(done, with something beside: Q/CUP 006.6 appendix A.2) and 09 (under way) leave with the bank. 19 (enter it again), 90
(the day is being ended) and 91 (the issuer is not there) pass: a patient may try again, and a reversal goes again."""


def response_of(code: str) -> Response:
    """What the code means. One that is not known leaves it open."""
    return RESPONSES.get(code) or UNKNOWN_CODE._replace(code=code)
