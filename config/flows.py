"""Self-service as a configuration says it: flows, look-ups and written conversations, checked.

The checks themselves are ``ivr.checker``'s; here their findings get their place in the text.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from channels.api import ChannelSpec
from config.catalogue_conditions import condition_mistake
from config.catalogue_text import CentreText, ConversationText
from config.findings import FieldPath, Findings, Place, did_you_mean, undotted
from config.settings_types import FlowSettings
from ivr.checker import Surroundings, check_flows
from ivr.conversation import Conversation
from ivr.flow import Flow
from ivr.session import WRITTEN, Known, World
from ivr.written import unfit_for_writing
from router.conditions import Value, Variables
from router.model.ids import Instant, Medium
from router.rules import clock_values


class WrittenConversation(msgspec.Struct, frozen=True):
    """A conversation, the moment it plays at, what is closed then, and where its lines stand."""

    conversation: Conversation
    began: Instant
    closed: frozenset[str]
    places: tuple[Place, ...]


def self_service_of(
    centre: CentreText, folder: Path, findings: Findings, *, whole: bool = True
) -> FlowSettings:
    """All flows and look-ups; every mistake is noted.

    ``whole`` is false when a file could not be parsed: then names that are missing may stand there.
    """
    made = FlowSettings(flows=centre.flow, look_ups=centre.look_up, prompts=folder / "prompts")
    around = Surroundings(
        calendars=frozenset(centre.hours),
        queues=frozenset(centre.queue),
        look_ups=centre.look_up,
        prompts=recordings(made.prompts),
        check_condition=condition_mistake,
    )
    if whole:
        for fault in check_flows(centre.flow, around):
            hint = did_you_mean(fault.word, fault.known) if fault.word else ""
            note = findings.mistake if fault.serious else findings.warning
            note(fault.path, fault.message + hint)
    return made


def check_named_flows(
    centre: CentreText,
    channels: Mapping[str, Any],
    specs: Mapping[Medium, ChannelSpec],
    findings: Findings,
) -> None:
    """That the flows channels name are there, and that those which are read run in writing."""
    for name, settings in channels.items():
        spec = specs[Medium(name)]
        for field, flow in spec.flows(settings):
            path = ("channels", name, *undotted(field))
            if flow not in centre.flow:
                hint = did_you_mean(flow, centre.flow)
                findings.mistake(path, f'there is no flow "{flow}"{hint}')
            elif name in WRITTEN:
                who = f"{name}, by {field},"
                for fault in unfit_for_writing(centre.flow, flow, who):
                    findings.mistake(fault.path, fault.message)


def recordings(folder: Path) -> frozenset[tuple[str, str]]:
    """The recorded prompts of a folder as (language, name): ``<language>/<name>.wav``."""
    found = (path.relative_to(folder).with_suffix("") for path in folder.glob("**/*.wav"))
    return frozenset(
        (path.parts[0], "/".join(path.parts[1:])) for path in found if len(path.parts) > 1
    )


def conversations_of(centre: CentreText, findings: Findings) -> tuple[WrittenConversation, ...]:
    """All written conversations; what cannot be played is a mistake at its field."""
    made = []
    for name, text in centre.conversation.items():
        path: FieldPath = ("conversation", name)
        if text.flow not in centre.flow:
            hint = did_you_mean(text.flow, centre.flow)
            findings.mistake((*path, "flow"), f'there is no flow "{text.flow}"{hint}')
            continue
        for index, calendar in enumerate(text.closed):
            if calendar not in centre.hours:
                hint = did_you_mean(calendar, centre.hours)
                findings.mistake((*path, "closed", index), f'there is no hours "{calendar}"{hint}')
        began = _moment(text.at, centre.site.zone)
        if began is None:
            findings.mistake((*path, "at"), 'write a moment such as "2026-11-24 10:00"')
            continue
        places = tuple(findings.place((*path, "lines", n)) for n in range(len(text.lines)))
        made.append(
            WrittenConversation(_conversation(name, text), began, frozenset(text.closed), places)
        )
    return tuple(made)


def _conversation(name: str, text: ConversationText) -> Conversation:
    return Conversation(
        name=name,
        flow=text.flow,
        lines=text.lines,
        medium=text.medium,
        caller=text.caller,
        called=text.called,
        language=text.language,
        customer=text.customer,
    )


def _moment(text: str, zone: str) -> Instant | None:
    try:
        wall = datetime.fromisoformat(text)
        if wall.tzinfo is None:
            wall = wall.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OSError):
        return None
    return Instant(int(wall.timestamp() * 1_000))


def world_of(
    flows: Mapping[str, Flow], zone: str, is_open: Callable[[str, Instant], bool]
) -> World:
    """The world of sessions: conditions are CEL with the site's clock, as the router's rules."""

    def holds(condition: str, known: Known, now: Instant) -> bool:
        values: dict[str, Value] = {**known, "clock": clock_values(now, zone)}
        return Variables(values).holds(condition, "branch")

    return World(flows, is_open, holds)
