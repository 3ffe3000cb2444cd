"""Rules: what an arriving interaction needs, and which rule says so."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from router.business_hours import local
from router.conditions import Value, Variables, check_condition
from router.model.catalogue import DEFAULT_CLASS, Catalogue, Queue, Rule, Source
from router.model.commands import Scalar
from router.model.ids import AgentId, Instant, Medium, QueueName
from router.model.skills import NOTHING_REQUIRED, Requirement

__all__ = ["RULE_VARIABLES", "Contact", "Route", "check_condition", "clock_values", "route"]

Kind = TypeVar("Kind")

RULE_VARIABLES = frozenset({"interaction", "customer", "clock"})
"""What the condition of a rule may speak of."""

LAST = "last"
"""As ``prefer``: the agent who served this customer last."""


class Contact(msgspec.Struct, frozen=True, gc=False):
    """What rules see of an interaction."""

    medium: Medium
    address: str
    attributes: Mapping[str, Scalar]
    customer: Mapping[str, Scalar]
    last_agent: AgentId | None

    def values(self) -> dict[str, Value]:
        """The variable ``interaction``."""
        return {
            "medium": self.medium,
            "address": self.address,
            "attributes": dict(self.attributes),
            "last_agent": self.last_agent or "",
        }


class Route(msgspec.Struct, gc=False):
    """What the rules decided. ``rule`` names them, ``source`` is the line that chose the queue.

    ``credit_ms`` includes the priority class's. ``notes`` say which conditions failed and why.
    """

    queue: QueueName
    requirement: Requirement = NOTHING_REQUIRED
    priority_class: str = ""
    rank: int = 0
    slope: float = 1.0
    credit_ms: int = 0
    plan: str = ""
    prefer: AgentId | None = None
    prefer_ms: int = 0
    attributes: dict[str, Scalar] = {}
    rule: str = ""
    source: Source = Source()
    notes: list[str] = []


def clock_values(now: Instant, zone_name: str) -> dict[str, Value]:
    """The variable ``clock`` in a zone: hour, minute, weekday (0 is Monday) and date."""
    wall = local(now, zone_name)
    return {
        "hour": wall.hour,
        "minute": wall.minute,
        "weekday": wall.weekday(),
        "date": wall.date().isoformat(),
    }


def route(catalogue: Catalogue, contact: Contact, now: Instant) -> Route:
    """Run the rules: the first that matches, or all that match in order, as the set says."""
    rules = catalogue.rules
    found = Route(queue=rules.default_queue, rule="default")
    variables: Variables | None = None
    seen = [contact]
    matched: list[str] = []
    for rule in rules.rules:
        if rule.when not in ("", "true"):
            if variables is None:
                variables = _variables(seen, now, rules.zone)
            if not variables.holds(rule.when, f"rule {rule.name}"):
                continue
        matched.append(rule.name)
        _take(catalogue, found, rule, contact)
        if rules.mode == "first_match" or rule.stop:
            break
        if rule.attributes:
            joined = {**contact.attributes, **found.attributes}
            contact = msgspec.structs.replace(contact, attributes=joined)
            if variables is not None:
                seen[0] = contact
                variables.forget("interaction")
    if matched:
        found.rule = " + ".join(matched)
    if variables is not None:
        found.notes = variables.notes
    _rank(catalogue, found, contact)
    return found


def _variables(seen: list[Contact], now: Instant, zone_name: str) -> Variables:
    return Variables(
        {
            "interaction": lambda: seen[0].values(),
            "customer": lambda: dict(seen[0].customer),
            "clock": lambda: clock_values(now, zone_name),
        }
    )


def _take(catalogue: Catalogue, found: Route, rule: Rule, contact: Contact) -> None:
    """Let a matching rule set what it names; needs and credit add up, the rest is replaced."""
    if rule.queue is not None and rule.queue in catalogue.queues:
        found.queue = rule.queue
        found.source = rule.source
    elif found.source == Source():
        found.source = rule.source
    found.requirement = both(found.requirement, rule.requirement)
    found.priority_class = rule.priority_class or found.priority_class
    found.credit_ms += rule.credit_ms
    found.plan = rule.plan or found.plan
    found.attributes = {**found.attributes, **rule.attributes}
    if rule.prefer and rule.prefer_ms > 0:
        found.prefer = contact.last_agent if rule.prefer == LAST else AgentId(rule.prefer)
        found.prefer_ms = rule.prefer_ms


def _rank(catalogue: Catalogue, found: Route, contact: Contact) -> None:
    """Add what the queue says: its needs, class, plan and its wait for the last agent."""
    queue = catalogue.queues[found.queue]
    add_queue(catalogue, found, queue)
    if found.prefer is None and queue.last_agent_ms > 0 and contact.last_agent is not None:
        found.prefer = contact.last_agent
        found.prefer_ms = queue.last_agent_ms


def add_queue(catalogue: Catalogue, found: Route, queue: Queue) -> None:
    """The queue's needs, and its class and plan where no rule named one."""
    found.requirement = both(queue.requirement, found.requirement)
    found.priority_class = found.priority_class or queue.priority_class
    kind = catalogue.classes.get(found.priority_class, DEFAULT_CLASS)
    found.rank = kind.rank
    found.slope = kind.slope
    found.credit_ms += kind.credit_ms
    found.plan = found.plan or queue.plan


def queue_alone(catalogue: Catalogue, queue: Queue, rule: str) -> Route:
    """The route into a queue that a person or a plan chose: only the queue's own terms."""
    found = Route(queue=queue.name, rule=rule, source=queue.source)
    add_queue(catalogue, found, queue)
    return found


def both(one: Requirement, other: Requirement) -> Requirement:
    """The requirement that asks for all that both ask for."""
    if other == NOTHING_REQUIRED:
        return one
    if one == NOTHING_REQUIRED:
        return other
    agents = tuple(agent for agent in one.agents if agent in other.agents)
    if not agents:
        agents = other.agents or one.agents  # Two lists without a common name: the later counts.
    return Requirement(
        all_of=_joined(one.all_of, other.all_of),
        any_of=_joined(one.any_of, other.any_of),
        none_of=_joined(one.none_of, other.none_of),
        agents=agents,
        excluded=_joined(one.excluded, other.excluded),
    )


def _joined(one: tuple[Kind, ...], other: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys((*one, *other)))
