"""The source of the repository as trees, each file parsed once."""

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    """Every function of a file, inner ones and methods too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def parse(text: str) -> ast.Module:
    """Parse while the collector waits.

    Python 3.11 counts the depth of its recursion in one place for all: what a collection ends in the middle of it may
    parse too, or let another thread do so, and then "AST constructor recursion depth mismatch" comes of it
    (python/cpython, issue 106905; repaired in 3.13).
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collecting:
            gc.enable()
