"""Telephones at desks, and the medium of calls that rings them: what each promises the other.

Words that change an interaction stay commands of the Inbox, whatever the medium: ``Accept`` and
``Decline`` answer a ring, ``Hold``, ``Retrieve``, ``End``, ``Transfer`` (blind, to an agent or a
queue), ``Consult``, ``CompleteConsult`` (warm transfer), ``EndConsult`` and ``Park`` are what they
are for a chat, and the medium carries out their effects on the sound. Here stands what is about
sound and numbers alone.

A call rings a telephone like this. The medium has a place for the sound ready and asks the
telephone to ``describe`` its end while it still rings, so that the first word after the answer is
heard. The desk submits ``Accept``; the medium joins the sounds and ``show``s ``TALKING``. Sound is
a line of its own: a desk's socket that is cut ends no call, and its telephone is plugged in again
under the same ``tab``. The numbers of others are claims, never identities (SIP-6).
"""

from enum import StrEnum
from typing import NewType, Protocol

import msgspec

from router.model.ids import AgentId, Instant, InteractionId, QueueName

CallId = NewType("CallId", str)
"""One agent's end of one call, from its ring to its end. Opaque; new for each ring."""

DESCRIBE_MS = 5_000
"""A telephone that has not described its end by then has no sound for this call."""

SOUND_LOST_MS = 30_000
"""Sound that is lost for so long is over; until then it may be taken up again by ``reconnect``."""


class CallKind(StrEnum):
    """Why an agent's telephone is in a call."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    CONSULT = "consult"
    WATCH = "watch"


class CallPhase(StrEnum):
    """Where an agent's end of a call is.

    ``RINGING``: theirs to answer. ``DIALLING``: they wait for the far side (its ring is heard).
    ``HELD``: the customer hears music and the agent hears nobody of outside. ``LOST``: their sound
    is gone, the customer hears music, see ``SOUND_LOST_MS``.
    """

    RINGING = "ringing"
    DIALLING = "dialling"
    TALKING = "talking"
    HELD = "held"
    LOST = "lost"
    ENDED = "ended"


class Recording(StrEnum):
    """Whether the customer's call is being recorded; paused writes silence (PRIV-5)."""

    OFF = "off"
    ON = "on"
    PAUSED = "paused"


class Watching(StrEnum):
    """How a supervisor takes part: nobody hears them, the agent alone does, or everybody."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class Device(StrEnum):
    """What of an agent's rings: the page, or a telephone of their own at a SIP address."""

    BROWSER = "browser"
    PHONE = "phone"


class PartyKind(StrEnum):
    """Who else takes part in a call."""

    CUSTOMER = "customer"
    AGENT = "agent"
    OUTSIDE = "outside"
    SUPERVISOR = "supervisor"


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody else in the call. ``name`` is a number as it was claimed or dialled, or empty for
    an agent, whom ``agent_id`` names. ``state`` is ``ringing``, ``talking`` or ``held``."""

    kind: PartyKind
    state: str
    name: str = ""
    agent_id: AgentId | None = None


class Quality(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the sound does: mean opinion score 1 to 4.5 (ITU-T G.107), loss as a share."""

    score: float
    loss: float = 0.0
    jitter_ms: float = 0.0


class CallState(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent's end of a call as it stands; each one told replaces the one before.

    ``since`` is when this phase began, ``talking_since`` when sound was first joined. ``number``
    is the other side's, for people's eyes. ``together``: all parties hear one another (a
    conference); else the customer is held while a colleague or an outside number is consulted.
    ``digits_secret``: keys the customer presses are kept from everybody now (PRIV-5). ``watching``
    is set for a supervisor's own end. ``reason`` is a code for ``ENDED``: ``hung_up``,
    ``customer_left``, ``elsewhere`` (answered on another device), ``withdrawn``, ``busy``,
    ``no_answer``, ``not_allowed``, ``no_route``, ``sound_lost``, ``failed``; after a number that
    was dialled for a call in hand did not answer, it says so and the phase goes on.
    """

    call_id: CallId
    interaction_id: InteractionId
    agent_id: AgentId
    kind: CallKind
    phase: CallPhase
    since: Instant
    device: Device = Device.BROWSER
    number: str = ""
    talking_since: Instant | None = None
    muted: bool = False
    recording: Recording = Recording.OFF
    together: bool = False
    digits_secret: bool = False
    parties: tuple[Party, ...] = ()
    watching: Watching | None = None
    quality: Quality | None = None
    reason: str = ""


class Telephone(Protocol):
    """The telephone of one page (``tab``) of an agent; the desk makes one per page that may ring.

    It stays the same object while the page's socket comes and goes, or a new one of the same
    ``tab`` is plugged in.
    """

    @property
    def tab(self) -> str:
        """Which page this is: random, the page's own, kept while it is open."""
        ...

    async def describe(self, call: CallState, offer: str) -> str:
        """The page's answer (SDP) to our offer for this call.

        The offer is ICE-lite with one line of sound, DTLS-SRTP and ``rtcp-mux``; an answer says
        ``setup:active``. Asked again for the same call, the page makes its sound anew.
        Raises Refused (``no_microphone``, ``no_page``) when the page cannot. Whoever asks waits
        ``DESCRIBE_MS`` at most.
        """
        ...

    def show(self, state: CallState) -> None:
        """How a call stands; never waits and never raises."""
        ...


class Telephones(Protocol):
    """Every agent's telephone, as the desk uses it. All raise Refused with a code in words.

    Roles are the desk's to check; which numbers may be dialled is checked here (SIP-8).
    """

    def running(self) -> bool:
        """Whether there are calls at all now; where there are none, desks show no telephone."""
        return True

    def plug_in(self, agent_id: AgentId, telephone: Telephone) -> None:
        """This page rings from now on, and is shown every call its agent is in.

        Of several pages the one plugged in last rings; the sound of calls in hand stays where it
        is. One with the ``tab`` of a former one takes that one's place.
        """
        ...

    def unplug(self, agent_id: AgentId, telephone: Telephone) -> None:
        """This page rings no more and is told nothing more. Its sound goes on while it lasts."""
        ...

    def calls(self, agent_id: AgentId) -> tuple[CallState, ...]:
        """The agent's ends of calls that are not over, oldest first."""
        ...

    def devices(self, agent_id: AgentId) -> tuple[Device, ...]:
        """What can ring for this agent now, the one that does first."""
        ...

    async def choose(self, agent_id: AgentId, device: Device) -> None:
        """Ring this device from the next call on; kept over restarts. ``no_phone``: has none."""
        ...

    async def reconnect(self, agent_id: AgentId, call_id: CallId, telephone: Telephone) -> None:
        """Let this page have the sound of a call: after it was lost, or from another page."""
        ...

    async def mute(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        """Whether the others hear the agent."""
        ...

    async def press(self, agent_id: AgentId, call_id: CallId, digits: str) -> None:
        """Press keys towards the far side: 1 to 64 of ``0-9A-D*#``."""
        ...

    async def pause_recording(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        """Silence in the recording until it is resumed; it never resumes by itself."""
        ...

    async def dial(self, agent_id: AgentId, number: str, queue: QueueName) -> InteractionId:
        """Call a number with the queue's caller id, for an agent who serves the queue.

        The agent is engaged at once and hears it ring. ``not_allowed`` (the number's policy),
        ``not_yours`` (the queue), ``no_route`` (no trunk), ``too_many``, ``busy``.
        """
        ...

    async def consult_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        """Call a number for the agent while the customer hears music."""
        ...

    async def transfer_to_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        """Join the customer and a number.

        One that was consulted already is joined at once. Else the agent stays until it answers;
        when it does not, the customer is theirs again and ``CallState.reason`` says why not.
        """
        ...

    async def leave_number(self, agent_id: AgentId, interaction_id: InteractionId) -> None:
        """End the call to the number that was consulted; the customer stays."""
        ...

    async def gather(
        self, agent_id: AgentId, interaction_id: InteractionId, *, together: bool
    ) -> None:
        """A conference of customer, agent and whoever was consulted; or private again."""
        ...

    async def watch(
        self, supervisor: AgentId, interaction_id: InteractionId, watching: Watching
    ) -> None:
        """Let a supervisor's telephone take part in a colleague's call, or change how it does."""
        ...

    async def stop_watching(self, supervisor: AgentId, interaction_id: InteractionId) -> None:
        """The supervisor leaves; harmless when they are not there."""
        ...
