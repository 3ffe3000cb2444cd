"""Listening to recordings: who may, for how long, and the pass by which a player gets the sound.

A player asks for a sound in parts, and may do so for as long as it plays. So a listening is begun
once, which leaves a line in the audit, and its pass opens the sound for its listener alone.
"""

import secrets
from typing import NamedTuple

import msgspec

from agent_desktop.audit import Audit
from agent_desktop.glimpses import Remembered
from agent_desktop.permissions import Permission, Role
from agent_desktop.principal import Forbidden, Principal
from agent_desktop.settings import InForce
from agent_desktop.visibility import Sight, Sighting, target_of
from router.model.errors import NotFound
from router.model.ids import MINUTE_MS, Instant
from router.model.recording import Listening, Recording
from router.ports import Clock
from router.seals import Recordings

PASSES_MAX = 2_000
SLOWEST = 4
"""A pass lasts as long as a recording takes at a quarter of its speed, and ten minutes more."""


class _Pass(msgspec.Struct, frozen=True):
    user: str
    recording_id: str
    expires: Instant


class Begun(NamedTuple):
    """A listening: the pass, and until when it opens the sound."""

    token: str
    expires: Instant


class Listenings:
    """Who listens to what now. Passes are lost when the process ends; players begin again."""

    def __init__(
        self, recordings: Recordings, audit: Audit, clock: Clock, in_force: InForce
    ) -> None:
        self._recordings = recordings
        self._audit = audit
        self._clock = clock
        self._in_force = in_force
        self._passes: Remembered[str, _Pass] = Remembered(PASSES_MAX)

    def may(self, who: Principal, found: Sighting, recording: Recording) -> bool:
        """Whether this person may listen to a recording of an interaction they may see.

        Agents listen to calls they took part in, as long as the site allows it.
        """
        if who.role is not Role.AGENT:
            return True
        allowed_ms = self._in_force.policy.recordings_agents_listen_ms
        fresh = self._clock.now() - recording.began < allowed_ms
        return fresh and who.agent_id in found.past.agents

    @property
    def kept_ms(self) -> int:
        """How long recordings are kept."""
        return self._in_force.policy.recordings_kept_ms

    async def reaches(
        self, who: Principal, found: Sighting, recording: Recording, sight: Sight
    ) -> bool:
        """Whether somebody who may see an interaction may listen to this recording of it."""
        if recording.removed is not None or not self.may(who, found, recording):
            return False
        target = target_of(found)
        return await sight.visible(who, Permission.RECORDING_LISTEN, target)

    async def begin(self, who: Principal, found: Sighting, recording: Recording) -> Begun:
        """Note that somebody listens, then let them. Raises Forbidden, NotFound, StorageFailed."""
        if not self.may(who, found, recording):
            raise Forbidden("you may not listen to this recording")
        if recording.removed is not None:
            raise NotFound("the sound of this recording was deleted")
        now = self._clock.now()
        what = f"recording {recording.recording_id} interaction {found.interaction_id}"
        await self._audit.note(who, Permission.RECORDING_LISTEN.value, what)
        await self._recordings.heard(Listening(recording.recording_id, who.user, who.name, now))
        token = secrets.token_urlsafe(32)
        expires = Instant(now + SLOWEST * recording.duration_ms + 10 * MINUTE_MS)
        self._passes.put(token, _Pass(who.user, recording.recording_id, expires))
        return Begun(token, expires)

    def check(self, who: Principal, recording_id: str, token: str) -> None:
        """Raises NotFound unless this pass is theirs, of this recording, and not over."""
        known = self._passes.get(token)
        wanted = (who.user, recording_id)
        if known is None or (known.user, known.recording_id) != wanted:
            raise NotFound("there is no such sound")
        if known.expires <= self._clock.now():
            self._passes.drop(token)
            raise NotFound("there is no such sound")
