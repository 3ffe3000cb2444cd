"""Recordings: begun at the nodes, fetched when they are whole, kept sealed with the interaction.

The key of a recording is its own, and is kept sealed before the recording begins: what a process
that died left at its nodes is fetched at the next start (FILE-6, nothing is ever in clear on disk).
"""

import asyncio
import logging
import secrets

from channels.voice.house import House
from channels.voice.malformed import MalformedPacket
from channels.voice.media.answers import Fetched, Recorded
from channels.voice.media.client import MediaLine, MediaLost, MediaRefused
from channels.voice.media.commands import Discard, Fetch, Pause, Record, StopRecording
from channels.voice.media.sealed_recordings import KEY_BYTES, Form, PieceOpener
from channels.voice.store import KeptRecording
from router.model.errors import CarillonError
from router.model.ids import EntryId, InteractionId, SubjectId
from router.model.recording import Recording as KeptSound
from router.model.recording import RecordingKind
from router.seals import RecordingWriter
from router.telephones import Recording

log = logging.getLogger(__name__)
KEY_SCHEMA = "recording-key/1"
WHOLE_S = 15.0
"""A recording that is not whole by then after its end is fetched as far as it goes."""


class CallRecording:
    """The recording of one call: begun once sound is joined, paused on request, ended with it."""

    def __init__(self, recorder: "Recorder", interaction_id: InteractionId, subject: SubjectId):
        self._recorder = recorder
        self._interaction_id = interaction_id
        self._subject = subject
        self._paused = False
        self._line: MediaLine | None = None
        self._name = ""

    @property
    def state(self) -> Recording:
        """Whether it records."""
        if not self._name:
            return Recording.OFF
        return Recording.PAUSED if self._paused else Recording.ON

    async def begin(self, leg: str) -> None:
        """Begin, unless it has begun. Raises MediaLost or MediaRefused."""
        if self._name:
            return
        self._name, self._line = await self._recorder.begin(
            leg, self._interaction_id, self._subject, message=False
        )
        if self._paused:
            await self._line.do(Pause(self._name))

    async def pause(self, *, on: bool) -> None:
        """Silence instead, or sound again. Raises MediaLost or MediaRefused."""
        self._paused = on
        if self._name and self._line is not None:
            await self._line.do(Pause(self._name, on=on))

    def lost(self) -> None:
        """Its node is gone; on another one it begins anew, as a further recording."""
        self._name, self._line = "", None

    async def end(self) -> None:
        """End it; it is fetched when it is whole."""
        name, self._name = self._name, ""
        if name and self._line is not None:
            await self._recorder.end(name, self._line)


class Recorder:
    """Begins recordings and brings them home."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lines: dict[str, tuple[MediaLine, KeptRecording, bytes]] = {}
        self._whole: dict[str, asyncio.Future[Recorded]] = {}

    @property
    def going(self) -> bool:
        """Whether anything is recorded, or on its way home."""
        return bool(self._lines)

    async def begin(
        self, leg: str, interaction_id: InteractionId, subject: SubjectId, *, message: bool
    ) -> tuple[str, MediaLine]:
        """Begin to record a leg; its name and the line to its node."""
        house = self._house
        name, key = house.nodes.name(), secrets.token_bytes(KEY_BYTES)
        sealed = await house.context.seals.seal(subject, EntryId(name), KEY_SCHEMA, key)
        kept = KeptRecording(name, interaction_id, subject, house.now, message, sealed)
        await house.store.begin_recording(kept)
        line = house.nodes.line_of(leg)
        try:
            await line.do(Record(leg, name, key))
        except (MediaLost, MediaRefused):
            await house.store.end_recording(name)
            raise
        self._lines[name] = (line, kept, key)
        self._whole[name] = asyncio.get_running_loop().create_future()
        return name, line

    def recorded(self, event: Recorded) -> None:
        """A node says that a recording is whole."""
        whole = self._whole.get(event.recording)
        if whole is None:
            return
        if not whole.done():
            whole.set_result(event)
        if event.lost_ms:
            log.warning("A recording has gaps", extra={"lost_ms": event.lost_ms})
        _, kept, _ = self._lines[event.recording]
        if not kept.message:
            self._house.carry(self.fetch(event.recording), "fetching a recording")

    async def end(self, name: str, line: MediaLine) -> None:
        """End a recording; harmless when its leg has ended it."""
        try:
            await line.do(StopRecording(name))
        except (MediaLost, MediaRefused) as problem:
            log.debug("a recording had ended: %s", problem)

    async def finished(self, name: str) -> int:
        """Wait until a message is whole; how long it is, in milliseconds, 0 when it never is."""
        try:
            async with asyncio.timeout(WHOLE_S):
                event = await asyncio.shield(self._whole[name])
        except TimeoutError:
            return 0
        return event.duration_ms

    async def fetch(self, name: str, interaction_id: InteractionId | None = None) -> int:
        """Bring a recording home, into its interaction or another one.

        How long it is, in milliseconds; 0 when it cannot be had: then it stays at its node, and the
        next start tries again.
        """
        line, kept, key = self._lines[name]
        try:
            stored = await self._stored(line, kept, key, interaction_id or kept.interaction_id)
            await self._house.store.end_recording(name)
            await line.do(Discard(name))
        except (MediaLost, MediaRefused, MalformedPacket, CarillonError) as problem:
            log.warning("A recording could not be fetched: %s", problem)
            return 0
        finally:
            self._lines.pop(name, None)
            self._whole.pop(name, None)
        return stored

    async def drop(self, name: str) -> None:
        """Forget a recording that is none: a receiver put down."""
        line, _, _ = self._lines.pop(name)
        self._whole.pop(name, None)
        try:
            await line.do(Discard(name))
            await self._house.store.end_recording(name)
        except (MediaLost, MediaRefused, CarillonError) as problem:
            log.info("A recording could not be dropped: %s", problem)

    async def _stored(
        self, line: MediaLine, kept: KeptRecording, key: bytes, interaction_id: InteractionId
    ) -> int:
        opener = PieceOpener(key)
        writer: RecordingWriter | None = None
        at = 0
        try:
            while True:
                part = await line.ask(Fetch(kept.recording, at), Fetched)
                at += len(part.data)
                samples = await asyncio.to_thread(opener.feed, part.data)
                if writer is None and opener.form is not None:
                    writer = await self._begun(kept, opener.form, interaction_id)
                if writer is not None and samples:
                    await writer.write(samples)
                if at >= part.total or not part.data:
                    break
            rest, torn = opener.finish()
            if writer is None:
                raise MalformedPacket("a recording without its head")
            await writer.write(rest)
            return (await writer.keep(torn=torn)).duration_ms
        except BaseException:
            if writer is not None:
                await writer.discard()
            raise

    async def _begun(
        self, kept: KeptRecording, form: Form, interaction_id: InteractionId
    ) -> RecordingWriter:
        kind = RecordingKind.VOICEMAIL if kept.message else RecordingKind.CALL
        return await self._house.context.recordings.store(
            KeptSound(
                recording_id=kept.recording,
                interaction_id=interaction_id,
                subject=kept.subject,
                kind=kind,
                began=kept.at,
                rate_hz=form.rate_hz,
                channels=("customer", "agents")[: form.channels],
            )
        )

    async def take_up(self, kept: KeptRecording) -> None:
        """Fetch what a process before this one left at a node."""
        house = self._house
        for line in house.nodes.lines():
            try:
                await line.ask(Fetch(kept.recording, 0, 1), Fetched)
            except MediaRefused:
                continue
            opened = await house.context.seals.open(kept.key, EntryId(kept.recording))
            self._lines[kept.recording] = (line, kept, opened)
            await self.fetch(kept.recording)
            return
        log.warning(
            "A recording of before a restart is at no node", extra={"recording": kept.recording}
        )
        await house.store.end_recording(kept.recording)
