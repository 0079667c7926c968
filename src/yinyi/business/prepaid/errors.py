"""What can go wrong with prepaid accounts, as people are told."""

from yinyi.kernel.errors import Conflict, NotFound


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


class ChargeUnknown(NotFound):
    """Nothing was charged under this number. Nothing was given back."""

    zh = "没有这个扣费单号的记录，没有退款。"


class ChargeDiffers(Conflict):
    """Under this number another patient or another amount was charged. Nothing was taken now."""

    zh = "这个扣费单号已用于另一位患者或另一金额，这次没有扣款。"


class ChargeReversed(Conflict):
    """What was charged under this number was given back. Nothing was taken now; a new charge needs a new number."""

    zh = "这个扣费单号已经退回，这次没有扣款，再扣请用新单号。"


class ChargeVoided(Conflict):
    """This number was given up before anything was charged. Nothing was ever taken; a new charge needs a new number."""

    zh = "这个扣费单号已经作废，从未扣款，再扣请用新单号。"


class MoreThanCharged(Conflict):
    """That is more than is left of this charge. Nothing was given back."""

    zh = "退款超过这笔扣费的剩余金额，没有退款。"


class ReversalDiffers(Conflict):
    """Under this number of a reversal another amount was given back. Nothing was given back now."""

    zh = "这个退回单号已用于另一金额，这次没有退款。"


class DifferenceUnknown(NotFound):
    """On this charge both sides agree, or somebody has settled it."""

    zh = "这笔扣费两边一致，或者已经有人处理了。"
