"""Jinja2 with the language compiled in: at run time no catalogue is asked and no other template looked for.

One environment per language. A text without translation, an icon, a file or a template that is not there does not
compile.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

from jinja2 import BaseLoader, BytecodeCache, Environment, StrictUndefined, nodes

from yinyi.interface.text.catalogue import Catalogue
from yinyi.interface.text.constants import Constants
from yinyi.interface.text.direct import Direct, said, said_text, untagged
from yinyi.interface.text.kept import Kept, Pieces, check
from yinyi.interface.text.sentences import Translator
from yinyi.interface.text.splices import closed, spliced


def environment(
    loader: BaseLoader,
    catalogue: Catalogue,
    icon: Callable[[str], str],
    names: Mapping[str, object],
    compiled: BytecodeCache | None = None,
) -> Environment:
    """Escapes everything, refuses what is undefined, speaks one language. ``icon``: markup of an icon by its name;
    ``names``: what every template may use, the same on every page (see ``Constants``)."""
    return _Speaking(loader, catalogue, icon, names, compiled)


class _Speaking(Environment):
    code_generator_class = Direct

    def __init__(
        self,
        loader: BaseLoader,
        catalogue: Catalogue,
        icon: Callable[[str], str],
        names: Mapping[str, object],
        compiled: BytecodeCache | None,
    ) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=compiled,
            extensions=[Kept],
        )
        self.pieces = Pieces()
        self.globals.clear()
        self.filters["striptags"] = untagged
        self._loader = loader
        self._translator = Translator(catalogue, icon, self)
        self._constants = Constants(names)
        self._parts: dict[str, nodes.Template] = {}
        self.fixed = SimpleNamespace(**names)
        self.said = said
        self.said_text = said_text

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return closed(self._finished(source, name, filename))

    def _finished(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        try:
            parsed = super()._parse(source, name, filename)
            self._translator.visit(parsed)
            self._constants.visit(parsed)
            return check(spliced(parsed, self._read))
        except Exception as error:
            error.add_note(f"in the template {name}")
            raise

    def _read(self, name: str) -> nodes.Template:
        if name not in self._parts:
            source, filename, _ = self._loader.get_source(self, name)
            self._parts[name] = self._finished(source, name, filename)
        return self._parts[name]
