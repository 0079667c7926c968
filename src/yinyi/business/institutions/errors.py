"""What can go wrong with institutions."""

from yinyi.kernel.errors import Conflict, Invalid, NotAllowed, NotFound


class InstitutionKnown(Conflict):
    """There is an institution with this id, or there was one. Please choose another id."""

    zh = "这个机构编号已在使用或曾经使用过，请换一个编号。"


class InstitutionUnknown(NotFound):
    """There is no institution with this id, or it was closed."""

    zh = "没有这个编号的机构，或它已停用。"


class SecretsEnough(Conflict):
    """This institution has as many good secrets as it may have. Older ones end at once with an overlap of 0 minutes."""

    zh = "这个机构的有效密钥已达上限，请等旧密钥到期，或把重叠时间设为 0 立即作废旧密钥。"


class ClientCertificateUnreadable(Invalid):
    """This is not one certificate in PEM. Nothing was changed."""

    zh = "这不是一张 PEM 格式的证书，没有任何变动。"


class ClientCertificateKnown(Conflict):
    """An institution connects with this certificate already. Nothing was changed."""

    zh = "已有机构使用这张证书，没有任何变动。"


class ClientCertificateUnknown(NotFound):
    """This institution has no such certificate."""

    zh = "这个机构没有这张证书。"


class ClientCertificatesEnough(Conflict):
    """This institution has two certificates already. Please take the old one away first."""

    zh = "这个机构已有两张证书，请先移除旧证书。"


class LineEnded(NotAllowed):
    """This line has ended, or nobody has signed on over it. Please sign on again; nothing was changed."""

    zh = "这条线路还没有签到或签到已失效，请重新签到，没有任何变动。"


class SequenceUsed(Conflict):
    """This number was used on this line for another request. Nothing was changed."""

    zh = "这个序号在这条线路上已用于另一个请求，没有任何变动。"
