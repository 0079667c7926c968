"""One template out of several, while it is parsed: what it extends and includes is put in its place.

At run time there is then no other template, no context to hand on and no block to look up.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy

from jinja2 import TemplateAssertionError, nodes

Read = Callable[[str], nodes.Template]
"""Another template by its name, spliced itself; its blocks can still be replaced. It is shared: nobody changes it."""


def spliced(template: nodes.Template, read: Read) -> nodes.Template:
    """
    Raises:
        TemplateNotFound: it extends or includes what is not there.
        TemplateAssertionError: it does so in a manner that is not known here.
    """
    template.body = _rebuilt(
        template.body, lambda node: _included(node, read) if isinstance(node, nodes.Include) else node
    )
    extends = template.find(nodes.Extends)
    if extends is not None:
        template.body = [*_sets_of(template), *_parent_of(template, extends, read)]
    return template


def closed(template: nodes.Template) -> nodes.Template:
    """No block can be replaced any more. Nothing is left at the top level, whose names cost more."""
    body = _rebuilt(template.body, lambda node: _scope(node, node.body) if isinstance(node, nodes.Block) else node)
    template.body = [_scope(template, body)]
    return template


def _rebuilt(body: Sequence[nodes.Node], put: Callable[[nodes.Node], nodes.Node]) -> list[nodes.Node]:
    """Copies of these statements and those within them, each as ``put`` gives it back; expressions are shared."""
    return [_filled(copy(put(node)), put) for node in body]


def _filled(node: nodes.Node, put: Callable[[nodes.Node], nodes.Node]) -> nodes.Node:
    for name in ("body", "elif_", "else_"):
        if name in node.fields:
            setattr(node, name, _rebuilt(getattr(node, name), put))
    return node


def _included(node: nodes.Include, read: Read) -> nodes.Node:
    """In a scope of its own: it sees everything and leaves nothing behind."""
    other = read(_name_in(node))
    if node.ignore_missing or not node.with_context or other.find(nodes.Block):
        raise TemplateAssertionError("only a plain include, of a template without blocks", node.lineno)
    return _scope(node, other.body)


def _sets_of(template: nodes.Template) -> Iterator[nodes.Node]:
    """What stands outside the blocks: the values it sets for its parent, and white space."""
    for node in template.body:
        if isinstance(node, nodes.Assign):
            yield node
        elif not isinstance(node, nodes.Extends | nodes.Block | nodes.Output):
            raise TemplateAssertionError("outside its blocks a template only sets values", node.lineno)


def _parent_of(template: nodes.Template, extends: nodes.Extends, read: Read) -> list[nodes.Node]:
    parent = read(_name_in(extends))
    own = {block.name: block for block in template.find_all(nodes.Block)}
    unknown = own.keys() - {block.name for block in parent.find_all(nodes.Block)}
    if unknown:
        raise TemplateAssertionError(f"no such block: {', '.join(sorted(unknown))}", extends.lineno)
    return _rebuilt(parent.body, lambda node: own.get(node.name, node) if isinstance(node, nodes.Block) else node)


def _scope(of: nodes.Node, body: list[nodes.Node]) -> nodes.Node:
    return nodes.Scope(body, lineno=of.lineno)


def _name_in(node: nodes.Include | nodes.Extends) -> str:
    if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
        raise TemplateAssertionError("the name of a template must be written out", node.lineno)
    return node.template.value
