"""``look_up``: ask a company system by HTTP or SQL, with a way on when it does not answer."""

from collections.abc import Iterator

from msgspec import field
from typing_extensions import override

from ivr.asks import Found
from ivr.asks import LookUp as AskSystem
from ivr.node import Go, Node, Steps, Visit, ask_for


class LookUp(Node, frozen=True, kw_only=True, tag="look_up"):
    """Ask ``source``, a ``[look_up.NAME]`` of the configuration, with these ``values``.

    What it answers becomes values of the session. ``account`` names the value whose secret is
    tried here: after five wrong ones an hour, whoever calls, or three in one session, whatever the
    account, the way is ``locked`` (IVR-4).
    """

    source: str
    found: str
    not_found: str
    failed: str
    values: dict[str, str] = field(default_factory=dict)
    account: str = ""
    locked: str = ""

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """What can come of it."""
        yield "found", self.found
        yield "not_found", self.not_found
        yield "failed", self.failed
        if self.account:
            yield "locked", self.locked or self.failed

    @override
    def texts(self) -> Iterator[tuple[str, str]]:
        """What is asked with."""
        for name, text in self.values.items():
            yield f"values.{name}", text
        if self.account:
            yield "account", self.account

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ask; every outcome has its way on."""
        values = {name: visit.text(text) for name, text in self.values.items()}
        account = visit.text(self.account) if self.account else ""
        if account and not visit.may_try():
            return Go("locked", self.locked or self.failed)
        answer = yield from ask_for(AskSystem(self.source, values, account), Found)
        for name, value in answer.values.items():
            visit.set(name, value)
        if account and answer.outcome == "not_found":
            visit.note_wrong()
        ways = dict(self.exits())
        outcome = answer.outcome if answer.outcome in ways else "failed"
        return Go(outcome, ways[outcome])
