"""The channels of a running centre: started, changed, added and let go while it runs.

A channel that leaves the configuration takes no new contacts, goes on with those in hand, and is
stopped when none is open any more. One that cannot start or change leaves everything as it was.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from typing_extensions import override

from channels.api import Channel, ChannelContext, ChannelSpec, discover
from config.telling import TellingMedium
from router.hub import Hub
from router.model.effects import Effect
from router.model.errors import CarillonError, StorageFailed
from router.model.ids import InteractionId, Medium, Position
from router.ports import MediumPort

RETIRED_LOOK_S = 5.0
"""How often it is looked whether a channel on its way out still has something in hand."""

log = logging.getLogger(__name__)

MakeContext = Callable[[Medium, Callable[[str, Any], None]], ChannelContext]
"""Makes what a channel is given, with the place its pages are mounted by."""


class Seat(MediumPort):
    """A medium towards the hub; the channel that serves it may come and go."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self.served: MediumPort | None = None
        self.attached = False

    @property
    @override
    def medium(self) -> Medium:
        return self._medium

    @override
    async def perform(self, effect: Effect, position: Position) -> None:
        if self.served is None:
            # Kept by the hub and tried again: nothing that is owed to a customer is dropped.
            raise StorageFailed(f"the channel {self._medium} does not run")
        await self.served.perform(effect, position)


class Media:
    """All channels of a centre. ``retiring`` holds those that only finish what they have."""

    def __init__(self, hub: Hub, make: MakeContext) -> None:
        self._hub = hub
        self._make = make
        self._seats: dict[Medium, Seat] = {}
        self._settings: dict[Medium, Any] = {}
        self._mounts: dict[Medium, list[Mount]] = {}
        self._ending: dict[Medium, asyncio.Task[None]] = {}
        self._on_typing: Callable[[InteractionId, bool], None] | None = None
        self.on_up: Callable[[Channel], None] | None = None
        """Told of each channel when it has started."""
        self.channels: dict[Medium, Channel] = {}
        self.retiring: dict[Medium, Channel] = {}
        self.application = Starlette()

    @property
    def mounted(self) -> bool:
        """Whether any channel has pages of its own on the public site."""
        return any(self._mounts.values())

    def of(self, medium: Medium) -> Channel | None:
        """The channel of a medium, also one that finishes what it has."""
        return self.channels.get(medium) or self.retiring.get(medium)

    def build(self, settings: Mapping[str, Any]) -> None:
        """Make the channels a centre starts with, so that the hub knows them before it starts."""
        for name, spec in discover().items():
            if name in settings:
                self._build(spec, settings[name])

    async def start(self) -> None:
        """Start what was built. Raises what a channel's start raises; then call ``stop``."""
        for name, channel in self.channels.items():
            await channel.start()
            self._up(name)

    async def stop(self) -> None:
        """Stop every channel, the last one first; each finishes what is in hand within 5 s."""
        for task in self._ending.values():
            task.cancel()
        await asyncio.gather(*self._ending.values(), return_exceptions=True)
        for channel in [*self.retiring.values(), *reversed(self.channels.values())]:
            try:
                await channel.stop()
            except CarillonError:
                log.exception("channel %s did not stop well", channel.medium)

    async def adopt(self, settings: Mapping[str, Any]) -> None:
        """Take new settings of the channels: change, add and let go.

        Raises CarillonError with the channel's name when one cannot take its settings or cannot
        start: that one, and all after it, are as they were.
        """
        specs = discover()
        for name, spec in specs.items():
            given = settings.get(name)
            if given is None or (name in self.channels and given == self._settings[name]):
                continue
            if name in self.channels:
                await self.channels[name].reconfigure(given)
                self._settings[name] = given
                log.info("channel %s took its new settings", name)
            else:
                await self._add(spec, given)
        for name in self.channels.keys() - settings.keys():
            await self._let_go(name)

    def listen(self, on_typing: Callable[[InteractionId, bool], None]) -> None:
        """Let channels tell this one that a customer types; those that come later too."""
        self._on_typing = on_typing
        for channel in self.channels.values():
            self._hear(channel)

    def health(self) -> Mapping[str, str]:
        """What is not well, by channel and part; empty when all is."""
        return {
            f"channel.{name}.{part}": why
            for name, channel in (*self.channels.items(), *self.retiring.items())
            for part, why in channel.health().items()
        }

    # -- coming

    def _build(self, spec: ChannelSpec, given: Any) -> Channel:
        mounts: list[Mount] = []

        def mount(path: str, application: Any) -> None:
            mounts.append(Mount(path, app=application))

        channel = spec.build(given, self._make(spec.name, mount))
        self._hear(channel)
        self._mounts[spec.name] = mounts
        self._settings[spec.name] = given
        self.channels[spec.name] = channel
        if spec.name not in self._seats:
            self._seats[spec.name] = Seat(spec.name)
            self._hub.expect(spec.name)
        self._seats[spec.name].served = TellingMedium(channel)
        self._show()
        return channel

    async def _add(self, spec: ChannelSpec, given: Any) -> None:
        await self._finish(spec.name)
        channel = self._build(spec, given)
        try:
            await channel.start()
        except BaseException:
            self._forget(spec.name, self.channels)
            await channel.stop()
            raise
        self._up(spec.name)
        log.info("channel %s was added", spec.name)

    def _up(self, name: Medium) -> None:
        """The channel has started: from now on the hub hands it what waited for it."""
        seat = self._seats[name]
        if not seat.attached:
            seat.attached = True
            self._hub.attach(seat)
        if self.on_up is not None:
            self.on_up(self.channels[name])

    def _hear(self, channel: Channel) -> None:
        if self._on_typing is not None and hasattr(channel, "on_typing"):
            telling: Any = channel
            telling.on_typing = self._on_typing

    # -- going

    async def _let_go(self, name: Medium) -> None:
        channel = self.channels[name]
        await channel.retire()
        self.retiring[name] = self.channels.pop(name)
        self._ending[name] = asyncio.create_task(self._end(name), name=f"channel {name} ends")
        log.info("channel %s takes no new contacts and finishes those it has", name)

    async def _end(self, name: Medium) -> None:
        channel = self.retiring[name]
        # Looked at now and then: whatever ends an interaction, or sends the last message.
        while self._hub.open_of(name) or await channel.busy():  # noqa: ASYNC110 - see above
            await asyncio.sleep(RETIRED_LOOK_S)
        self._forget(name, self.retiring)
        await channel.stop()
        log.info("channel %s was removed", name)

    async def _finish(self, name: Medium) -> None:
        """Before a channel comes again: end the former one, whose work the new one takes up."""
        task = self._ending.pop(name, None)
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        former = self.retiring.get(name)
        if former is not None:
            self._forget(name, self.retiring)
            await former.stop()

    def _forget(self, name: Medium, among: dict[Medium, Channel]) -> None:
        among.pop(name)
        self._mounts.pop(name)
        self._settings.pop(name)
        self._seats[name].served = None
        self._show()

    def _show(self) -> None:
        shown: list[BaseRoute] = [each for mounts in self._mounts.values() for each in mounts]
        self.application.router.routes[:] = shown
