"""What can go wrong with keys of the bank line, as people are told. No sentence and no detail carries a key."""

from yinyi.kernel.errors import Conflict, Invalid, Unavailable


class KeyRefused(Invalid):
    """This key does not agree with its check value, or cannot be a key. Nothing was loaded."""

    zh = "密钥与校验值不符，或不是有效密钥，没有装载。"


class KeyDoesNotOpen(Unavailable):
    """A stored key of the bank line cannot be used with the master key that is here."""

    zh = "主密钥与库中的密钥不匹配，密钥无法使用。"


class SecondCustodianNeeded(Conflict):
    """Whoever has entered one component cannot enter the other one. A second person has to."""

    zh = "两个密钥分量必须由两个人分别录入。"


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
