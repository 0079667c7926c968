"""What a line to an acquirer is named by: the words of ISO 8583, as they travel in fields 41 and 42."""

from typing import Annotated

import msgspec

Acquirer = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}(?![\s\S])")]
"""Who takes the cards' money for a merchant, by the name that its line has in the settings."""
MerchantNo = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{1,15}(?![\s\S])")]
"""Field 42: given by the acquirer. Outpatient and inpatient have one each."""
TerminalNo = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{1,8}(?![\s\S])")]
"""Field 41: given by the acquirer, within a merchant."""
