"""Sizes, docstrings and names, judged from the syntax tree."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT, place, python_files, tracked, tree_of

FUNCTION_LINES = 60
MODULE_LINES = 400
VAGUE = re.compile(r"(Service|Manager|Helper|Helpers|Util|Utils)$")
VAGUE_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "service", "manager"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for path in python_files()
        for node in functions(tree_of(path))
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    kinds = {".py", ".ts", ".tsx"}
    long = [
        f"{path.relative_to(ROOT).as_posix()}: {count} lines"
        for path in tracked()
        if path.suffix in kinds and not path.name.endswith(".d.ts")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    ]
    assert long == []


def undocumented(path: Path) -> Iterator[str]:
    """Public things of a module without a docstring, those of public classes included."""
    tree = tree_of(path)
    if ast.get_docstring(tree) is None:
        yield f"{place(path, 1)} the module"
    open_nodes: list[ast.Module | ast.ClassDef] = [tree]
    while open_nodes:
        for node in open_nodes.pop().body:
            if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                open_nodes.append(node)
            if ast.get_docstring(node) is None and not excused(node):
                yield f"{place(path, node.lineno)} {node.name}"


def excused(node: ast.ClassDef | Function) -> bool:
    """An override inherits its promise, and an overload's stands at the function itself."""
    marks = {ast.unparse(mark).rsplit(".", 1)[-1] for mark in node.decorator_list}
    return bool(marks & {"override", "overload"})


def test_everything_public_has_a_docstring() -> None:
    files = python_files(*PACKAGES, "tools")
    assert [line for path in files for line in undocumented(path)] == []


def test_nothing_has_a_name_that_says_nothing() -> None:
    """Service, Manager, Helper and utils tell where a thing lies, never what it does."""
    vague = [
        path.relative_to(ROOT).as_posix() for path in python_files() if path.stem in VAGUE_MODULES
    ]
    for path in python_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and VAGUE.search(node.name):
                vague.append(f"{place(path, node.lineno)} {node.name}")
    assert vague == []


def commented_out(path: Path) -> Iterator[str]:
    """Comments that are a test or an assertion somebody switched off."""
    text = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and re.match(
            r"#\s*((async )?def test_|@pytest\.|assert [\w.(\[]+ (==|in|is|!=|<|>))", token.string
        ):
            yield f"{place(path, token.start[0])} {token.string}"


def test_no_test_is_commented_out() -> None:
    files = python_files("tests")
    assert [line for path in files for line in commented_out(path)] == []


def test_no_test_sleeps() -> None:
    """A sleeping test is slow when it passes and flaky when it matters."""
    asleep = [
        place(path, node.lineno)
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    ]
    assert asleep == []
