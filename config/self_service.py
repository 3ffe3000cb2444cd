"""Self-service as it runs: flows in force, voices, company systems, and how often accounts try."""

import logging
from collections.abc import Callable
from pathlib import Path

from agent_desktop.store import Database, desk_database
from agent_desktop.store.failures import FailureRows
from config.flows import world_of
from config.settings_types import Settings, SpeechSettings
from ivr.asks import Found, LookUp
from ivr.egress import GuardedClient
from ivr.look_ups import LookUps
from ivr.ports import FlowPorts
from ivr.prompts import Utterance
from ivr.session import World
from ivr.sounds import Sounds
from ivr.speech.espeak import EspeakVoice
from ivr.speech.piper import PiperVoice
from ivr.speech.voices import Voice
from ivr.store import SqlSystems
from router.model.errors import StorageFailed
from router.ports import Clock, Floor, Ids

log = logging.getLogger(__name__)


class RunningFlows:
    """What channels are given to run flows with; it follows the settings in force."""

    def __init__(
        self, settings: Callable[[], Settings], floor: Floor, clock: Clock, ids: Ids
    ) -> None:
        self._settings = settings
        self._floor = floor
        self._clock = clock
        self._ids = ids
        self._database: Database | None = None
        self._client: GuardedClient | None = None
        self._systems: SqlSystems | None = None
        self._look_ups: LookUps | None = None
        self._sounds: tuple[tuple[object, ...], Sounds] | None = None
        self._world: tuple[Settings, World] | None = None

    async def open(self, key: bytes) -> None:
        """Open what look-ups need. ``key`` makes digests of accounts. Raises StorageFailed."""
        settings = self._settings()
        self._database = desk_database(settings.storage.database_url)
        await self._database.open()
        self._client = GuardedClient(self._clock, settings.egress.internal)
        self._systems = SqlSystems(settings.folder)
        self._look_ups = LookUps(
            lambda: self._settings().self_service.look_ups,
            self._client,
            self._systems,
            FailureRows(self._database),
            self._clock,
            self._ids,
            key,
        )

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.close()
        if self._systems is not None:
            await self._systems.close()
        if self._database is not None:
            await self._database.close()

    def port(self) -> FlowPorts:
        """What a channel is given."""
        return FlowPorts(world=self._world_now, answer=self._answer, files=self._files)

    def health(self) -> dict[str, str]:
        """The voice that cannot speak, with what to install, where flows need one."""
        settings = self._settings()
        voice = voice_of(settings.speech)
        missing = voice.missing() if voice is not None and settings.self_service.flows else ""
        return {"speech": f"install {missing}"} if missing else {}

    def _world_now(self) -> World:
        settings = self._settings()
        if self._world is None or self._world[0] is not settings:
            world = world_of(
                settings.self_service.flows,
                settings.site.zone,
                lambda calendar, now: self._floor.is_open(calendar),
            )
            self._world = (settings, world)
        return self._world[1]

    async def _answer(self, ask: LookUp) -> Found:
        if self._look_ups is None:
            raise StorageFailed("self-service is not open")
        return await self._look_ups.answer(ask)

    async def _files(self, utterance: Utterance) -> tuple[Path, ...]:
        settings = self._settings()
        key = (settings.self_service.prompts, settings.speech)
        if self._sounds is None or self._sounds[0] != key:
            kept = settings.storage.folder / "speech"
            voice = voice_of(settings.speech)
            self._sounds = (key, Sounds(settings.self_service.prompts, kept, voice))
        return await self._sounds[1].files(utterance)


def voice_of(settings: SpeechSettings) -> Voice | None:
    """The voice that speaks; None: recordings alone."""
    espeak = EspeakVoice(settings.words_per_minute)
    match settings.voice:
        case "espeak":
            return espeak
        case "piper":
            return PiperVoice(settings.models)
        case "auto" if settings.models:
            piper = PiperVoice(settings.models)
            return espeak if piper.missing() else piper
        case "auto":
            return espeak
        case _:
            return None
