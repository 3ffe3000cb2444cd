"""Files of interactions: brought by agents, fetched safely; messages as cleaned HTML in a frame."""

import re
from base64 import b64encode
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint
from agent_desktop.api.interactions import Id, seen
from agent_desktop.context import Desk
from agent_desktop.headers import CONTENT_POLICY, CONTENT_POLICY_WITH_IMAGES, FILE_POLICY
from agent_desktop.history import NUMBER_MAX
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.shapes import FileShape, file_shape
from agent_desktop.store.desk import UploadRow
from agent_desktop.visibility import Sighting
from agent_desktop.writing import UPLOAD_SCHEMA, in_hand
from router.model.content import Content, FileRef
from router.model.errors import CarillonError, InvalidInput, NotFound
from router.model.events import EntryAdded
from router.model.file_names import PICTURES, clean_name, disposition, proven_type
from router.model.ids import EntryId, SubjectId

ROUTER = APIRouter()
INTERACTION_BYTES_MAX = 100 * 1024 * 1024
INLINE_PICTURES_BYTES_MAX = 10 * 1024 * 1024
BINARY = {"type": "string", "format": "binary", "minLength": 1}
_REMOTE = re.compile(r'data-remote-src="(https:[^"]*)"')
_ATTACHED = re.compile(r'src="cid:([^"]*)"')


@endpoint(
    ROUTER,
    "POST /api/v1/interactions/{interaction_id}/files",
    Permission.WORK,
    takes=BINARY,
    answers=FileShape,
)
async def bring_file(
    interaction_id: Id,
    request: Request,
    who: Who,
    desk: TheDesk,
    name: Annotated[str, Query(min_length=1, max_length=500)],
) -> Response:
    """Bring a file (25 MiB) to be sent with a message of this interaction."""
    found = await seen(desk, who, Permission.WORK, interaction_id)
    if found.view is None or not in_hand(found.view, who.agent_id):
        raise NotFound("there is no such interaction")
    data = await request.body()
    if not data:
        raise InvalidInput("the file is empty", field="body")
    if await desk.rows.uploaded_bytes(found.interaction_id) + len(data) > INTERACTION_BYTES_MAX:
        raise InvalidInput("this interaction has 100 MiB of files already", field="body")
    shown = clean_name(name)
    kind = proven_type(shown, data)
    subject = found.view.subject
    ref = await desk.ports.files.put(subject, data, shown, kind)
    sealed = await desk.ports.seals.seal(
        subject, EntryId(ref.file_id), UPLOAD_SCHEMA, msgspec.json.encode(ref)
    )
    await desk.rows.add_upload(
        UploadRow(
            file_id=ref.file_id,
            interaction_id=found.interaction_id,
            subject=subject,
            agent_id=who.agent_id,
            size_bytes=len(data),
            sealed=sealed,
            at=desk.clock.now(),
        )
    )
    return answer(file_shape(found.interaction_id, ref))


@endpoint(ROUTER, "GET /api/v1/interactions/{interaction_id}/files/{file_id}", Permission.CONTENT)
async def fetch_file(
    interaction_id: Id,
    file_id: Id,
    who: Who,
    desk: TheDesk,
    original: Annotated[int, Query(ge=0, le=1)] = 0,
) -> Response:
    """A file: a picture drawn anew, or anything as an attachment that no browser runs."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    ref, subject = await _find_file(desk, who, found, file_id)
    data = await desk.ports.files.get(subject, ref.file_id)
    if not original and proven_type(clean_name(ref.name), data) in PICTURES:
        try:
            drawn = await desk.pictures.render(data)
        except InvalidInput:
            pass  # No picture after all: it is given as the bytes it is.
        else:
            name = clean_name(ref.name).rpartition(".")[0] + ".png"
            return _file(drawn, "image/png", disposition(name, inline=True))
    return _file(data, "application/octet-stream", disposition(ref.name))


def _file(data: bytes, kind: str, shown_as: str) -> Response:
    return Response(
        data,
        media_type=kind,
        headers={
            "Content-Disposition": shown_as,
            "Content-Security-Policy": FILE_POLICY,
            "Accept-Ranges": "none",
        },
    )


async def _find_file(
    desk: Desk, who: Principal, found: Sighting, file_id: str
) -> tuple[FileRef, SubjectId]:
    before = NUMBER_MAX
    while page := await desk.ports.history.entries(
        found.interaction_id, before=before, with_files=True
    ):
        for entry in (each.entry for each in page):
            content = await desk.words.of(entry)
            ref = next((each for each in content.files if each.file_id == file_id), None)
            if ref is not None and entry.sealed is not None:
                return ref, entry.sealed.subject
        before = page[0].entry.number
    upload = await desk.rows.upload(file_id, found.interaction_id)
    if upload is None or upload.agent_id != who.agent_id:
        raise NotFound("there is no such file")
    plain = await desk.ports.seals.open(upload.sealed, EntryId(file_id))
    return msgspec.json.decode(plain, type=FileRef), upload.subject


@endpoint(
    ROUTER, "GET /api/v1/interactions/{interaction_id}/content/{entry_id}", Permission.CONTENT
)
async def content(
    interaction_id: Id,
    entry_id: Id,
    who: Who,
    desk: TheDesk,
    images: Annotated[int, Query(ge=0, le=1)] = 0,
) -> Response:
    """A message's cleaned HTML under a policy of its own; remote pictures only when asked."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    written = await desk.ports.history.entry(found.interaction_id, EntryId(entry_id))
    if written is None or written.entry.sealed is None:
        raise NotFound("there is no such message")
    entry, subject = written.entry, written.entry.sealed.subject
    words = await desk.words.of(entry)
    if not words.html_file:
        raise NotFound("this message has no HTML")
    stored = await desk.ports.files.get(subject, words.html_file)
    html = await _with_attached_pictures(desk, entry, words, stored.decode("utf-8", "replace"))
    if images:
        html = _REMOTE.sub(r'src="\1"', html)
    policy = CONTENT_POLICY_WITH_IMAGES if images else CONTENT_POLICY
    return Response(
        f'<!doctype html><html lang=""><head><meta charset="utf-8"><title></title></head><body>'
        f"{html}</body></html>",
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": policy},
    )


async def _with_attached_pictures(desk: Desk, entry: EntryAdded, words: Content, html: str) -> str:
    """The pictures that came with the message, drawn anew and put into the page itself.

    The frame has no origin of its own, so it can fetch nothing, not even from us.
    """
    wanted = dict.fromkeys(_ATTACHED.findall(html))
    drawn: dict[str, str] = {}
    left = INLINE_PICTURES_BYTES_MAX
    for ref in words.files:
        if ref.content_id not in wanted or ref.content_id in drawn or entry.sealed is None:
            continue
        try:
            data = await desk.ports.files.get(entry.sealed.subject, ref.file_id)
            picture = await desk.pictures.render(data)
        except CarillonError:
            continue
        left -= len(picture)
        if left >= 0:
            drawn[ref.content_id] = f"data:image/png;base64,{b64encode(picture).decode()}"
    return _ATTACHED.sub(lambda found: f'src="{drawn.get(found.group(1), "")}"', html)
