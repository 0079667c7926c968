"""Which files a door within TLS is opened with."""

import msgspec


class TlsFiles(msgspec.Struct, frozen=True, kw_only=True):
    """PEM. certificate: with those that lead to an authority behind it. clients: the authorities of certificates that
    callers show; empty: nobody is asked for one."""

    certificate: str
    key: str
    clients: str = ""

    def names(self) -> list[str]:
        return [name for name in (self.certificate, self.key, self.clients) if name]
