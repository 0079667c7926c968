"""What can go wrong with prepaid accounts, as people are told."""

from yinyi.kernel.errors import Conflict


class TopUpsClosed(Conflict):
    """This hospital takes no more money onto prepaid accounts. Please pay each bill directly."""

    zh = "本院已停止预交金充值，请直接缴费。"


class NothingOnAccount(Conflict):
    """There is nothing on your prepaid account."""

    zh = "您的预交金账户没有余额。"


class OnlyAtWindow(Conflict):
    """This money did not come in by phone, or too long ago. Please withdraw it at a window with your identity card."""

    zh = "这部分余额不是手机充值的，或充值时间太久，请持身份证到窗口退。"


class ToOrigin(Conflict):
    """This money goes back to the phone payment that it came from, not over the counter."""

    zh = "这部分余额只能原路退回，不能在窗口退现金。"


class BalancesLeft(Conflict):
    """There is money left on prepaid accounts. It has to be given back first."""

    zh = "预交金账户还有余额，要先清退。"


class AccountsInUse(Conflict):
    """Payments onto or from prepaid accounts are still open. Please try again when they have ended."""

    zh = "还有充值或用预交金支付的交易未结束，请等其结束后再试。"


class StillCollecting(Conflict):
    """As long as patients top up, balances are not cleared. Stop top-ups first."""

    zh = "仍在接受充值，不能清退，请先停止充值。"


class TotalDiffers(Conflict):
    """The balances add up to another total by now. Please look at the list again."""

    zh = "余额合计与清单不一致，请重新核对清单。"
