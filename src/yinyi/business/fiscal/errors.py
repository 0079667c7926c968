"""What can go wrong with electronic receipts, as people are told."""

from yinyi.kernel.errors import Conflict, NotFound


class FiscalInvoiceUnknown(NotFound):
    """There is no electronic receipt for this payment."""

    zh = "这笔支付没有电子票据。"


class NotIssuedYet(Conflict):
    """The electronic receipt is not issued yet. It comes by itself; there is nothing to wait for."""

    zh = "电子票据还没有开出。它会自动开具，不用等。"
