"""A name system in a table, which says what was asked of it."""

from typing_extensions import override

from channels.mail.verdicts import Answer, Resolver


class Table(Resolver):
    """Answers from ``records`` ("TXT example.org" to texts); ``broken`` names cannot be asked."""

    def __init__(
        self, records: dict[str, list[str]] | None = None, broken: tuple[str, ...] = ()
    ) -> None:
        self.records = records or {}
        self.broken = broken
        self.asked: list[str] = []

    @override
    async def lookup(self, name: str, kind: str) -> Answer:
        self.asked.append(f"{kind} {name}")
        if name in self.broken:
            return Answer(failed=True)
        return Answer(tuple(self.records.get(f"{kind} {name}", ())))
