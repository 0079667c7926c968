"""``{% kept d, nth %} … {% endkept %}``: what says nothing but these values is written once for everybody who sees it.

A clinic's doctors and its calendar are the same on every screen of the hall. Nothing of a person belongs in there: it
stays in memory until others have pushed it out.
"""

from collections.abc import Hashable
from itertools import pairwise

from jinja2 import TemplateAssertionError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

MOST = 2048
"""Pieces in one language; some hundred bytes each."""

_PIECE = "kept_piece"
_TAGS = {"kept"}


class Pieces(dict[Hashable, str]):
    """By where they are written and which values they say."""

    def keep(self, key: Hashable, piece: str) -> None:
        """The oldest goes where there are too many."""
        if len(self) >= MOST:
            del self[next(iter(self))]
        self[key] = piece


class Kept(Extension):
    """Needs an environment that has its ``pieces``."""

    tags = _TAGS

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        said = parser.parse_tuple(with_condexpr=False)
        names = said.items if isinstance(said, nodes.Tuple) else [said]
        body = parser.parse_statements(("name:endkept",), drop_needle=True)
        key = nodes.Tuple([nodes.Const(f"{parser.name} {parser.free_identifier().name}"), *names], "load")
        found = nodes.Assign(nodes.Name(_PIECE, "store"), _called("get", [key]))
        written = nodes.AssignBlock(nodes.Name(_PIECE, "store"), None, body)
        missing = nodes.Not(nodes.Name(_PIECE, "load"))
        kept = nodes.ExprStmt(_called("keep", [key, nodes.Name(_PIECE, "load")]))
        put_out = nodes.Output([nodes.Name(_PIECE, "load")])
        return [each.set_lineno(line) for each in (found, nodes.If(missing, [written, kept], [], []), put_out)]


def check(template: nodes.Template) -> nodes.Template:
    """
    Raises:
        TemplateAssertionError: a piece says more than it is kept by.
    """
    for choice in template.find_all(nodes.If):
        for written, kept in pairwise(choice.body):
            if isinstance(written, nodes.AssignBlock) and _is_piece(written.target):
                _check(written, {name.name for name in kept.find_all(nodes.Name)})
    return template


def _check(written: nodes.AssignBlock, by: set[str]) -> None:
    names = [
        name for node in written.body for name in (node, *node.find_all(nodes.Name)) if isinstance(name, nodes.Name)
    ]
    own = {name.name for name in names if name.ctx != "load"}
    more = {name.name for name in names} - own - by
    if more:
        raise TemplateAssertionError(f"says more than it is kept by: {', '.join(sorted(more))}", written.lineno)


def _is_piece(target: nodes.Expr) -> bool:
    return isinstance(target, nodes.Name) and target.name == _PIECE


def _called(method: str, given: list[nodes.Expr]) -> nodes.Expr:
    pieces = nodes.EnvironmentAttribute("pieces")
    return nodes.Call(nodes.Getattr(pieces, method, "load"), given, [], None, None)
