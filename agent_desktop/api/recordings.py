"""Recordings of an interaction: which there are, listening to them, holding and fetching them."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.api.interactions import Id, ShortText, seen
from agent_desktop.byte_ranges import Part, Unsatisfiable, part_of
from agent_desktop.context import Desk
from agent_desktop.headers import FILE_POLICY
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.shapes import Shape
from agent_desktop.visibility import Sighting
from router.model.errors import NotFound
from router.model.file_names import disposition
from router.model.ids import Instant
from router.model.recording import WAV_HEAD_BYTES, Recording, wav_head
from router.seals import FileReader

ROUTER = APIRouter()
PIECE_BYTES = 256 * 1024
PLACE = "/api/v1/interactions/{interaction_id}/recordings"


class HeardShape(Shape, frozen=True):
    """Somebody listened."""

    name: str
    at: Instant


class HoldShape(Shape, frozen=True):
    """Kept past its time, by whom and why."""

    by: str
    reason: str


class RecordingShape(Shape, frozen=True):
    """A recording. ``removed`` is when its sound was deleted, ``kept_until`` when it will be."""

    recording_id: str
    kind: str
    began: Instant
    duration_ms: int
    channels: tuple[str, ...]
    torn: bool
    removed: Instant | None
    kept_until: Instant | None
    hold: HoldShape | None
    may_listen: bool
    heard: Sequence[HeardShape]


class RecordingsBody(msgspec.Struct, frozen=True):
    """The recordings of an interaction in the order they began."""

    recordings: Sequence[RecordingShape]


class ListeningBody(msgspec.Struct, frozen=True):
    """Where a player gets the sound, until when."""

    url: str
    expires: Instant


class HoldWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a recording shall be kept past its time; empty: no longer."""

    reason: ShortText


@endpoint(ROUTER, f"GET {PLACE}", Permission.CONTENT, answers=RecordingsBody)
async def recordings(interaction_id: Id, who: Who, desk: TheDesk) -> Response:
    """The recordings of an interaction, and who has listened to them."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    kept = await desk.ports.recordings.of(found.interaction_id)
    return answer(RecordingsBody([await _shape(desk, who, found, each) for each in kept]))


@endpoint(
    ROUTER,
    f"POST {PLACE}/{{recording_id}}/listen",
    Permission.RECORDING_LISTEN,
    answers=ListeningBody,
)
async def listen(interaction_id: Id, recording_id: Id, who: Who, desk: TheDesk) -> Response:
    """Begin to listen: noted in the audit and beside the recording."""
    found, recording = await _found(
        desk, who, Permission.RECORDING_LISTEN, interaction_id, recording_id
    )
    begun = await desk.listenings.begin(who, found, recording)
    place = PLACE.format(interaction_id=found.interaction_id)
    url = f"{place}/{recording.recording_id}/sound?listening={begun.token}"
    return answer(ListeningBody(url, begun.expires))


@endpoint(ROUTER, f"GET {PLACE}/{{recording_id}}/sound", Permission.RECORDING_LISTEN)
async def sound(
    interaction_id: Id,
    recording_id: Id,
    request: Request,
    who: Who,
    desk: TheDesk,
    listening: Annotated[str, Query(max_length=100)],
) -> Response:
    """The sound as a WAV file, whole or one range of it, for a listening that was begun."""
    desk.listenings.check(who, recording_id, listening)
    _, recording = await _found(
        desk, who, Permission.RECORDING_LISTEN, interaction_id, recording_id
    )
    reader = await desk.ports.recordings.sound(recording)
    return _sent(recording, reader, request.headers.get("range"), "inline")


@endpoint(ROUTER, f"GET {PLACE}/{{recording_id}}/file", Permission.RECORDING_GET)
async def recording_file(interaction_id: Id, recording_id: Id, who: Who, desk: TheDesk) -> Response:
    """The whole recording as a file, to be kept elsewhere."""
    found, recording = await _found(
        desk, who, Permission.RECORDING_GET, interaction_id, recording_id
    )
    reader = await desk.ports.recordings.sound(recording)
    what = f"recording {recording.recording_id} interaction {found.interaction_id}"
    await desk.audit.note(who, Permission.RECORDING_GET.value, what)
    return _sent(recording, reader, None, disposition(f"{recording.recording_id}.wav"))


@endpoint(
    ROUTER,
    f"PUT {PLACE}/{{recording_id}}/hold",
    Permission.RECORDING_GET,
    takes=HoldWish,
    answers=RecordingShape,
)
async def hold_recording(
    interaction_id: Id, recording_id: Id, request: Request, who: Who, desk: TheDesk
) -> Response:
    """Keep a recording past its time, for a reason; without one it is kept no longer."""
    wish = await take(request, HoldWish)
    found, recording = await _found(
        desk, who, Permission.RECORDING_GET, interaction_id, recording_id
    )
    what = f"recording {recording.recording_id} interaction {found.interaction_id}"
    action = "recording.hold" if wish.reason else "recording.release"
    await desk.audit.note(who, action, what, wish.reason)
    held = await desk.ports.recordings.hold(recording.recording_id, who.user, wish.reason)
    return answer(await _shape(desk, who, found, held))


async def _found(
    desk: Desk, who: Principal, permission: Permission, interaction_id: str, recording_id: str
) -> tuple[Sighting, Recording]:
    """A recording of an interaction this person may see. Raises NotFound."""
    found = await desk.sight.interaction(who, permission, interaction_id)
    recording = await desk.ports.recordings.recording(recording_id)
    if recording.interaction_id != found.interaction_id:
        raise NotFound("there is no such recording")
    return found, recording


async def _shape(
    desk: Desk, who: Principal, found: Sighting, recording: Recording
) -> RecordingShape:
    heard = await desk.ports.recordings.listenings(recording.recording_id)
    held = recording.hold_reason != ""
    kept_ms = desk.listenings.kept_ms
    return RecordingShape(
        recording_id=recording.recording_id,
        kind=recording.kind.value,
        began=recording.began,
        duration_ms=recording.duration_ms,
        channels=recording.channels,
        torn=recording.torn,
        removed=recording.removed,
        kept_until=None if held or recording.removed else Instant(recording.began + kept_ms),
        hold=HoldShape(recording.hold_by, recording.hold_reason) if held else None,
        may_listen=await desk.listenings.reaches(who, found, recording, desk.sight),
        heard=[HeardShape(each.name, each.at) for each in heard],
    )


def _sent(recording: Recording, reader: FileReader, wanted: str | None, shown: str) -> Response:
    """The WAV file, or a range of it; the head is made for the samples that there are."""
    head = wav_head(recording.rate_hz, len(recording.channels), reader.size_bytes)
    size = WAV_HEAD_BYTES + reader.size_bytes
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": shown,
        "Content-Security-Policy": FILE_POLICY,
    }
    try:
        part = part_of(wanted, size)
    except Unsatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = part or Part(0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        _bytes(head, reader, Part(start, end)),
        status_code=200 if part is None else 206,
        media_type="audio/wav",
        headers=headers,
    )


async def _bytes(head: bytes, reader: FileReader, part: Part) -> AsyncIterator[bytes]:
    if part.start < len(head):
        yield head[part.start : part.end]
    at = max(0, part.start - len(head))
    end = max(0, part.end - len(head))
    while at < end:
        piece = await reader.read(at, min(PIECE_BYTES, end - at))
        if not piece:
            return
        at += len(piece)
        yield piece
