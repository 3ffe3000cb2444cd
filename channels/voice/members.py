"""Who takes part in a conversation beside the customer: agents, numbers outside, supervisors."""

from channels.voice.call_ends import CallEnd
from channels.voice.page_ends import PageEnd
from router.model.ids import AgentId, Instant, OfferId
from router.telephones import (
    CallId,
    CallKind,
    CallPhase,
    CallState,
    Device,
    Quality,
    Watching,
)


class Member:
    """One of them. ``joined``: they have taken the call; else it rings at them.

    ``end`` is their sound; None before there is one, and after it was lost. ``agent_id`` is empty
    for a number outside, which ``number`` names.
    """

    def __init__(
        self,
        call_id: CallId,
        since: Instant,
        kind: CallKind,
        *,
        agent_id: AgentId | None = None,
        number: str = "",
    ) -> None:
        self.call_id = call_id
        self.since = since
        self.kind = kind
        self.agent_id = agent_id
        self.number = number
        self.offer_id: OfferId | None = None
        self.end: CallEnd | PageEnd | None = None
        self.device = Device.BROWSER
        self.joined = False
        self.gone = False
        self.lead = False
        self.muted = False
        self.answered = False
        self.watching: Watching | None = None
        self.talking_since: Instant | None = None
        self.lost_since: Instant | None = None
        self.quality: Quality | None = None
        self.reason = ""
        self.phase = CallPhase.RINGING
        self.shown: CallState | None = None

    @property
    def up(self) -> bool:
        """Whether their sound is there."""
        return self.end is not None and self.end.up

    @property
    def leg(self) -> str:
        """Their leg; empty while there is none."""
        return self.end.leg if self.end is not None and self.end.up else ""
