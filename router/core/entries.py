"""Words and attributes: numbered, taken once, and never written over somebody newer."""

from collections.abc import Mapping

from router.conditions import TEXT_MAX
from router.core.queueing import again
from router.core.turn import Turn
from router.model.commands import (
    AddEntry,
    LinkSubject,
    MarkEntry,
    NewEntry,
    Scalar,
    SetAttributes,
)
from router.model.content import Author, Mark
from router.model.errors import Refused
from router.model.events import AttributesSet, EntryAdded, EntryMarked, SubjectLinked
from router.model.ids import AgentId, InteractionId
from router.model.interaction import Phase
from router.state.books import OVER
from router.state.fold_interactions import writer
from router.state.records import Interaction

ATTRIBUTES_MAX = 200
"""Attributes of an interaction at most."""

MENTIONS_MAX = 20
"""Colleagues that one note mentions at most."""

_ORDER = {Mark.WAITING: 0, Mark.SENT: 1, Mark.FAILED: 1, Mark.DELIVERED: 2, Mark.SEEN: 3}
"""What was refused somewhere may have come through all the same, but was not just sent."""


def check_scalars(values: Mapping[str, Scalar]) -> None:
    """Refuse attributes over the bounds with ``too_large``; whole numbers have 64 bits."""
    if len(values) > ATTRIBUTES_MAX:
        raise Refused(f"more than {ATTRIBUTES_MAX} attributes", code="too_large")
    for name, value in values.items():
        if len(name) > TEXT_MAX or (isinstance(value, str) and len(value) > TEXT_MAX):
            raise Refused(f"attribute {name[:40]!r} is too long", code="too_large")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Refused(f"attribute {name[:40]!r} is over 64 bits", code="too_large")


def fits(turn: Turn, interaction: Interaction) -> bool:
    """Whether the interaction may have one more entry."""
    return len(interaction.entries) < turn.state.catalogue.limits.entries_per_interaction


def add_entry(turn: Turn, command: AddEntry) -> InteractionId:
    """Add words, unless they are known, or others spoke since the writer last looked."""
    state = turn.state
    if command.source_key and command.source_key in state.keys:
        return state.keys[command.source_key]
    interaction = turn.interaction(command.interaction_id)
    if command.entry.entry_id in interaction.entries:
        return interaction.id
    _check_writer(turn, interaction, command)
    _check_mentions(turn, command)
    if not fits(turn, interaction):
        raise Refused("this interaction has all the entries it may have", code="too_many_entries")
    join(
        turn,
        interaction,
        command.entry,
        command.author,
        agent_id=command.agent_id,
        note=command.note,
        source_key=command.source_key,
        mentions=tuple(dict.fromkeys(command.mentions)),
    )
    return interaction.id


def _check_writer(turn: Turn, interaction: Interaction, command: AddEntry) -> None:
    """Whether these words may be added now by whom they are from."""
    if command.author is Author.AGENT and command.agent_id is None:
        raise Refused("an agent's words name the agent", code="unknown_agent")
    if command.note:
        if command.author is not Author.AGENT:
            return  # How it was, or how it sounded: mostly known when it is over.
        if interaction.phase is Phase.FINISHED and not _still_writing(turn, interaction, command):
            raise Refused(f"interaction {interaction.id} is over", code="finished")
        return
    over = interaction.phase in OVER
    if command.author is Author.SYSTEM:
        over = interaction.phase is Phase.FINISHED
    if over:
        raise Refused(f"interaction {interaction.id} is over", code="finished")
    if command.author is Author.AGENT and command.agent_id is not None:
        turn.part(interaction, command.agent_id)
        if not command.force and command.seen < _newest_of_others(interaction, command):
            raise Refused("others wrote since; look at it first", code="stale")


def _check_mentions(turn: Turn, command: AddEntry) -> None:
    if command.mentions and not command.note:
        raise Refused("only a note mentions colleagues", code="not_a_note")
    if len(command.mentions) > MENTIONS_MAX:
        raise Refused(f"a note mentions {MENTIONS_MAX} colleagues at most", code="too_large")
    for agent_id in command.mentions:
        if agent_id not in turn.state.catalogue.agents:
            raise Refused(f"no agent {agent_id} is known", code="unknown_agent")


def _still_writing(turn: Turn, interaction: Interaction, command: AddEntry) -> bool:
    late = None if command.agent_id is None else interaction.late.get(command.agent_id)
    return late is not None and turn.now <= late.until


def _newest_of_others(interaction: Interaction, command: AddEntry) -> int:
    own = writer(command.author, command.agent_id)
    others = (number for name, number in interaction.written.items() if name != own)
    return max(others, default=0)


def join(
    turn: Turn,
    interaction: Interaction,
    entry: NewEntry,
    author: Author,
    *,
    agent_id: AgentId | None = None,
    note: bool = False,
    source_key: str = "",
    mentions: tuple[AgentId, ...] = (),
) -> None:
    """Add words as the next entry. A customer's words bring parked work back to its agent."""
    if entry.entry_id in interaction.entries:
        return
    turn.emit(
        EntryAdded(
            turn.now,
            interaction_id=interaction.id,
            number=len(interaction.entries) + 1,
            entry_id=entry.entry_id,
            author=author,
            medium=interaction.medium,
            agent_id=agent_id,
            note=note,
            sealed=entry.sealed,
            files=entry.files,
            size_bytes=entry.size_bytes,
            source_key=source_key,
            mentions=mentions,
        )
    )
    if author is Author.CUSTOMER and not note and interaction.phase is Phase.PARKED:
        again(turn, interaction, "unparked", prefer=interaction.parked_by)


def mark_entry(turn: Turn, command: MarkEntry) -> InteractionId:
    """A mark goes forward only; the same again changes nothing."""
    interaction = turn.interaction(command.interaction_id)
    if command.entry_id not in interaction.entries:
        raise Refused(f"no entry {command.entry_id} is known", code="unknown_entry")
    before = interaction.marks.get(command.entry_id)
    if command.mark is Mark.FAILED:
        progress = before is not Mark.FAILED
    else:
        progress = before is None or _ORDER[command.mark] > _ORDER[before]
    if progress:
        turn.emit(
            EntryMarked(turn.now, interaction.id, command.entry_id, command.mark, command.reason)
        )
    return interaction.id


def set_attributes(turn: Turn, command: SetAttributes) -> InteractionId:
    """Change attributes; of a finished interaction the system alone, for a late rating."""
    interaction = turn.interaction(command.interaction_id)
    if interaction.phase is Phase.FINISHED and command.by:
        raise Refused(f"interaction {interaction.id} is over", code="finished")
    check_scalars({**interaction.attributes, **command.attributes})
    changed = {
        name: value
        for name, value in command.attributes.items()
        if interaction.attributes.get(name) != value
    }
    if changed:
        turn.emit(AttributesSet(turn.now, interaction.id, changed, command.by))
    return interaction.id


def link_subject(turn: Turn, command: LinkSubject) -> InteractionId:
    """The interaction belongs to another card; allowed as long as it is known."""
    interaction = turn.interaction(command.interaction_id)
    if interaction.subject != command.subject:
        turn.emit(SubjectLinked(turn.now, interaction.id, command.subject, command.by))
    return interaction.id
