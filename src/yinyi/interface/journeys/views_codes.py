"""A code was held under the scanner where none was asked for."""

from yinyi.business.terminals.media import CodeKind
from yinyi.interface.journeys.views import Part, View


class CodeChoice(Part, frozen=True, kw_only=True):
    """What it may be. opens: pressing it goes on with the code; to: the address where such a code is used; both absent:
    it is only said what it is for."""

    kind: CodeKind
    opens: bool = False
    to: str = ""


class CodeView(View, frozen=True, kw_only=True):
    """choices: several: which is it? One: that it is; none: the code is unknown here. after: see ``CODE``."""

    choices: tuple[CodeChoice, ...]
    after: int
    key: str
