"""What can go wrong when people ask something of a session on the bank line."""

from yinyi.kernel.errors import Conflict, NotFound, Unavailable


class SessionUnknown(NotFound):
    """There is no session with this acquirer, merchant number and terminal number."""

    zh = "没有该收单机构、商户号和终端号的会话。"


class SessionBusy(Conflict):
    """A transaction of this session is under way. Ask again in a moment."""

    zh = "该会话有交易正在进行，请稍后再试。"


class SessionNotReady(Unavailable):
    """This session cannot be used at the moment. What was asked for has not left."""

    zh = "该会话目前无法使用，请求没有发出。"


class BankRefused(Conflict):
    """The bank has refused this."""

    zh = "银行拒绝了该请求。"


class BankSilent(Unavailable):
    """The bank has not answered. What becomes of it is seen in the list of sessions."""

    zh = "银行没有应答，结果请查看会话列表。"


class BatchUnknown(NotFound):
    """This session has no such batch, neither open nor settled."""

    zh = "该会话没有这个批次。"


class MessageUnknown(NotFound):
    """Nothing has left on the bank line under this reference."""

    zh = "银行专线上没有该参考号的报文。"


class MerchantUnknown(NotFound):
    """This merchant number is not in the settings of the bank line."""

    zh = "银行专线的设置中没有该商户号。"


class MerchantOfAnotherScope(Conflict):
    """This merchant number stands for another scope. Outpatient and inpatient money are never cleared together."""

    zh = "该商户号属于另一业务范围，门诊与住院资金不得合并清算。"


class TerminalHasSession(Conflict):
    """This terminal has another session with this acquirer for this scope already."""

    zh = "该自助机在此收单机构的这一业务范围已有会话。"
