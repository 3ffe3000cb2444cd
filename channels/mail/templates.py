"""Templates of outgoing mail: Jinja2 in an immutable sandbox, checked before they are in force.

Only the configuration is ever compiled (IVR-3). What agents and customers wrote comes in as a
value, and of customers nothing at all comes into an automatic answer (MAIL-5). A template chooses
and inserts; it neither loops nor calls, so that it cannot take long.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

LONGEST = 20_000
"""Characters of one template at most."""
FILTERS = ("default", "lower", "title", "trim", "upper")

_MAILBOX = {"name": "", "address": ""}
_QUEUE = {"name": "", "title": ""}
SIGNATURE_FACTS: Mapping[str, object] = {
    "agent": {"name": ""},
    "mailbox": _MAILBOX,
    "queue": _QUEUE,
}
"""What the template of a signature may speak of."""
REPLY_FACTS: Mapping[str, object] = {
    **SIGNATURE_FACTS,
    "customer": {"name": ""},
    "signature": "",
    "text": "",
}
"""What the template of an answer may speak of; ``text`` is what the agent wrote."""
ACKNOWLEDGEMENT_FACTS: Mapping[str, object] = {"mailbox": _MAILBOX, "queue": _QUEUE}
"""What an automatic answer may speak of: our own facts only."""

_ALLOWED = (
    nodes.And,
    nodes.Compare,
    nodes.Const,
    nodes.Filter,
    nodes.Getattr,
    nodes.If,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
)


def _as_it_is(value: object) -> object:
    """The mails are plain text: what is escaped for HTML would be read as "&amp;" by people.
    Nothing rendered here is ever shown as HTML."""
    if isinstance(value, Undefined):
        return value
    return Markup(value)  # noqa: S704  # nosec B704  # plain text, see above


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=True, finalize=_as_it_is, undefined=StrictUndefined, keep_trailing_newline=True
)


def render(source: str, facts: Mapping[str, object]) -> str:
    """The text of a checked template with these facts. Raises jinja2.TemplateError."""
    return _compiled(source).render(facts)


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def mistakes(source: str, facts: Mapping[str, object]) -> Sequence[str]:
    """Everything that is wrong with a template that may speak of ``facts``; each in a sentence
    with its line."""
    if len(source) > LONGEST:
        return [f"has {len(source)} characters; {LONGEST} at most"]
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except RecursionError:
        return ["is nested too deeply"]
    unknown = sorted({node.name for node in tree.find_all(nodes.Name)} - facts.keys())
    found = [f"{name!r} is not known here; {_known(facts)}" for name in unknown]
    found += [
        f"line {node.lineno}: a template chooses and inserts, it has no {type(node).__name__}"
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, _ALLOWED)
    ]
    found += [
        f"line {node.lineno}: the filter {node.name!r} is none of {', '.join(FILTERS)}"
        for node in tree.find_all(nodes.Filter)
        if node.name not in FILTERS
    ]
    return found or _tried(source, facts)


def _tried(source: str, facts: Mapping[str, object]) -> Sequence[str]:
    """What goes wrong when it is rendered with empty facts: names within a fact, above all."""
    try:
        render(source, facts)
    except (TemplateError, TypeError, RecursionError) as error:
        return [f"{error}; {_known(facts)}"]
    return []


def _known(facts: Mapping[str, object]) -> str:
    names: list[str] = []
    for name, value in facts.items():
        names += [f"{name}.{part}" for part in value] if isinstance(value, dict) else [name]
    return f"there is {', '.join(names)}"
