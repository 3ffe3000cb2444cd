"""What is wrong with flows, found without a customer: every mistake at once.

Mistakes: names that lead nowhere, dead ends, circles nobody gets out of, missing prompts and
languages, values nobody sets, secrets that would be said, conditions that cannot be evaluated.
Warnings: nodes nobody reaches, values set and never used.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from ivr.flow import AnyLookUp, AnyNode, Flow
from ivr.nodes.hours import Hours
from ivr.nodes.language import Language
from ivr.nodes.look_up import LookUp
from ivr.nodes.return_ import Return
from ivr.nodes.subflow import Subflow
from ivr.own import FOLDER, own_languages
from ivr.prompts import FORMS, Words, fields_of, stray_brace
from ivr.session import DEPTH_MAX

Path = tuple[str | int, ...]

CONDITION_VARIABLES = frozenset({"value", "call", "customer", "clock"})
"""What the condition of a branch may speak of."""

OWN_MARK = FOLDER + "no-input"
"""Whoever recorded this one anew has recorded the product's own prompts."""

GIVEN = frozenset({"caller", "called"})
"""Values every session has from its start."""


class Fault(msgspec.Struct, frozen=True):
    """One finding at a field. ``word`` and ``known`` let a reader suggest the name that was meant.

    ``serious``: the flows cannot be used; otherwise they can, and it is hardly meant.
    """

    path: Path
    message: str
    word: str = ""
    known: frozenset[str] = frozenset()
    serious: bool = True


class Surroundings(msgspec.Struct, frozen=True):
    """What flows may refer to. ``prompts`` are the recordings there are, as (language, file).

    ``check_condition(source, variables)`` says what is wrong with a condition; empty is nothing.
    """

    calendars: Collection[str]
    queues: Collection[str]
    look_ups: Mapping[str, AnyLookUp]
    prompts: Collection[tuple[str, str]]
    check_condition: Callable[[str, frozenset[str]], str]


def check_flows(flows: Mapping[str, Flow], around: Surroundings) -> Iterator[Fault]:
    """Every finding of every flow and look-up."""
    for name, look_up in around.look_ups.items():
        for field, message in look_up.mistakes():
            yield Fault(("look_up", name, field), message)
    for name, flow in flows.items():
        yield from _Check(name, flow, flows, around).faults()
    yield from _nesting(flows)


class _Check:
    """One flow's findings."""

    def __init__(
        self, name: str, flow: Flow, flows: Mapping[str, Flow], around: Surroundings
    ) -> None:
        self._path: Path = ("flow", name)
        self._flow = flow
        self._flows = flows
        self._around = around

    def faults(self) -> Iterator[Fault]:
        flow = self._flow
        yield from self._known((*self._path, "start"), flow.start)
        if flow.on_fault:
            yield from self._known((*self._path, "on_fault"), flow.on_fault)
        if not flow.languages:
            yield Fault((*self._path, "languages"), "a flow speaks at least one language")
        for index, language in enumerate(flow.languages):
            if language not in own_languages() and (language, OWN_MARK) not in self._around.prompts:
                message = (
                    f"our own prompts are not in {language}; record prompts/{language}/{FOLDER}"
                )
                yield Fault((*self._path, "languages", index), message, serious=False)
        for name, node in flow.node.items():
            yield from self._node((*self._path, "node", name), node)
        yield from self._ways()
        yield from self._values()

    def _known(self, path: Path, target: str) -> Iterator[Fault]:
        if target not in self._flow.node:
            known = frozenset(self._flow.node)
            yield Fault(path, f'there is no node "{target}"', word=target, known=known)

    def _node(self, path: Path, node: AnyNode) -> Iterator[Fault]:
        for field, message in node.mistakes():
            yield Fault(_at(path, field), message)
        for name, target in node.exits():
            yield from self._known(self._exit_path(path, node, name), target)
        for field, words, file in node.utterances():
            yield from self._prompt((*path, field), words, file)
        for field, text in node.texts():
            yield from _text(_at(path, field), text)
        for field, condition in node.conditions():
            problem = self._around.check_condition(condition, CONDITION_VARIABLES)
            if problem:
                yield Fault(_at(path, field), problem)
        yield from self._references(path, node)

    def _exit_path(self, path: Path, node: AnyNode, name: str) -> Path:
        """Where the text says the way of an exit."""
        fields = node.__struct_fields__
        if name in fields:
            return (*path, name)
        if name.startswith("case "):
            return (*path, "cases", int(name.removeprefix("case ")) - 1, "to")
        table = "exits_to" if isinstance(node, Subflow) else "keys"
        return (*path, table, name)

    def _prompt(self, path: Path, words: Words, file: str) -> Iterator[Fault]:
        languages = self._flow.languages
        if file:
            for language in languages:
                if (language, file) not in self._around.prompts:
                    place = f"prompts/{language}/{file}.wav"
                    yield Fault(path, f"there is no recording {place}")
            return
        if isinstance(words, str):
            if len(languages) > 1:
                yield Fault(path, f"says only {languages[0]}; the flow speaks {_list(languages)}")
            yield from _text(path, words)
            return
        for language in languages:
            if language not in words:
                yield Fault(path, f"says nothing in {language}")
        for language, text in words.items():
            if language not in languages:
                known = frozenset(languages)
                yield Fault(
                    (*path, language),
                    f"the flow does not speak {language}",
                    language,
                    known,
                    serious=False,
                )
            yield from _text((*path, language), text)

    def _references(self, path: Path, node: AnyNode) -> Iterator[Fault]:
        around = self._around
        queue = getattr(node, "queue", "")
        if queue:
            yield from _refer((*path, "queue"), "queue", queue, around.queues)
        match node:
            case Hours():
                yield from _refer((*path, "calendar"), "hours", node.calendar, around.calendars)
            case LookUp():
                yield from _refer((*path, "source"), "look_up", node.source, around.look_ups)
                asked = around.look_ups.get(node.source)
                for name in sorted(asked.asks() - node.values.keys()) if asked else ():
                    message = f'the look-up "{node.source}" needs the value "{name}"'
                    yield Fault((*path, "values"), message)
            case Subflow():
                yield from _refer((*path, "flow"), "flow", node.flow, self._flows)
                yield from self._returns(path, node)
            case Language():
                for key, language in node.keys.items():
                    if language not in self._flow.languages:
                        known = frozenset(self._flow.languages)
                        message = f"the flow does not speak {language}"
                        yield Fault((*path, "keys", key), message, language, known)
            case _:
                pass

    def _returns(self, path: Path, node: Subflow) -> Iterator[Fault]:
        called = self._flows.get(node.flow)
        if called is None:
            return
        returns = {each.exit for each in called.node.values() if isinstance(each, Return)}
        for name in node.exits_to:
            if name not in returns:
                message = f'the flow "{node.flow}" never returns "{name}"'
                yield Fault((*path, "exits_to", name), message, name, frozenset(returns))

    # --- ways through the flow -------------------------------------------------------------------

    def _ways(self) -> Iterator[Fault]:
        nodes = self._flow.node
        ways = {
            name: tuple(dict.fromkeys(target for _, target in node.exits() if target in nodes))
            for name, node in nodes.items()
        }
        entries = [each for each in (self._flow.start, self._flow.on_fault) if each in nodes]
        reached = _reach(ways, entries)
        ends = {name for name, node in nodes.items() if node.ends()}
        back: dict[str, list[str]] = {name: [] for name in nodes}
        for name, targets in ways.items():
            for target in targets:
                back[target].append(name)
        leaving = _reach(back, ends)
        for name in nodes:
            path: Path = (*self._path, "node", name)
            if name not in reached:
                yield Fault(path, "nothing leads here", serious=False)
            elif name not in leaving:
                way = "nothing leads on from here" if not ways[name] else "circles without an exit"
                yield Fault(path, f"{way}: no way from here ends the flow")
            elif self._spins(name, ways):
                yield Fault(path, "circles without ever giving the customer time")

    def _spins(self, start: str, ways: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a circle leads back here through nodes that take no time."""
        nodes = self._flow.node
        quick = {
            name: tuple(each for each in targets if not nodes[each].waits())
            for name, targets in ways.items()
            if not nodes[name].waits()
        }
        return start in _reach(quick, quick.get(start, ()))

    # --- values ----------------------------------------------------------------------------------

    def _values(self) -> Iterator[Fault]:
        plain, secret = self._set_values()
        for name, node in self._flow.node.items():
            path: Path = (*self._path, "node", name)
            for field, words, _ in node.utterances():
                for text in [words] if isinstance(words, str) else words.values():
                    for value, _ in fields_of(text):
                        if value in secret:
                            yield Fault((*path, field), f'would say the secret "{value}" aloud')
                        elif value not in plain:
                            yield self._unset((*path, field), value, plain)
            for field, text in node.texts():
                for value, _ in fields_of(text):
                    if value in secret and not isinstance(node, LookUp):
                        message = f'would keep the secret "{value}"; only look-ups may have it'
                        yield Fault(_at(path, field), message)
                    elif value not in plain and value not in secret:
                        yield self._unset(_at(path, field), value, plain | secret)

    def _unset(self, path: Path, value: str, known: frozenset[str]) -> Fault:
        return Fault(path, f'nothing in these flows sets "{value}"', value, known)

    def _set_values(self) -> tuple[frozenset[str], frozenset[str]]:
        """What any flow sets: a sub-flow shares the values of its caller."""
        plain: set[str] = set(GIVEN)
        secret: set[str] = set()
        for flow in self._flows.values():
            for node in flow.node.values():
                for name, hidden in node.sets():
                    (secret if hidden else plain).add(name)
                if isinstance(node, LookUp):
                    plain.update(_answers(self._around.look_ups.get(node.source)))
        return frozenset(plain - secret), frozenset(secret)


def _answers(look_up: AnyLookUp | None) -> Iterator[str]:
    """The values a look-up can set."""
    if look_up is not None:
        yield from look_up.gives()


def _refer(path: Path, kind: str, name: str, known: Collection[str]) -> Iterator[Fault]:
    if name not in known:
        yield Fault(path, f'there is no {kind} "{name}"', name, frozenset(known))


def _text(path: Path, text: str) -> Iterator[Fault]:
    if stray_brace(text):
        yield Fault(path, "has a brace that belongs to no field such as {name}")
    for _, form in fields_of(text):
        if form not in FORMS:
            yield Fault(path, f'cannot say a value as "{form}"', form, FORMS - {""})


def _at(path: Path, field: str) -> Path:
    """The path of a dotted field such as ``cases.0.when``."""
    parts = field.split(".")
    return (
        *path,
        *(int(part) if part.isdecimal() and index else part for index, part in enumerate(parts)),
    )


def _reach(ways: Mapping[str, Collection[str]], starts: Collection[str]) -> set[str]:
    """Every node that can be reached from these, themselves included."""
    reached: set[str] = set()
    open_ends = list(starts)
    while open_ends:
        name = open_ends.pop()
        if name not in reached:
            reached.add(name)
            open_ends.extend(ways.get(name, ()))
    return reached


def _nesting(flows: Mapping[str, Flow]) -> Iterator[Fault]:
    """Sub-flows that call themselves, or that are nested deeper than a session allows."""
    calls = {
        name: [
            (node_name, node.flow)
            for node_name, node in flow.node.items()
            if isinstance(node, Subflow) and node.flow in flows
        ]
        for name, flow in flows.items()
    }
    depth: dict[str, int] = {}

    def measure(name: str, above: tuple[str, ...]) -> int:
        if name not in depth:
            inner = [
                measure(called, (*above, name)) for _, called in calls[name] if called not in above
            ]
            depth[name] = 1 + max(inner, default=0)
        return depth[name]

    for name, called in calls.items():
        ways = {each: [to for _, to in targets] for each, targets in calls.items()}
        for node, target in called:
            path: Path = ("flow", name, "node", node, "flow")
            if name in _reach(ways, [target]):
                yield Fault(path, f'the flow "{target}" leads back to "{name}": it calls itself')
        if measure(name, (name,)) > DEPTH_MAX:
            yield Fault(("flow", name), f"sub-flows are nested deeper than {DEPTH_MAX}")


def _list(languages: tuple[str, ...]) -> str:
    return ", ".join(languages)
