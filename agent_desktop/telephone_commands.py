"""What a desk may command of telephones; what holds for every medium is in ``commands``."""

from agent_desktop import telephone_shapes as shapes
from agent_desktop.arguments import OfInteraction
from agent_desktop.audit import Audit
from agent_desktop.commands import Entry, Result
from agent_desktop.desks import Tab
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.telephone import PageTelephones
from agent_desktop.visibility import Sight
from router.model.errors import NotFound, Refused
from router.model.ids import AgentId, InteractionId, QueueName
from router.telephones import CallId, CallKind, CallPhase, Device, Telephones, Watching

Answer = tuple[int, Result]
_DONE: Answer = (0, {})


class TelephoneCommands:
    """The commands by name, over the port. Raises nothing: refusals are answered."""

    def __init__(
        self, telephones: Telephones | None, pages: PageTelephones, sight: Sight, audit: Audit
    ) -> None:
        self._telephones = telephones
        self._pages = pages
        self._sight = sight
        self._audit = audit
        self.table: dict[str, Entry] = {
            "telephone": Entry(shapes.TelephoneArguments, self._telephone, readers_too=True),
            "device": Entry(shapes.DeviceArguments, self._device),
            "reconnect": Entry(shapes.OfCall, self._reconnect),
            "mute": Entry(shapes.SwitchArguments, self._mute),
            "press": Entry(shapes.PressArguments, self._press),
            "pause_recording": Entry(
                shapes.SwitchArguments, self._pause, Permission.RECORDING_PAUSE
            ),
            "dial": Entry(shapes.DialArguments, self._dial, Permission.DIAL),
            "consult_number": Entry(shapes.NumberArguments, self._consult, Permission.DIAL),
            "transfer_number": Entry(shapes.NumberArguments, self._transfer, Permission.DIAL),
            "leave_number": Entry(OfInteraction, self._leave),
            "gather": Entry(shapes.GatherArguments, self._gather),
            "watch": Entry(shapes.WatchArguments, self._watch, Permission.MONITOR),
            "stop_watching": Entry(OfInteraction, self._stop_watching, Permission.MONITOR),
        }

    @property
    def _calls(self) -> Telephones:
        if self._telephones is None:
            raise Refused("this centre has no telephones", code="no_voice")
        return self._telephones

    def _own(self, principal: Principal, call_id: str) -> CallId:
        """One's own end of a call; absent and foreign look the same (WEB-8)."""
        if any(call.call_id == call_id for call in self._calls.calls(principal.agent_id)):
            return CallId(call_id)
        raise NotFound("there is no such call")

    def _place(self, principal: Principal, interaction_id: str) -> InteractionId:
        """An interaction one's telephone is in; absent and foreign look the same (WEB-8)."""
        calls = self._calls.calls(principal.agent_id)
        if any(call.interaction_id == interaction_id for call in calls):
            return InteractionId(interaction_id)
        raise NotFound("there is no such interaction")

    async def _telephone(
        self, _principal: Principal, tab: Tab, wish: shapes.TelephoneArguments
    ) -> Answer:
        """A page without sound is plugged in as well where a telephone rings in its place."""
        phone = Device.PHONE in self._calls.devices(tab.agent_id)
        if wish.sound or (phone and wish.why != "elsewhere"):
            self._pages.plug(tab, sound=wish.sound)
        else:
            self._pages.unplug(tab)
        return _DONE

    async def _device(
        self, principal: Principal, _tab: Tab, wish: shapes.DeviceArguments
    ) -> Answer:
        await self._calls.choose(principal.agent_id, Device(wish.device))
        self._pages.tell_devices(principal.agent_id)
        return _DONE

    async def _reconnect(self, principal: Principal, tab: Tab, wish: shapes.OfCall) -> Answer:
        telephone = self._pages.of(tab)
        if telephone is None:
            raise Refused("this page has no telephone", code="no_microphone")
        call_id = self._own(principal, wish.call_id)
        await self._calls.reconnect(principal.agent_id, call_id, telephone)
        return _DONE

    async def _mute(self, principal: Principal, _tab: Tab, wish: shapes.SwitchArguments) -> Answer:
        await self._calls.mute(principal.agent_id, self._own(principal, wish.call_id), on=wish.on)
        return _DONE

    async def _press(self, principal: Principal, _tab: Tab, wish: shapes.PressArguments) -> Answer:
        call_id = self._own(principal, wish.call_id)
        await self._calls.press(principal.agent_id, call_id, wish.digits)
        return _DONE

    async def _pause(self, principal: Principal, _tab: Tab, wish: shapes.SwitchArguments) -> Answer:
        call_id = self._own(principal, wish.call_id)
        await self._calls.pause_recording(principal.agent_id, call_id, on=wish.on)
        return _DONE

    async def _dial(self, principal: Principal, _tab: Tab, wish: shapes.DialArguments) -> Answer:
        made = await self._calls.dial(principal.agent_id, wish.number, QueueName(wish.queue))
        return 0, {"interaction_id": made}

    async def _consult(
        self, principal: Principal, _tab: Tab, wish: shapes.NumberArguments
    ) -> Answer:
        place = self._place(principal, wish.interaction_id)
        await self._calls.consult_number(principal.agent_id, place, wish.number)
        return _DONE

    async def _transfer(
        self, principal: Principal, _tab: Tab, wish: shapes.NumberArguments
    ) -> Answer:
        place = self._place(principal, wish.interaction_id)
        await self._calls.transfer_to_number(principal.agent_id, place, wish.number)
        return _DONE

    async def _leave(self, principal: Principal, _tab: Tab, wish: OfInteraction) -> Answer:
        place = self._place(principal, wish.interaction_id)
        await self._calls.leave_number(principal.agent_id, place)
        return _DONE

    async def _gather(
        self, principal: Principal, _tab: Tab, wish: shapes.GatherArguments
    ) -> Answer:
        place = self._place(principal, wish.interaction_id)
        await self._calls.gather(principal.agent_id, place, together=wish.together)
        return _DONE

    async def _watch(self, principal: Principal, _tab: Tab, wish: shapes.WatchArguments) -> Answer:
        """Of a colleague who is in no call nothing is said that a stranger would not hear."""
        colleague = await self._sight.agent(principal, Permission.MONITOR, AgentId(wish.agent))
        if colleague == principal.agent_id:
            raise Refused("that is your own call", code="not_yours")
        call = next(
            (
                each
                for each in self._calls.calls(colleague)
                if each.phase in (CallPhase.TALKING, CallPhase.HELD)
                and each.kind is not CallKind.WATCH
            ),
            None,
        )
        if call is None:
            raise NotFound("they are in no call")
        place = call.interaction_id
        await self._sight.interaction(principal, Permission.MONITOR, place)
        what = f"interaction {place} agent {colleague}"
        await self._audit.note(principal, f"monitor.{wish.watching}", what)
        await self._calls.watch(principal.agent_id, place, Watching(wish.watching))
        return 0, {"interaction_id": place}

    async def _stop_watching(self, principal: Principal, _tab: Tab, wish: OfInteraction) -> Answer:
        place = self._place(principal, wish.interaction_id)
        await self._calls.stop_watching(principal.agent_id, place)
        return _DONE
