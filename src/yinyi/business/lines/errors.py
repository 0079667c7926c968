"""What can go wrong with keys and sessions of the bank line, as people are told. No sentence and no detail carries a
key or a card."""

from yinyi.kernel.errors import Conflict, Invalid, NotFound, Unavailable


class KeyRefused(Invalid):
    """This key does not agree with its check value, or cannot be a key. Nothing was loaded."""

    zh = "密钥与校验值不符，或不是有效密钥，没有装载。"


class KeyDoesNotOpen(Unavailable):
    """A stored key of the bank line cannot be used with the master key that is here."""

    zh = "主密钥与库中的密钥不匹配，密钥无法使用。"


class ComponentTaken(Conflict):
    """Somebody else has entered this component already. It is used, discarded, or runs out."""

    zh = "这个分量已由他人录入，请等待使用、作废或过期。"


class ComponentsMissing(Conflict):
    """Both components have to be there first. One is missing, or its time has run out."""

    zh = "两个分量尚未齐全，或已过期。"


class MasterKeyNotInUse(Conflict):
    """The master key that is here is not the one in use. Rotate first, or correct it."""

    zh = "当前主密钥不是在用的主密钥，请先轮换或更正。"


class NoNewMasterKey(Conflict):
    """There is no newer master key to rotate to. Give one in the settings and start again."""

    zh = "没有更新的主密钥可供轮换，请在设置中给出后重新启动。"


class SessionUnknown(NotFound):
    """There is no session with this acquirer, merchant number and terminal number. The list of sessions has all."""

    zh = "没有该收单机构、商户号和终端号的会话，请对照会话列表。"


class SessionBusy(Conflict):
    """A transaction of this session is under way. Ask again in a moment."""

    zh = "该会话有交易正在进行，请稍后再试。"


class SessionNotReady(Unavailable):
    """This session cannot be used at the moment, and nothing has left. The list of sessions says how it stands."""

    zh = "该会话目前无法使用，请求没有发出，现状请看会话列表。"


class BankRefused(Conflict):
    """The bank has refused this, and nothing has changed. Ask the bank, with the code that it has given."""

    zh = "银行拒绝了该请求，没有任何改动，请带着应答码询问银行。"


class BankSilent(Unavailable):
    """The bank has not answered. Ask again in a minute, nothing is done twice; the list of sessions tells its end."""

    zh = "银行没有应答，请过一分钟再试，不会重复办理；结果请看会话列表。"


class BatchIsOpen(Conflict):
    """This batch is open, and the bank can be asked: settle it with the bank, not by its statement."""

    zh = "该批次尚未结束，可直接向银行结算，不必按对账单结算。"


class BatchUnknown(NotFound):
    """This session has no such batch, neither open nor settled. The list of sessions names what is not settled."""

    zh = "该会话没有这个批次，未结算的批次请看会话列表。"


class MessageUnknown(NotFound):
    """Nothing has left on the bank line under this reference. The list of reversals names all that are in doubt."""

    zh = "银行专线上没有该参考号的报文，结果未知的请看冲正列表。"


class MerchantUnknown(NotFound):
    """This merchant number is not in the settings of the bank line."""

    zh = "银行专线的设置中没有该商户号。"


class MerchantOfAnotherScope(Conflict):
    """This merchant number stands for another scope. Outpatient and inpatient money are never cleared together."""

    zh = "该商户号属于另一业务范围，门诊与住院资金不得合并清算。"


class TerminalUnknown(NotFound):
    """There is no terminal with this id, or it is retired. Please put it on record first."""

    zh = "没有这个编号的终端，或它已停用，请先登记终端。"


class TerminalHasSession(Conflict):
    """This terminal has another session with this acquirer for this scope already."""

    zh = "该自助机在此收单机构的这一业务范围已有会话。"
