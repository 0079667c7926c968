"""What can go wrong with what a former system hands over, as people are told."""

from yinyi.kernel.errors import Conflict, Invalid, NotFound


class HeaderWrong(Invalid):
    """The first line of this file does not name its columns as it has to."""

    zh = "文件第一行（表头）的列名不符合要求。"


class ImportUnknown(NotFound):
    """There is no import with this number."""

    zh = "没有这个编号的导入。"


class ImportClosed(Conflict):
    """This import is at another step by now. Please look at it again."""

    zh = "这次导入已进入其他步骤，请重新查看。"


class LinesOutOfStep(Conflict):
    """The lines of this file did not come one after the other. Please begin the import anew."""

    zh = "文件的行没有按顺序送达，请重新开始导入。"


class ImportFaulty(Conflict):
    """There are lines that cannot be taken over. Please correct them and begin anew."""

    zh = "有不能导入的行，请改正后重新开始。"


class NothingToImport(Conflict):
    """There is nothing in these files."""

    zh = "文件里没有可导入的内容。"


class AnotherImport(Conflict):
    """Another import is proposed or under way. It has to end or be withdrawn first."""

    zh = "另一次导入正在进行或等待确认，要先完成或撤回。"


class CheckedTooEarly(Conflict):
    """Another import has ended since these files were checked. Please check them again."""

    zh = "检查之后已有另一次导入完成，请重新检查。"


class AccountsOff(Conflict):
    """This hospital has switched prepaid accounts off, so no balances can be opened."""

    zh = "本院已关闭预交金账户，不能导入余额。"


class FiguresDiffer(Conflict):
    """These are not the figures of this import. Please compare with the former system's report."""

    zh = "输入的数字与这次导入不一致，请与原系统的报表核对。"
