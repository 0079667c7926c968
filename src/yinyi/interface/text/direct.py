"""Compiles templates to plainer Python: ``c.now`` is an attribute and nothing else, ``clock(c.now)`` a call.

Jinja would try items as well, and look at every function whether it wants the context; ours are structs and functions.
"""

from collections.abc import Callable

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

said_text: Callable[[str], str] = vars(markupsafe)["_escape_inner"]
"""A text as it stands on the page: escaped. What ``escape`` does before it makes markup of it, which nobody asks for
here; a text in which nothing is to be escaped is not even copied."""


def said(value: object) -> str:
    """A value as it stands on the page: escaped, unless it is markup."""
    if type(value) is str:
        return said_text(value)
    if type(value) is Markup:
        return value
    return str(value) if type(value) is int else escape(value)


def untagged(markup: Markup) -> str:
    """Markup without its tags; most has none."""
    return markup.striptags() if "<" in markup else markup


class Direct(CodeGenerator):
    """Needs an environment that escapes everything and has ``said`` and ``said_text``: most of what is said is text,
    and is escaped where it stands."""

    def get_visitor(self, node: nodes.Node) -> Callable[..., None] | None:
        if isinstance(node, nodes.Getattr):
            return self._attribute
        if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Slice):
            return self._item
        if isinstance(node, nodes.Scope):
            return self._scope
        return self._direct_call if isinstance(node, nodes.Call) else super().get_visitor(node)

    def _scope(self, node: nodes.Scope, frame: Frame) -> None:
        """The outermost one collects what is put out: a list costs less than a generator that stops at every piece."""
        if frame.buffer is not None:
            return self.visit_Scope(node, frame)
        self.buffer(frame)
        self.visit_Scope(node, frame)
        self.writeline(f"yield concat({frame.buffer})")
        frame.buffer = None

    def _attribute(self, node: nodes.Getattr, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def _item(self, node: nodes.Getitem, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write("[")
        self.visit(node.arg, frame)
        self.write("]")

    def _direct_call(self, node: nodes.Call, frame: Frame) -> None:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self.fail("arguments must be written out", node.lineno)
        self.visit(node.node, frame)
        self.write("(")
        for given in (*node.args, *node.kwargs):
            self.visit(given, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write("(environment.said_text(it) if type(it := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write(") is str else environment.said(it))")
