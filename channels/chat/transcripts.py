"""What was said, sent by mail: only to an address that was proved by a code (MAIL-6)."""

import hmac
import secrets
from collections import OrderedDict

import msgspec

from channels.api import OutgoingMail
from channels.chat import wording
from channels.chat.answers import checked_mail
from channels.chat.parts import Parts
from channels.chat.protocol import Transcript
from channels.chat.rooms import Room
from channels.chat.settings import in_language
from router.model.errors import Overloaded, Refused
from router.model.ids import MINUTE_MS, Instant, InteractionId

CODE_LIFE_MS = 10 * MINUTE_MS
TRIES_MAX = 5
CODES_PER_CHAT = 3
CODES_HELD_MAX = 10_000
ITEMS_MAX = 5_000


class _Code(msgspec.Struct):
    mail: str
    code: str
    expires: Instant
    tries: int = 0


class Transcripts:
    """Sends codes, and to whom proves one, the transcript.

    Codes live in memory only, for ten minutes: after a restart a visitor asks again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._context = parts.context
        self._codes: OrderedDict[InteractionId, _Code] = OrderedDict()
        self._sent: OrderedDict[InteractionId, int] = OrderedDict()

    async def ask(self, room: Room, frame: Transcript, source: str) -> str:
        """Send the code (``"code"``) or, when the frame has the right one, the transcript
        (``"transcript"``).

        Raises InvalidInput (``mail``), Refused (``code``, ``not_offered``) or Overloaded.
        """
        if not self._parts.site_of(room).transcript:
            raise Refused("this site sends no transcripts", code="not_offered")
        mail = checked_mail(frame.mail)
        if frame.code:
            self._prove(room.interaction_id, mail, frame.code)
            await self._send_transcript(room, mail, frame.id)
            return "transcript"
        await self._send_code(room, mail, source)
        return "code"

    async def _send_code(self, room: Room, mail: str, source: str) -> None:
        sent = self._sent.get(room.interaction_id, 0)
        now = self._context.clock.now()
        if sent >= CODES_PER_CHAT or self._parts.limits.codes.take(source, now):
            raise Overloaded("too many codes were asked for", code="too_fast")
        self._sent[room.interaction_id] = sent + 1
        code = f"{secrets.randbelow(10**6):06d}"
        self._codes[room.interaction_id] = _Code(mail, code, Instant(now + CODE_LIFE_MS))
        for held in (self._codes, self._sent):
            while len(held) > CODES_HELD_MAX:
                held.popitem(last=False)
        subject, text = wording.mail("code", room.conversation.language, code=code)
        key = f"chat-code:{room.interaction_id}:{self._context.ids.new()}"
        await self._context.send_mail(OutgoingMail(key=key, to=mail, subject=subject, text=text))

    def _prove(self, interaction_id: InteractionId, mail: str, code: str) -> None:
        held = self._codes.get(interaction_id)
        if held is None or held.mail != mail or held.expires <= self._context.clock.now():
            raise Refused("ask for a new code", code="code")
        held.tries += 1
        if held.tries > TRIES_MAX:
            del self._codes[interaction_id]
            raise Refused("ask for a new code", code="code")
        if not hmac.compare_digest(held.code.encode(), code.strip().encode()):
            raise Refused("this is not the code", code="code")
        del self._codes[interaction_id]

    async def _send_transcript(self, room: Room, mail: str, once: str) -> None:
        conversation = room.conversation
        language = conversation.language
        lines = []
        for item in await self._parts.store.items(room.interaction_id, 0, ITEMS_MAX):
            if item.kind not in {"said", "message"}:
                continue
            shown = await self._parts.rooms.shown(room, item)
            who = "you" if item.kind == "said" else "we"
            name = str(shown.get("name") or wording.name(who, language))
            words = [str(shown.get("text", ""))] if shown.get("text") else []
            words += [
                f"[{wording.name('file', language)}: {f['name']}]" for f in shown.get("files", ())
            ]
            lines.append(f"{name}: " + "\n    ".join("\n".join(words).split("\n")))
        title = in_language(self._parts.site_of(room).title, language) or conversation.site
        subject, text = wording.mail("transcript", language, title=title, lines="\n".join(lines))
        key = f"chat-transcript:{room.interaction_id}:{once}"
        await self._context.send_mail(OutgoingMail(key=key, to=mail, subject=subject, text=text))
