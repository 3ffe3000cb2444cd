"""Files of a conversation, up and down, for who holds its token."""

import msgspec
from starlette.requests import ClientDisconnect, Request

from channels.chat import records
from channels.chat.parts import Parts
from channels.chat.records import Conversation
from channels.chat.tokens import digest, is_token
from router.model.content import Content, FileRef
from router.model.errors import InvalidInput, NotFound, Overloaded, Refused
from router.model.file_names import clean_name, proven_type
from router.model.ids import EntryId

FILE_SCHEMA = "chat-file/1"


class Uploads:
    """Takes files from visitors and gives them the files of their conversation."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._context = parts.context

    async def conversation(self, token: str) -> Conversation:
        """The conversation a token opens. Raises NotFound."""
        found = await self._parts.store.by_token(digest(token)) if is_token(token) else None
        if found is None:
            raise NotFound("no conversation has this token")
        return found

    async def take(self, conversation: Conversation, name: str, request: Request) -> FileRef:
        """Keep a file until a message sends it.

        Raises Refused (``ended``), Overloaded (``too_fast``) or InvalidInput (``file_size``).
        """
        if conversation.state == records.ENDED:
            raise Refused("this chat has ended", code="ended")
        interaction_id = conversation.interaction_id
        now = self._context.clock.now()
        if self._parts.limits.uploads.take(interaction_id, now):
            raise Overloaded("too many files in a minute", code="too_fast")
        before = await self._parts.store.files(interaction_id)
        room_left = self._parts.settings.chat_files_bytes - sum(size for _, size in before.values())
        data = await _body(request, min(self._parts.settings.file_bytes, room_left))
        shown = clean_name(name)
        kind = proven_type(shown, data)
        file = await self._context.files.put(conversation.subject, data, shown, kind)
        sealed = await self._context.seals.seal(
            conversation.subject, EntryId(file.file_id), FILE_SCHEMA, msgspec.json.encode(file)
        )
        await self._parts.store.add_file(interaction_id, file, sealed, now)
        return file

    async def give(self, conversation: Conversation, file_id: str) -> tuple[FileRef, bytes]:
        """A file that stands in this conversation. Raises NotFound for any other."""
        after = 0
        while items := await self._parts.store.items(conversation.interaction_id, after):
            for item in items:
                if item.sealed is None or item.entry_id is None:
                    continue
                plain = await self._context.seals.open(item.sealed, item.entry_id)
                for file in msgspec.json.decode(plain, type=Content).files:
                    if file.file_id == file_id:
                        return file, await self._context.files.get(conversation.subject, file_id)
            after = items[-1].seq
        raise NotFound("no such file")


async def _body(request: Request, most: int) -> bytes:
    """The body, counted while it comes. Raises InvalidInput over ``most`` bytes or when empty."""
    too_big = InvalidInput(f"{max(0, most)} bytes at most", field="file", code="file_size")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise too_big
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise too_big
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise InvalidInput("the upload was cut off", field="file", code="file_size") from error
    if not size:
        raise InvalidInput("the file is empty", field="file", code="file_size")
    return b"".join(chunks)
