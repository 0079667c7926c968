"""The old address of ``channel.hanging_up``."""

from yinyi_sandbox.channel.hanging_up import HangUp, hang_up, with_line

__all__ = ["HangUp", "hang_up", "with_line"]
