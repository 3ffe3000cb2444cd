"""Pieces of work as their agents see them: items, offers and entries in the protocol's shapes."""

import asyncio
import logging

from agent_desktop.glimpses import About, Glimpses
from agent_desktop.history import History
from agent_desktop.protocol import CUT_CHARACTERS
from agent_desktop.reading import ReadMarks
from agent_desktop.shapes import (
    DispositionShape,
    EntryShape,
    ItemShape,
    LastContact,
    OfferShape,
    OtherShape,
    WrapUpShape,
    file_shape,
)
from agent_desktop.showing import name_of
from agent_desktop.words import Words
from router.model.agent import WrapUpMode, WrapUpRule
from router.model.catalogue import Catalogue, Queue
from router.model.commands import Scalar
from router.model.content import Content, Mark
from router.model.errors import CarillonError, NotFound
from router.model.events import EntryAdded, Offered
from router.model.ids import MINUTE_MS, AgentId, Instant, InteractionId, Medium, QueueName
from router.model.interaction import OfferKind, Phase, Role
from router.model.past import PastInteraction, Written
from router.model.views import EngagementView, InteractionView
from router.ports import Floor

log = logging.getLogger(__name__)

LAST_CONTACT_S = 0.15
TELL_EACH_MS = MINUTE_MS
WRITTEN = frozenset({"mail", "fax"})
"""Media on which nobody waits at the other end of the line: nothing to hold."""

_LEAD = ("send", "note", "typing", "read", "draft", "end", "transfer", "park", "attributes")
_CONSULTED = ("send", "note", "typing", "read", "draft", "end_consult")
_WRAP_UP = ("wrap_up", "note", "attributes", "read", "draft")
_PARKED = ("unpark", "note", "read", "draft", "attributes")


class Items:
    """Renders what an agent has in hand."""

    def __init__(
        self,
        floor: Floor,
        history: History,
        glimpses: Glimpses,
        words: Words,
        marks: ReadMarks,
    ) -> None:
        self._floor = floor
        self._history = history
        self._glimpses = glimpses
        self._words = words
        self._marks = marks
        self._without = 0
        self._told = Instant(0)

    async def item(self, agent_id: AgentId, interaction_id: InteractionId) -> ItemShape | None:
        """An open interaction as one of its agents sees it; None when the floor has it no more."""
        view = self._floor.interaction(interaction_id)
        if view is None:
            return None
        part = next((each for each in view.engagements if each.agent_id == agent_id), None)
        catalogue = self._floor.catalogue()
        queue = catalogue.queues.get(view.queue) if view.queue else None
        # Who gave it away wraps up what they had, whatever queue it is in now.
        mine = catalogue.queues.get(part.queue) if part else queue
        about = about_view(view)
        since = part.since if part else (view.entered or view.arrived)
        return ItemShape(
            interaction_id=view.interaction_id,
            medium=view.medium,
            phase=(Phase.WRAP_UP if part and part.wrap_up_since else view.phase).value,
            role=part.role.value if part else "",
            queue=view.queue or "",
            queue_title=queue.title if queue else {},
            customer=await self._glimpses.who(about),
            summary=await self._glimpses.summary(view.interaction_id),
            arrived=view.arrived,
            due=view.due,
            target_ms=queue.target_ms.get(view.medium) if queue else None,
            since=since,
            waited_ms=max(0, since - (view.entered or view.arrived)),
            held_since=part.held_since if part else None,
            held_ms=part.held_ms if part else 0,
            parked_until=view.parked_until,
            wrap_up=_wrap_up(part, _rule(catalogue, mine, view.medium)),
            disposition=(part.disposition or None) if part else None,
            dispositions=_dispositions(mine),
            others=_others(view, agent_id, catalogue),
            entries=view.entries,
            unread=self._marks.unread(agent_id, interaction_id, view.entries),
            last_entry_at=self._marks.last_entry_at(interaction_id),
            attributes=view.attributes,
            case_id=view.case_id,
            may_belong_to=may_belong_to(view.attributes),
            address=view.address,
            can=_can(view, part, agent_id),
        )

    async def finished(self, past: PastInteraction) -> ItemShape:
        """An interaction the floor has no more, from the history."""
        catalogue = self._floor.catalogue()
        queue_name = past.queues[-1] if past.queues else QueueName("")
        queue = catalogue.queues.get(queue_name)
        return ItemShape(
            interaction_id=past.interaction_id,
            medium=past.medium,
            phase=Phase.FINISHED.value,
            role="",
            queue=queue_name,
            queue_title=queue.title if queue else {},
            customer=await self._glimpses.who(about_past(past)),
            summary=await self._glimpses.summary(past.interaction_id),
            arrived=past.arrived,
            due=None,
            target_ms=queue.target_ms.get(past.medium) if queue else None,
            since=past.closed if past.closed is not None else past.arrived,
            waited_ms=0,
            held_since=None,
            held_ms=0,
            parked_until=None,
            wrap_up=None,
            disposition=past.disposition or None,
            dispositions=_dispositions(queue),
            others=tuple(
                OtherShape(agent_id, name_of(catalogue, agent_id), Role.LEAD.value)
                for agent_id in past.agents
            ),
            entries=past.entries,
            unread=0,
            last_entry_at=past.last_entry_at,
            attributes=past.attributes,
            case_id=past.case_id,
            may_belong_to=may_belong_to(past.attributes),
            address=past.address,
            can=(),
        )

    async def offer(self, event: Offered) -> OfferShape:
        """A ring, complete (principle 1 of the desk: painting it asks the server nothing)."""
        view = self._floor.interaction(event.interaction_id)
        if view is not None:
            about, due = about_view(view), view.due
            entered = view.entered or view.arrived
        else:  # It ended while the desk was away and the floor has it no more.
            past = await self._history.interaction(event.interaction_id)
            if past is None:
                raise NotFound("no such interaction")
            about, due = about_past(past), None
            entered = past.entered or past.arrived
        queue = self._floor.catalogue().queues.get(event.queue)
        who, summary, last_contact = await asyncio.gather(
            self._glimpses.who(about),
            self._glimpses.summary(event.interaction_id),
            self._last_contact(about, event.at),
        )
        return OfferShape(
            offer_id=event.offer_id,
            interaction_id=event.interaction_id,
            medium=event.medium,
            kind=event.kind.value,
            queue=event.queue,
            queue_title=queue.title if queue else {},
            customer=who,
            summary=summary,
            arrived=about.arrived,
            due=due,
            since=event.at,
            expires=event.expires,
            waited_ms=max(0, event.at - entered),
            from_agent=event.from_agent,
            last_contact=last_contact,
            why=event.why,
        )

    async def _last_contact(self, about: About, now: Instant) -> LastContact | None:
        """In time for the ring, or not at all: an offer waits for nothing."""
        try:
            async with asyncio.timeout(LAST_CONTACT_S):
                return await self._glimpses.last_contact(about)
        except (TimeoutError, CarillonError) as error:
            self._without += 1
            if now - self._told >= TELL_EACH_MS:
                self._told = now
                extra = {
                    "event": "offers_without_last_contact",
                    "reason": type(error).__name__,
                    "offers": self._without,
                }
                log.warning("offers went out without the customer's last contact", extra=extra)
                self._without = 0
            return None

    async def written(self, written: Written, *, cut: bool = False) -> EntryShape:
        """An entry of the past with its words."""
        mark = None if written.mark is None else (written.mark, written.mark_reason)
        return await self.entry(written.entry, mark, cut=cut)

    async def entry(
        self,
        event: EntryAdded,
        mark: tuple[Mark, str] | None = None,
        *,
        cut: bool = False,
    ) -> EntryShape:
        """An entry with its words. ``cut`` shortens long ones as pushes do."""
        return entry_shape(
            event, await self._words.of(event), mark, self._floor.catalogue(), cut=cut
        )


def entry_shape(
    event: EntryAdded,
    content: Content,
    mark: tuple[Mark, str] | None,
    catalogue: Catalogue,
    *,
    cut: bool = False,
) -> EntryShape:
    """An entry and its words; ``cut`` shortens long ones as pushes do, and says so."""
    text, quoted, notices = content.text, content.quoted, content.notices
    if cut and max(len(text), len(quoted)) > CUT_CHARACTERS:
        text, quoted = text[:CUT_CHARACTERS], quoted[:CUT_CHARACTERS]
        notices = (*notices, "cut")
    place = f"/api/v1/interactions/{event.interaction_id}/content/{event.entry_id}"
    return EntryShape(
        entry_id=event.entry_id,
        number=event.number,
        at=event.at,
        author=event.author.value,
        agent_id=event.agent_id,
        agent_name=name_of(catalogue, event.agent_id) if event.agent_id else "",
        note=event.note,
        text=text,
        quoted=quoted,
        html=place if content.html_file else "",
        mail=content.mail,
        files=tuple(file_shape(event.interaction_id, file) for file in content.files),
        mark=mark[0].value if mark else None,
        mark_reason=mark[1] if mark else "",
        notices=notices,
    )


def about_view(view: InteractionView) -> About:
    """Whom an open interaction is about."""
    return About(view.interaction_id, view.medium, view.subject, view.arrived, view.customer)


def about_past(past: PastInteraction) -> About:
    """Whom an interaction of the past is about."""
    return About(past.interaction_id, past.medium, past.subject, past.arrived, past.customer)


def may_belong_to(attributes: dict[str, Scalar]) -> tuple[InteractionId, ...]:
    """Interactions this one may belong to, as its channel noted them (MAIL-4)."""
    noted = str(attributes.get("may_belong_to", ""))
    return tuple(InteractionId(each) for each in noted.replace(",", " ").split())[:10]


def _rule(catalogue: Catalogue, queue: Queue | None, medium: Medium) -> WrapUpRule:
    rule = queue.wrap_up.get(medium) if queue else None
    return rule or catalogue.wrap_up.get(medium) or WrapUpRule()


def _wrap_up(part: EngagementView | None, rule: WrapUpRule) -> WrapUpShape | None:
    if part is None or part.wrap_up_since is None:
        return None
    return WrapUpShape(
        since=part.wrap_up_since,
        until=part.wrap_up_until,
        extensions_left=max(0, rule.extensions - part.wrap_up_extensions),
        blocks=rule.mode == WrapUpMode.MANDATORY,
        required=rule.disposition_required,
    )


def _dispositions(queue: Queue | None) -> tuple[DispositionShape, ...]:
    outcomes = queue.dispositions if queue else ()
    return tuple(DispositionShape(outcome.name, outcome.title) for outcome in outcomes)


def _others(
    view: InteractionView, agent_id: AgentId, catalogue: Catalogue
) -> tuple[OtherShape, ...]:
    found = [
        OtherShape(part.agent_id, name_of(catalogue, part.agent_id), part.role.value)
        for part in view.engagements
        if part.agent_id != agent_id and part.wrap_up_since is None
    ]
    if view.offer is not None and view.offer.agent_id != agent_id:
        name = name_of(catalogue, view.offer.agent_id)
        found.append(OtherShape(view.offer.agent_id, name, "ringing"))
    return tuple(found)


def _can(view: InteractionView, part: EngagementView | None, agent_id: AgentId) -> tuple[str, ...]:
    """The commands that make sense now; the router has the last word."""
    if part is None:
        return _PARKED if view.parked_by == agent_id else ()
    if part.wrap_up_since is not None:
        more = ("extend_wrap_up",) if part.wrap_up_until is not None else ()
        return (*_WRAP_UP, *more)
    if part.role != Role.LEAD:
        return _CONSULTED
    consulting = any(each.role == Role.CONSULTED for each in view.engagements)
    ringing = view.offer is not None and view.offer.kind == OfferKind.CONSULT
    found: list[str] = list(_LEAD)
    if view.medium not in WRITTEN:
        found.append("hold" if part.held_since is None else "retrieve")
    if consulting:
        found.append("complete_consult")
    found.append("end_consult" if consulting or ringing else "consult")
    return tuple(found)
