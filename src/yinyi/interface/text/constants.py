"""What is the same on every page is worked out while a template is parsed: ``paths.home``, ``asset("kiosk.css")``.

What depends on a page calls the function itself, without a look into the template's context.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

from jinja2 import TemplateAssertionError, nodes
from jinja2.visitor import NodeTransformer

FIXED = "fixed"
"""The environment's attribute that holds what every template may use."""


class Constants(NodeTransformer):
    """Puts ``names`` into a template. Functions among them must depend on nothing but what they are given."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self._fixed = SimpleNamespace(**names)

    def get_visitor(self, node: nodes.Node) -> Callable[..., nodes.Node] | None:
        if isinstance(node, nodes.Name):
            return self._name
        if isinstance(node, nodes.Getattr):
            return self._attribute
        return self._call if isinstance(node, nodes.Call) else None

    def _name(self, node: nodes.Name) -> nodes.Node:
        if node.name in ("self", "super"):
            raise TemplateAssertionError(f"{node.name} is not known here", node.lineno)
        if node.name not in self._names:
            return node
        if node.ctx != "load":
            raise TemplateAssertionError(f"{node.name} means something else already", node.lineno)
        return self._attribute(nodes.Getattr(nodes.EnvironmentAttribute(FIXED), node.name, "load", lineno=node.lineno))

    def _attribute(self, node: nodes.Getattr) -> nodes.Node:
        self.generic_visit(node)
        known = list(self._known(node))
        return _written(known[0], node) if known else node

    def _call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        called = [*self._known(node.node)]
        given = [value for argument in node.args for value in self._known(argument)]
        if not called or not callable(called[0]) or len(given) < len(node.args) or node.kwargs:
            return node
        return _written(called[0](*given), node)

    def _known(self, node: nodes.Node) -> list[object]:
        """The value, if there is one already."""
        if isinstance(node, nodes.EnvironmentAttribute):
            return [self._fixed] if node.name == FIXED else []
        if isinstance(node, nodes.Const):
            return [node.value]
        if isinstance(node, nodes.Getattr):
            return [getattr(of, node.attr) for of in self._known(node.node)]
        return []


def _written(value: object, otherwise: nodes.Node) -> nodes.Node:
    return nodes.Const(value, lineno=otherwise.lineno) if isinstance(value, str | int) else otherwise
