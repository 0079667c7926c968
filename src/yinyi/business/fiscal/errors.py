"""What can go wrong with electronic receipts, as people are told."""

from yinyi.kernel.errors import Conflict, NotFound


class FiscalInvoiceUnknown(NotFound):
    """There is no electronic receipt for this payment."""

    zh = "这笔支付没有电子票据。"


class FiscalFileUnreadable(NotFound):
    """The file of this electronic receipt cannot be shown here. The receipt is good without it."""

    zh = "电子票据的文件不能在这里显示，票据本身有效。"


class NotIssuedYet(Conflict):
    """The electronic receipt is not issued yet. It comes by itself; there is nothing to wait for."""

    zh = "电子票据还没有开出。它会自动开具，不用等。"
