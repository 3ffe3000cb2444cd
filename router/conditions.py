"""Conditions in CEL: compiled once, bounded, and never a reason to fail (IVR-3).

A condition that cannot be compiled or evaluated does not hold; what went wrong is noted beside the
decision. ``check_condition`` says the same things beforehand, for ``carillon check``.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

import cel

from router.model.commands import Scalar

LENGTH_MAX = 512
"""Characters of a condition at most."""

TEXT_MAX = 4_096
"""Characters of a text that conditions see; longer ones are refused as attributes."""

LIST_MAX = 200
NESTING_MAX = 2
PRODUCT_MAX = 10_000
"""Elements of a list, macros within macros, and the product of all lists at most."""

_MACROS = ("all", "exists", "exists_one", "filter", "map")
_TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\""""
    r"""|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))"""
    r"|(?P<macro>\.\s*(?:all|exists|exists_one|filter|map)\s*\(\s*(?P<bound>[A-Za-z_]\w*)\s*,)"
    r"|(?P<word>\.?\s*[A-Za-z_]\w*)|(?P<mark>[\[\](){},])"
)
_FIELDS: dict[str, frozenset[str]] = {
    "interaction": frozenset({"medium", "address", "attributes", "last_agent"}),
    "clock": frozenset({"hour", "minute", "weekday", "date"}),
}
_FIELD = re.compile(r"\b(interaction|clock)\s*\.\s*([A-Za-z_]\w*)")

Value = Scalar | Mapping[str, "Value"]


class Variables:
    """What conditions see: values, or functions that make them.

    A variable is handed over when the first condition that speaks of it is asked, because that
    costs more than evaluating.
    """

    __slots__ = ("_context", "_made", "_values", "notes")

    def __init__(self, values: Mapping[str, Value | Callable[[], Value]]) -> None:
        self._context = cel.Context()
        self._values = values
        self._made: set[str] = set()
        self.notes: list[str] = []

    def forget(self, name: str) -> None:
        """The variable has changed: make it again for the next condition."""
        self._made.discard(name)

    def holds(self, source: str, name: str) -> bool:
        """Whether the condition is true; what cannot be evaluated is false and noted (``name``)."""
        if source in ("", "true"):
            return True
        program = _program(source)
        if isinstance(program, str):
            self.notes.append(f"{name}: {program}")
            return False
        compiled, wanted = program
        try:
            for variable in wanted:
                if variable not in self._made and variable in self._values:
                    value = self._values[variable]
                    self._context.add_variable(variable, value() if callable(value) else value)
                    self._made.add(variable)
            return compiled.execute(self._context) is True
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            # Also what the library itself panics with: a rule must never stop the router.
            self.notes.append(f"{name}: {type(error).__name__}: {error}"[:300])
            return False


@lru_cache(maxsize=8_192)
def _program(source: str) -> "tuple[cel.Program, tuple[str, ...]] | str":
    """The compiled condition with the variables it speaks of, or what is wrong with it."""
    problems = _bounds(source)
    if problems:
        return problems[0]
    try:
        compiled = cel.compile(source)
        return compiled, tuple(compiled.variables())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return _first_line(error)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def check_condition(source: str, variables: Collection[str]) -> list[str]:
    """What is wrong with a condition over these variables, in words; an empty list is fine."""
    if source in ("", "true"):
        return []
    problems = _bounds(source)
    if problems:
        return problems
    program = _program(source)
    if isinstance(program, str):
        return [program]
    bound = {match["bound"] for match in _TOKEN.finditer(source) if match["bound"]}
    known = ", ".join(sorted(variables))
    for name in program[1]:
        if name not in variables and name not in bound:
            problems.append(f"unknown variable {name!r} (there is {known})")
    bare = _TOKEN.sub(lambda match: '""' if match["text"] else match[0], source)
    for variable, field in _FIELD.findall(bare):
        if variable in variables and field not in _FIELDS[variable]:
            there = ", ".join(sorted(_FIELDS[variable]))
            problems.append(f"{variable} has no field {field!r} (there is {there})")
    return problems


def _bounds(source: str) -> list[str]:
    """The limits a condition breaks."""
    if len(source) > LENGTH_MAX:
        return [f"longer than {LENGTH_MAX} characters"]
    depth, sizes = _measure(source)
    problems = []
    if depth > NESTING_MAX:
        problems.append(f"macros nested deeper than {NESTING_MAX}")
    if any(size > LIST_MAX for size in sizes):
        problems.append(f"a list of more than {LIST_MAX} elements")
    product = 1
    for size in sizes:
        product *= max(size, 1)
    if depth > 1 and product > PRODUCT_MAX:
        problems.append(f"lists whose sizes multiply to more than {PRODUCT_MAX}")
    return problems


def _measure(source: str) -> tuple[int, list[int]]:
    """How deep macros are nested, and the size of every list."""
    stack: list[tuple[str, int]] = []
    deepest = 0
    sizes: list[int] = []
    for match in _TOKEN.finditer(source):
        mark = match["mark"]
        if match["macro"]:
            stack.append(("macro", 1))
            deepest = max(deepest, sum(kind == "macro" for kind, _ in stack))
        elif mark is not None and mark in "[({":
            stack.append((mark, 1))
        elif mark == "," and stack:
            kind, size = stack[-1]
            stack[-1] = (kind, size + 1)
        elif mark is not None and mark in "])}" and stack:
            kind, size = stack.pop()
            if kind == "[":
                sizes.append(size)
    return deepest, sizes
