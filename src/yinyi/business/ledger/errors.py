"""What the ledger refuses, as people are told."""

from yinyi.kernel.errors import Conflict


class BalanceTooLow(Conflict):
    """There is not so much on the account."""

    zh = "账户余额不足。"
