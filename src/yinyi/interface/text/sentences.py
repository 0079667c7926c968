"""``_("Taken {n}", n=row.taken)`` becomes plain template text while a template is parsed.

``_n("{n} person", "{n} people", n=count)`` chooses by ``n``. ``i("house")`` draws an icon.
"""

import re
from collections.abc import Callable, Iterator

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

from yinyi.interface.text.catalogue import Catalogue

_HOLE = re.compile(r"\{(\w+)\}")


class Translator(NodeTransformer):
    """Puts one language into a template. ``icon``: markup of an icon by its name."""

    def __init__(self, catalogue: Catalogue, icon: Callable[[str], str], environment: Environment) -> None:
        self._catalogue = catalogue
        self._icon = icon
        self._environment = environment

    def get_visitor(self, node: nodes.Node) -> Callable[..., nodes.Node] | None:
        if isinstance(node, nodes.Output):
            return self._output
        return self._call if isinstance(node, nodes.Call) else None

    def _output(self, node: nodes.Output) -> nodes.Output:
        node.nodes = [piece for child in node.nodes for piece in self._outputs(child)]
        return node

    def _call(self, node: nodes.Call) -> nodes.Node:
        pieces = list(self._outputs(node))
        return pieces[0] if len(pieces) == 1 else self._joined(pieces)

    def _outputs(self, node: nodes.Expr) -> Iterator[nodes.Expr]:
        """A call of ``_`` as what it puts out, one after the other; anything else as it is, looked through."""
        called = node.node.name if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) else ""
        if isinstance(node, nodes.Call) and called == "_":
            yield from self._sentence(_text(node, 0), node)
        elif isinstance(node, nodes.Call) and called == "i":
            yield nodes.TemplateData(self._icon(_text(node, 0)), environment=self._environment)
        elif isinstance(node, nodes.Call) and called == "_n":
            one, many = (list(self._sentence(_text(node, at), node)) for at in (0, 1))
            is_one = nodes.Compare(_value(node, "n"), [nodes.Operand("eq", nodes.Const(1))])
            yield nodes.CondExpr(is_one, self._joined(one), self._joined(many))
        elif isinstance(node, nodes.Call):
            yield _as_expression(self.generic_visit(node))
        else:
            yield _as_expression(self.visit(node))

    def _joined(self, pieces: list[nodes.Expr]) -> nodes.Expr:
        return nodes.Concat(pieces, environment=self._environment)

    def _sentence(self, english: str, call: nodes.Call) -> Iterator[nodes.Expr]:
        for at, piece in enumerate(_HOLE.split(self._catalogue.say(english))):
            if at % 2:
                yield _as_expression(self.visit(_value(call, piece)))
            elif piece:
                yield nodes.TemplateData(piece, environment=self._environment)


def _as_expression(node: object) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    return node


def _text(call: nodes.Call, at: int) -> str:
    argument = call.args[at]
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        raise TypeError(f"line {call.lineno}: a text must be written out")
    return argument.value


def _value(call: nodes.Call, name: str) -> nodes.Expr:
    for keyword in call.kwargs:
        if keyword.key == name:
            return keyword.value
    raise TypeError(f"line {call.lineno}: nothing given for {{{name}}}")
