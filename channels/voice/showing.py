"""How a call looks to the agents in it: what their telephones are told."""

from typing import Protocol

from channels.voice.call_ends import CallEnd
from channels.voice.members import Member
from channels.voice.recordings import CallRecording
from router.model.ids import AgentId, InteractionId
from router.telephones import (
    CallKind,
    CallPhase,
    CallState,
    Party,
    PartyKind,
    Recording,
    Watching,
)


class Shown(Protocol):
    """What of a conversation is shown."""

    interaction_id: InteractionId
    number: str
    customer: CallEnd | None
    members: list[Member]
    held: bool
    together: bool
    outgoing: bool
    secret: bool
    listeners_shown: bool
    recording: CallRecording | None

    def outside(self) -> Member | None:
        """The number outside that was called for it."""
        ...


def phase_of(call: Shown, member: Member) -> CallPhase:
    """Where an agent's end of a call is."""
    if member.gone:
        return CallPhase.ENDED
    if not member.joined:
        return CallPhase.RINGING
    if member.lost_since is not None:
        return CallPhase.LOST
    if member.talking_since is None and not member.up:
        return CallPhase.RINGING
    if call.outgoing and (call.customer is None or not call.customer.up):
        return CallPhase.DIALLING
    if call.held and member.kind is not CallKind.WATCH:
        return CallPhase.HELD
    return CallPhase.TALKING


def state_of(call: Shown, member: Member) -> CallState:
    """An agent's end of a call as it stands."""
    return CallState(
        call_id=member.call_id,
        interaction_id=call.interaction_id,
        agent_id=member.agent_id or AgentId(""),
        kind=member.kind,
        phase=member.phase,
        since=member.since,
        device=member.device,
        number=call.number,
        talking_since=member.talking_since,
        muted=member.muted,
        recording=call.recording.state if call.recording is not None else Recording.OFF,
        together=call.together,
        digits_secret=call.secret,
        parties=_parties(call, member),
        watching=member.watching,
        quality=member.quality,
        reason=member.reason,
    )


def _parties(call: Shown, seen_by: Member) -> tuple[Party, ...]:
    found = []
    if call.customer is not None and call.customer.up:
        apart = call.held or (call.outside() is not None and not call.together)
        state = "held" if apart else "talking"
        found.append(Party(PartyKind.CUSTOMER, state, name=call.number))
    for member in call.members:
        if member is seen_by:
            continue
        kind = PartyKind.OUTSIDE if member.agent_id is None else PartyKind.AGENT
        if member.kind is CallKind.WATCH:
            if not call.listeners_shown and member.watching is Watching.LISTEN:
                continue
            kind = PartyKind.SUPERVISOR
        state = "talking" if member.joined and member.up else "ringing"
        found.append(Party(kind, state, name=member.number, agent_id=member.agent_id))
    return tuple(found)
