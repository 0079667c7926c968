"""How long a connector is as it is laid down: all of it, with its settings, its sandbox, its test, its project file."""

import ast
import io
import tokenize

from yinyi.app.new_connector.lay_down import files

_EMPTY = {tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_connector(kind: str) -> int:
    made = files(kind, "acme")
    code = sum(lines_of_code(text) for path, text in made.items() if path.endswith(".py"))
    return code + len([line for line in made["pyproject.toml"].splitlines() if line])


def lines_of_code(text: str) -> int:
    """Neither blank nor a comment nor a docstring."""
    told = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {line for each in tokens if each.type not in _EMPTY for line in range(each.start[0], each.end[0] + 1)}
    return len(lines - told)
