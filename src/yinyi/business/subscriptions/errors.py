"""What can go wrong with subscriptions."""

from yinyi.kernel.errors import Conflict, Invalid, NotFound


class EndpointInvalid(Invalid):
    """This address cannot be told anything. It needs https:// or http:// and a host, without a user or a fragment."""

    zh = "这个通知地址不能使用：须以 https:// 或 http:// 开头并写明主机，不能带用户名或 # 片段。"


class NoSecretToSign(Conflict):
    """This institution has no secret to sign notifications with. Please add one for HMAC-SHA256 or HMAC-SM3 first."""

    zh = "这个机构没有可用来签署通知的密钥，请先为它添加 HMAC-SHA256 或 HMAC-SM3 密钥。"


class SubscriptionUnknown(NotFound):
    """This institution is not told anything: it has no subscription."""

    zh = "这个机构没有订阅通知。"
