"""What can go wrong with papers."""

from yinyi.kernel.errors import Conflict, NotFound


class DocumentUnknown(NotFound):
    """There is no such paper."""

    zh = "没有找到这张凭条。"


class NothingToPrint(Conflict):
    """There is nothing to print for this yet."""

    zh = "这项业务现在还没有可打印的凭条。"


class PrintedAlready(Conflict):
    """This was printed here before. The window prints it again."""

    zh = "这份单据已经打印过，如需再打请到窗口办理。"
