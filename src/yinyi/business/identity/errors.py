"""What can go wrong with people and their media."""

from yinyi.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable


class CardUnreadable(Invalid):
    """The card could not be read. Please lay it flat on the reader once more."""

    zh = "没有读出证件，请平放在读卡区再试一次。"


class CheckDigitWrong(Invalid):
    """The number on this document is not valid. Please go to a window with it."""

    zh = "证件号码校验不通过，请带证件到窗口办理。"


class NoCard(Conflict):
    """There is no card on the reader."""

    zh = "读卡区没有证件。"


class WindowOnly(NotAllowed):
    """This document can be used at a window only."""

    zh = "这种证件请到窗口办理。"


class PatientUnknown(NotFound):
    """No patient has this hospital number."""

    zh = "没有找到这个就诊号。"


class HolderUnknown(NotFound):
    """No patient is on record here with both this number and this name. Please check them, or go to a window."""

    zh = "没有号码和姓名都相符的患者，请核对，或到窗口办理。"


class TooManyTries(NotAllowed):
    """Too many attempts. Please wait a quarter of an hour; after ten for one number in a day only a window helps."""

    zh = "尝试次数太多，请一刻钟后再试；同一号码一天满十次，请到窗口办理。"


class CertificateUnreadable(Invalid):
    """The insurance code could not be read. Please make the screen brighter and hold it still."""

    zh = "没有读出医保码，请调亮手机屏幕，对准扫码口不要动。"


class CertificateExpired(Conflict):
    """This insurance code has run out. Please show a fresh one."""

    zh = "这个医保码已过期，请刷新后再扫。"


class CertificateUsed(Conflict):
    """This insurance code has been used already. Please show a fresh one."""

    zh = "这个医保码已经用过，请刷新后再扫。"


class CertificateForeign(NotAllowed):
    """This insurance code is not served here. Please use your ID card or go to a window."""

    zh = "这个医保码在这里不能使用，请用身份证，或到窗口办理。"


class DecoderUnavailable(Unavailable):
    """Insurance codes cannot be read just now. Please use your card or go to a window."""

    zh = "现在读不了医保码，请使用证件，或到窗口办理。"


class FaceUnavailable(Unavailable):
    """Faces cannot be compared just now. Please use your card or go to a window."""

    zh = "现在不能刷脸，请使用证件，或到窗口办理。"


class NotAChild(NotAllowed):
    """Whoever is old enough identifies himself, with a card of his own."""

    zh = "已超过儿童年龄，请本人用自己的证件办理。"


class GuardianTooYoung(NotAllowed):
    """Only a grown-up can act for a child. Please go to a window."""

    zh = "只有成年人可以为儿童办理，请到窗口办理。"


class TooManyChildren(NotAllowed):
    """You already act for as many children as is possible here. Please go to a window."""

    zh = "您绑定的儿童已达到上限，请到窗口办理。"


class AlreadyYourChild(Conflict):
    """This child is on your list already."""

    zh = "这个孩子已经在您的名单里了。"


class ChildAtWindow(NotAllowed):
    """This child is on record here with other details. Please go to a window with its document and yours."""

    zh = "医院里这个孩子的登记信息与您提供的不同，请带孩子和您的证件到窗口办理。"


class TicketExpired(Conflict):
    """This took too long. Please lay your card on the reader again."""

    zh = "等待时间太长，请重新放置证件。"


class LastCredential(Conflict):
    """The last identity document cannot be unbound."""

    zh = "不能解绑唯一的身份证件。"


class CredentialTaken(Conflict):
    """This is bound to another patient. Please go to a window."""

    zh = "这个证件已绑定其他患者，请到窗口办理。"


class CreationRefused(Conflict):
    """The hospital's system cannot make a hospital number here. Please go to a window with your document."""

    zh = "医院系统无法在这里为您建档，请带证件到窗口办理。"
