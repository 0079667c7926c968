"""What can go wrong with payments, as people are told."""

from yinyi.kernel.errors import Conflict, InternalError, NotFound, Unavailable


class PaymentUnknown(NotFound):
    """There is no payment with this number."""

    zh = "没有找到这笔支付。"


class PaymentClosed(Conflict):
    """This payment is already closed."""

    zh = "这笔支付已经结束。"


class StillAsked(Unavailable):
    """What became of this payment is still being asked. Please try again in some minutes."""

    zh = "这笔付款的情况还在查询，请过几分钟再试。"


class TenderUnderWay(Conflict):
    """Another way of paying is still being closed. Please wait a moment."""

    zh = "上一种付款方式还在关闭，请稍等。"


class CashDiffers(Conflict):
    """This is not the amount of cash that is due here. Please look at the payment again."""

    zh = "现金与应收或应退金额不一致，请重新核对这笔支付。"


class MoreThanOwed(Conflict):
    """That is more than there is left to pay."""

    zh = "超过了还需支付的金额。"


class PaidInAtOnce(Conflict):
    """What is paid in, for a stay or onto an account, is paid by one means, all of it at once."""

    zh = "充值和住院预交金请用一种方式一次付清。"


class MoreThanLeft(Conflict):
    """That is more than there is left to give back."""

    zh = "超过了可退的金额。"


class NothingTakenYet(Conflict):
    """Nothing has been paid here yet, so there is nothing to give back. It runs out by itself, or is cancelled."""

    zh = "这笔支付还没有收到款，无款可退；到时会自动关闭，也可以取消。"


class LinesDone(Conflict):
    """One of these was handed out or done already: it is not given back any more."""

    zh = "所选项目里有已经执行或发放的，不能再退。"


class NotDelivered(Conflict):
    """As long as it is not delivered, only all of it can be given back."""

    zh = "业务还没有办好，只能全额退回。"


class ChannelGone(Conflict):
    """The hospital has given up the channel that took this money. It has to be set up again before money goes back."""

    zh = "收这笔款的支付渠道本院已停用，须先恢复该渠道才能退款。"


class AlreadyUnderWay(Conflict):
    """There is already a registration or payment for this under way."""

    zh = "这项业务已经在办理中或已办好。"


class AccountsClosed(Conflict):
    """This hospital keeps no prepaid accounts. Please choose another way of paying."""

    zh = "本院没有开通预交金账户，请换一种方式付款。"


class PayerCodeUnknown(NotFound):
    """This is no payment code of WeChat or Alipay. Please open the payment code on your phone and try again."""

    zh = "这不是微信或支付宝的付款码，请在手机上打开付款码再试。"


class NothingScanned(NotFound):
    """Nothing was scanned just now. Please hold the code under the scanner again."""

    zh = "刚才没有扫到码，请把码对准扫码口再试一次。"


class TakenUnknown(NotFound):
    """Nothing is known here of money that was taken under this number."""

    zh = "这里没有这个流水号的收款记录。"


class ReferenceUsed(Conflict):
    """This number was used before for another payment or another amount. Nothing was changed."""

    zh = "这个流水号已用于另一笔支付或另一金额，没有任何变动。"


class GiveBackUnknown(NotFound):
    """There is no order with this number to give money back."""

    zh = "没有这个编号的退款指令。"


class GivenBackAlready(Conflict):
    """This order was confirmed before under another number. Please ask the hospital if you have given it back twice."""

    zh = "这条退款指令已用另一个流水号确认过；如果退了两次，请与医院核对。"


class NothingToAgree(Conflict):
    """There is nothing that the patient has to agree to."""

    zh = "没有需要患者确认的结算。"


class NothingToCompare(NotFound):
    """There is nothing like this to compare after a restore."""

    zh = "恢复之后没有这样一项需要核对。"


class NothingInDoubt(Conflict):
    """There is nothing about this step that people have to decide."""

    zh = "这一步没有需要人来裁定的。"


class NothingRefused(Conflict):
    """This is no refund that its channel refuses: nothing of it is to be paid out at a window."""

    zh = "这不是被渠道拒绝的退款，无需在窗口代退。"


class NothingToRule(NotFound):
    """Nothing that people have to look into is called by this name."""

    zh = "没有这样一项需要人来查明的。"


class RulingDoesNotFit(Conflict):
    """This cannot be found about it."""

    zh = "这项通知不能这样裁定。"


class ChannelSilent(Conflict):
    """The channel does not say how it stands just now. Please ask again later."""

    zh = "渠道暂时没有说明情况，请稍后再查。"


class AlreadyBooked(Conflict):
    """This was booked already."""

    zh = "这一项已经入账。"


class MoreThanInSuspense(Conflict):
    """There is not so much in suspense."""

    zh = "挂账余额没有这么多。"


class CallbackForged(Conflict):
    """This callback is not genuine."""

    zh = "回调签名无效。"


class PlansUnreadable(InternalError):
    """Open payments exist that this release cannot read."""

    zh = "有未完成的支付是本版本读不懂的。"
