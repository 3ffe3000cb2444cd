"""The telephones of pages: what a browser's tab is to the medium of calls.

A page that can be heard says so and is plugged in; it stays plugged in while its socket is cut for
a short time, since its sound is a line of its own.
"""

import asyncio
import secrets
from collections.abc import Iterable

from typing_extensions import override

from agent_desktop.desks import Desks, Tab
from agent_desktop.protocol import GRACE_MS, Described, Live, Outgoing
from agent_desktop.showing import name_of
from agent_desktop.telephone_shapes import CallShape, PartyShape, QualityShape
from router.model.catalogue import Catalogue
from router.model.errors import Refused
from router.model.ids import AgentId, Instant
from router.ports import Clock, Floor
from router.telephones import (
    DESCRIBE_MS,
    CallId,
    CallPhase,
    CallState,
    Device,
    Telephone,
    Telephones,
)

UNDESCRIBED = {
    "no_microphone": "the page has no microphone",
    "no_page": "the page is not there",
    "failed": "the page could not make its sound",
}


class PageTelephone(Telephone):
    """The telephone of one page of an agent."""

    def __init__(self, pages: "PageTelephones", agent_id: AgentId, tab: str) -> None:
        self._pages = pages
        self.agent_id = agent_id
        self._tab = tab
        self.sound = False
        self.calls: set[CallId] = set()
        """The calls whose sound this page was last asked to have."""
        self.away_since: Instant | None = None
        self.back = asyncio.Event()

    @property
    @override
    def tab(self) -> str:
        return self._tab

    @override
    async def describe(self, call: CallState, offer: str) -> str:
        """The page's answer; waits for a page that is just coming back.

        Raises Refused (``no_microphone``, ``no_page``, ``failed``).
        """
        if not self.sound:
            raise Refused(UNDESCRIBED["no_microphone"], code="no_microphone")
        try:
            async with asyncio.timeout(DESCRIBE_MS / 1_000):
                return await self._pages.ask(self, call, offer)
        except TimeoutError as error:
            raise Refused(UNDESCRIBED["no_page"], code="no_page") from error

    @override
    def show(self, state: CallState) -> None:
        """Tell the page, and those of the agent's that have no telephone of their own."""
        self._pages.shown(self, state)


class PageTelephones:
    """All telephones of pages, by agent and tab. Without ``telephones`` there are no calls."""

    def __init__(
        self, telephones: Telephones | None, desks: Desks, floor: Floor, clock: Clock
    ) -> None:
        self._telephones = telephones
        self._desks = desks
        self._floor = floor
        self._clock = clock
        self._plugged: dict[AgentId, dict[str, PageTelephone]] = {}
        self._ran = False
        self._asked: dict[str, tuple[PageTelephone, asyncio.Future[str]]] = {}

    # --- what pages do ----------------------------------------------------------------------

    def joined(self, tab: Tab) -> None:
        """A page's socket is there: it is told all calls, and may be asked again."""
        found = self.of(tab)
        if found is not None:
            found.away_since = None
            found.back.set()
        if self._running():
            tab.send(self._whole(tab.agent_id, tab.desk))

    def of(self, tab: Tab) -> PageTelephone | None:
        """The telephone of a page, if it has one."""
        return self._plugged.get(tab.agent_id, {}).get(tab.desk)

    def plug(self, tab: Tab, *, sound: bool) -> None:
        """This page rings from now on. Raises Refused (``no_voice``) where there are no calls."""
        telephones = self._found()
        pages = self._plugged.setdefault(tab.agent_id, {})
        telephone = pages.pop(tab.desk, None) or PageTelephone(self, tab.agent_id, tab.desk)
        telephone.sound = sound
        pages[tab.desk] = telephone  # The one plugged in last stands last.
        telephones.plug_in(tab.agent_id, telephone)
        tab.send(self._whole(tab.agent_id, tab.desk))

    def unplug(self, tab: Tab) -> None:
        """This page rings no more; sound that it has goes on."""
        telephone = self.of(tab)
        if telephone is not None:
            self._drop(telephone)
            tab.send(self._whole(tab.agent_id, tab.desk))

    def described(self, tab: Tab, answer: Described) -> None:
        """A page's answer; one that was not asked for, or comes late, is nothing."""
        telephone, future = self._asked.get(answer.request, (None, None))
        if telephone is None or future is None or future.done() or telephone is not self.of(tab):
            return
        if answer.sdp is not None:
            future.set_result(answer.sdp)
        else:
            future.set_exception(Refused(UNDESCRIBED[answer.code], code=answer.code))

    def tell_devices(self, agent_id: AgentId) -> None:
        """What can ring has changed: tell every page of the agent."""
        for tab in self._desks.tabs(agent_id):
            tab.send(self._whole(agent_id, tab.desk))

    # --- what telephones do -----------------------------------------------------------------

    async def ask(self, telephone: PageTelephone, call: CallState, offer: str) -> str:
        """Let a page describe its end. Whoever asks sets the deadline. Raises Refused."""
        # One page at most has the sound of a call.
        for other in self._plugged.get(telephone.agent_id, {}).values():
            other.calls.discard(call.call_id)
        telephone.calls.add(call.call_id)
        request = secrets.token_hex(16)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[request] = (telephone, future)
        try:
            while (tab := self._tab_of(telephone)) is None:
                telephone.back.clear()
                await telephone.back.wait()
            shape = call_shape(call, self._floor.catalogue(), here=True)
            tab.send(Live("describe", request=request, call=shape, sdp=offer))
            return await future
        finally:
            self._asked.pop(request, None)

    def shown(self, telephone: PageTelephone, state: CallState) -> None:
        """A call's state goes to this page; the latest one's also to pages without a telephone."""
        pages = self._plugged.get(telephone.agent_id, {})
        latest = next(reversed(pages.values()), None)
        here = state.call_id in telephone.calls
        if state.phase is CallPhase.ENDED:
            telephone.calls.discard(state.call_id)
        for tab in self._desks.tabs(telephone.agent_id):
            own = tab.desk == telephone.tab
            if own or (telephone is latest and tab.desk not in pages):
                shape = call_shape(state, self._floor.catalogue(), here=here and own)
                tab.send(Live("call", call=shape))

    def sweep(self) -> None:
        """Unplug pages that have been away past the grace time; called each half second.

        Desks that were there before the centre had telephones are told of them.
        """
        if self._running() and not self._ran:
            for agent_id in self._desks.agents():
                self.tell_devices(agent_id)
        self._ran = self._running()
        now = self._clock.now()
        for telephone in [each for pages in self._plugged.values() for each in pages.values()]:
            if self._tab_of(telephone) is not None:
                telephone.away_since = None
            elif telephone.away_since is None:
                telephone.away_since = now
            elif now - telephone.away_since >= GRACE_MS:
                self._drop(telephone)

    def _running(self) -> bool:
        return self._telephones is not None and self._telephones.running()

    def _found(self) -> Telephones:
        if self._telephones is None:
            raise Refused("this centre has no telephones", code="no_voice")
        return self._telephones

    def _drop(self, telephone: PageTelephone) -> None:
        pages = self._plugged.get(telephone.agent_id, {})
        if pages.get(telephone.tab) is telephone:
            del pages[telephone.tab]
            if not pages:
                del self._plugged[telephone.agent_id]
        self._found().unplug(telephone.agent_id, telephone)

    def _tab_of(self, telephone: PageTelephone) -> Tab | None:
        tabs: Iterable[Tab] = self._desks.tabs(telephone.agent_id)
        return next((tab for tab in tabs if tab.desk == telephone.tab), None)

    def _whole(self, agent_id: AgentId, desk: str) -> Outgoing:
        telephones = self._found()
        telephone = self._plugged.get(agent_id, {}).get(desk)
        held = telephone.calls if telephone is not None else set()
        catalogue = self._floor.catalogue()
        return Live(
            "calls",
            calls=tuple(
                call_shape(state, catalogue, here=state.call_id in held)
                for state in telephones.calls(agent_id)
            ),
            devices=tuple(device.value for device in telephones.devices(agent_id)),
        )


def call_shape(state: CallState, catalogue: Catalogue, *, here: bool) -> CallShape:
    """A call as the protocol has it. Secret digits are nowhere in it (PRIV-5)."""
    quality = state.quality
    return CallShape(
        call_id=state.call_id,
        interaction_id=state.interaction_id,
        kind=state.kind.value,
        phase=state.phase.value,
        since=state.since,
        device=state.device.value,
        number=state.number,
        talking_since=state.talking_since,
        muted=state.muted,
        recording=state.recording.value,
        together=state.together,
        digits_secret=state.digits_secret,
        parties=tuple(
            PartyShape(
                party.kind.value,
                party.state,
                party.name or (name_of(catalogue, party.agent_id) if party.agent_id else ""),
                party.agent_id,
            )
            for party in state.parties
        ),
        watching=state.watching.value if state.watching else None,
        quality=QualityShape(quality.score, quality.loss, quality.jitter_ms) if quality else None,
        reason=state.reason,
        here=here and state.device is Device.BROWSER,
    )
