"""Words not sent yet, kept on the server for their writer, sealed under the customer's key."""

from collections.abc import Sequence

import msgspec

from agent_desktop.shapes import DraftShape
from agent_desktop.store.desk import DeskRows, DraftRow
from router.model.errors import InvalidInput, NotFound, Refused
from router.model.ids import AgentId, EntryId, InteractionId, SubjectId
from router.ports import Clock
from router.seals import Seals

SCHEMA = "draft/1"


class StaleDraft(Refused):
    """The draft was changed elsewhere; ``newer`` is what is kept."""

    code = "stale"

    def __init__(self, newer: DraftShape) -> None:
        super().__init__("this draft was changed elsewhere")
        self.newer = newer


class Drafts:
    """Drafts over their table and the seals."""

    def __init__(self, rows: DeskRows, seals: Seals, clock: Clock) -> None:
        self._rows = rows
        self._seals = seals
        self._clock = clock

    async def of(self, agent_id: AgentId, interaction_id: InteractionId) -> Sequence[DraftShape]:
        """An agent's drafts in an interaction; one that cannot be opened any more is left out."""
        found = []
        for row in await self._rows.drafts(agent_id, interaction_id):
            try:
                plain = await self._seals.open(row.sealed, _place(agent_id, row.kind))
            except (NotFound, InvalidInput):
                continue
            text = msgspec.json.decode(plain, type=str)
            found.append(DraftShape(row.kind, text, row.revision))
        return found

    async def save(
        self,
        agent_id: AgentId,
        interaction_id: InteractionId,
        subject: SubjectId,
        draft: DraftShape,
    ) -> int:
        """Keep a draft that follows ``draft.revision``; its new revision. Raises StaleDraft."""
        plain = msgspec.json.encode(draft.text)
        row = DraftRow(
            agent_id=agent_id,
            interaction_id=interaction_id,
            kind=draft.kind,
            revision=draft.revision + 1,
            sealed=await self._seals.seal(subject, _place(agent_id, draft.kind), SCHEMA, plain),
            changed=self._clock.now(),
        )
        try:
            await self._rows.save_draft(row, draft.revision)
        except Refused as error:
            kept = [
                each for each in await self.of(agent_id, interaction_id) if each.kind == draft.kind
            ]
            raise StaleDraft(
                kept[0] if kept else DraftShape(draft.kind, "", row.revision)
            ) from error
        return row.revision

    async def clear(
        self, agent_id: AgentId, interaction_id: InteractionId, subject: SubjectId, kind: str
    ) -> DraftShape | None:
        """Empty a draft whose words were sent; what it is now, or None when there was none."""
        for kept in await self.of(agent_id, interaction_id):
            if kept.kind == kind and kept.text:
                empty = DraftShape(kind, "", kept.revision)
                revision = await self.save(agent_id, interaction_id, subject, empty)
                return DraftShape(kind, "", revision)
        return None


def _place(agent_id: AgentId, kind: str) -> EntryId:
    return EntryId(f"draft.{agent_id}.{kind}")
