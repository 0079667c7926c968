"""The cards of the demo. Their first digits are given to nobody; the last one is the check digit (ISO/IEC 7812)."""

from yinyi_sandbox.bank.model import Card


def with_check_digit(digits: str) -> str:
    """The card number that begins so."""
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(digits))]
    return f"{digits}{-sum(number // 10 + number % 10 for number in doubled) % 10}"


CARDS = (
    Card(
        pan=with_check_digit("629991000000001001"),
        pin="123456",
        balance_fen=5_000_000,
        issuer="99910001",
        issuer_name="海州银行",
        holder="wang-fang",
    ),
    Card(
        pan=with_check_digit("629992000001002"),
        pin="654321",
        balance_fen=8_000,
        issuer="99920001",
        issuer_name="云台农商银行",
        holder="li-jianguo",
    ),
    Card(
        pan=with_check_digit("999000000000200"),
        kind="public",
        pin="",
        balance_fen=30_000,
        issuer="99900001",
        issuer_name="海州市民卡",
        holder="wang-fang",
    ),
    Card(
        pan=with_check_digit("629993000000003001"),
        kind="social_security",
        pin="111222",
        balance_fen=1_200_000,
        issuer="99930001",
        issuer_name="海州银行社会保障卡",
        holder="li-jianguo",
    ),
)
"""Two bank cards of different banks, the public card of a closed-loop issuer, a social security card's account."""
