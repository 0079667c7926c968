"""Settings of the software key store; all may be left out."""

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``folder``: where the files ``master-N.key`` lie, 32 bytes each, readable by the platform's account only; not
    given: ``secrets`` in the data folder. Where YINYI_MASTER_KEY is given, no file is read or made."""

    folder: str = ""
