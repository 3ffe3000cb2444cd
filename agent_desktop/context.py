"""The desk with everything it stands on, as its routes and sockets reach it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent_desktop.accounts import Accounts
from agent_desktop.audit import Audit, AuditTrail
from agent_desktop.auth import Sessions
from agent_desktop.desks import Desks
from agent_desktop.drafts import Drafts
from agent_desktop.finding import Finding
from agent_desktop.glimpses import Glimpses
from agent_desktop.history import History
from agent_desktop.items import Items
from agent_desktop.listening import Listenings
from agent_desktop.live import Whispers
from agent_desktop.news import News
from agent_desktop.permissions import Permission, Scope
from agent_desktop.pictures import Pictures
from agent_desktop.principal import Principal
from agent_desktop.settings import Policy, Site, UserSettings
from agent_desktop.store.desk import DeskRows
from agent_desktop.visibility import Sight
from agent_desktop.words import Words
from router.ports import Clock, Feed, Floor, Ids, Inbox, Past
from router.seals import Customers, Files, Recordings, Seals
from router.telephones import Telephones


class Canned(Protocol):
    """One canned reply: a title and a text by language, for some queues, teams and media."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def title(self) -> dict[str, str]:
        """What agents call it, by language."""
        ...

    @property
    def text(self) -> dict[str, str]:
        """Its words by language, with plain ``{fields}``."""
        ...

    @property
    def media(self) -> tuple[str, ...]:
        """The media it is for; empty is all."""
        ...

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues it is for; empty is all."""
        ...

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams it is for; empty is all."""
        ...


class Replies(Protocol):
    """Where canned replies come from; asked anew each time, as the configuration may change."""

    def __call__(self) -> Sequence[Canned]:
        """All canned replies."""
        ...


class Ports(msgspec.Struct, frozen=True):
    """What wiring gives the desk. ``static`` is the folder of the built pages.

    Without ``telephones`` there are no calls and none will come.
    """

    inbox: Inbox
    feed: Feed
    floor: Floor
    clock: Clock
    ids: Ids
    seals: Seals
    files: Files
    customers: Customers
    recordings: Recordings
    history: History
    past: Past
    replies: Replies
    whispers: Whispers
    audit: AuditTrail
    site: Site
    database_url: str
    static: Path
    policy: Policy = Policy()
    telephones: Telephones | None = None


class Desk(msgspec.Struct, frozen=True):
    """The desk's parts, built once by ``agent_desktop.server``."""

    ports: Ports
    clock: Clock
    sessions: Sessions
    accounts: Accounts
    audit: Audit
    sight: Sight
    items: Items
    words: Words
    glimpses: Glimpses
    drafts: Drafts
    rows: DeskRows
    desks: Desks
    news: News
    finding: Finding
    pictures: Pictures
    listenings: Listenings

    async def settings_of(self, user: str) -> dict[str, Any]:
        """A user's own settings, with what is usual where they have set nothing."""
        stored = await self.rows.settings(user)
        own: dict[str, Any] = msgspec.json.decode(stored) if stored else {}
        usual = msgspec.to_builtins(UserSettings(language=self.ports.site.language))
        return {**usual, **own}

    async def signed_out(self, principal: Principal) -> None:
        """Somebody signed out on purpose: so does their agent, unless another session is open."""
        if principal.grant(Permission.WORK).scope == Scope.NONE:
            return
        if not await self.sessions.of_user(principal.user):
            await self.desks.signed_out(principal.agent_id)
