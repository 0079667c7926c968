"""Settings of the software key store; all may be left out."""

from typing import Annotated

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``folder``: where the files ``master-N.key`` lie, 32 bytes each, readable by the platform's account only; not
    given: ``secrets`` in the data folder. Where YINYI_MASTER_KEY is given, no file is read or made.
    ``keep_retired_days``: so long a master key stays after a rotation, as ``master-N.retired``: as long as the oldest
    backup is old, which is under it. 0: it is overwritten and deleted at once."""

    folder: str = ""
    keep_retired_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 30
