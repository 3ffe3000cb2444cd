"""Opening and sealing what people wrote (PRIV-1)."""

import logging

import msgspec

from router.model.content import Content, Sealed
from router.model.errors import InvalidInput, NotFound
from router.model.events import EntryAdded
from router.model.ids import EntryId, SubjectId
from router.seals import Seals

CONTENT_SCHEMA = "content/1"
SUMMARY_CHARACTERS = 200

log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(Content)
_encoder = msgspec.json.Encoder()


class Words:
    """Entries' contents through the port that opens seals."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    async def of(self, entry: EntryAdded) -> Content:
        """An entry's content; with the notice ``erased`` or ``unreadable`` where none can be had.

        Erased people's words are gone for good while the skeleton stays (PRIV-3), so an entry
        whose key was destroyed is shown as such and never fails a whole page.
        """
        if entry.sealed is None:
            return Content()
        try:
            plain = await self._seals.open(entry.sealed, entry.entry_id)
            return _decoder.decode(plain)
        except NotFound:
            return Content(notices=("erased",))
        except (InvalidInput, msgspec.MsgspecError) as error:
            log.error(
                "an entry cannot be read",
                extra={
                    "event": "entry_unreadable",
                    "interaction": entry.interaction_id,
                    "entry": entry.entry_id,
                    "reason": type(error).__name__,
                },
            )
            return Content(notices=("unreadable",))

    async def seal(self, subject: SubjectId, entry_id: EntryId, content: Content) -> Sealed:
        """The content in a box that only the customer's key opens."""
        return await self._seals.seal(subject, entry_id, CONTENT_SCHEMA, _encoder.encode(content))


def summary(content: Content) -> str:
    """One line that says what it is about: the subject, or the first line of the words."""
    text = content.mail.subject if content.mail and content.mail.subject else ""
    if not text:
        text = next((line for line in content.text.splitlines() if line.strip()), "")
    return text.strip()[:SUMMARY_CHARACTERS]
