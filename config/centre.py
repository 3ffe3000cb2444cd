"""A centre with its doors: the desk's and the widget's web servers, live reload, log-ins."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter

import agent_desktop
from agent_desktop.accounts import open_accounts
from agent_desktop.context import Ports
from agent_desktop.permissions import Role
from agent_desktop.server import DeskServer, uvicorn_options
from agent_desktop.settings import Profile
from agent_desktop.settings import Site as DeskSite
from channels.dummy.demo import run_demo
from channels.dummy.people import CHAT, MAIL, Scene
from channels.dummy.post import Letters
from config import (
    admin,
    health,
    metrics_routes,
    proposal_routes,
    report_doors,
    setup_code,
)
from config.administration import Administration
from config.audit import Audit
from config.check import Loaded, load, load_texts
from config.checkpoints import Checkpoints
from config.defaults import Start, ports_of
from config.greeting import NewUser, Started, greeting, origin_of
from config.logs import Logs
from config.metrics import Metrics, Sources
from config.occupancy import Occupancy
from config.policy import policy_of
from config.proposals import Proposals
from config.redaction import secrets_of
from config.reload import Reload
from config.serving import Door
from config.settings_types import Settings
from config.setup_code import SetUpCode
from config.switchboard import Switchboard
from config.telling import TellingApplication
from config.versions import Versions
from config.whispers import Whispers
from config.wiring import Centre
from router.model.errors import InvalidInput, Refused
from router.model.ids import AgentId, Medium

LAB_USERS = {
    "mia": Role.AGENT,
    "tom": Role.AGENT,
    "sam": Role.SUPERVISOR,
    "max": Role.MANAGER,
    "ada": Role.ADMINISTRATOR,
}
"""The log-ins of a lab centre, made with random passwords at its first start (CFG-3)."""

STATIC = Path(agent_desktop.__file__).parent / "static"
"""The built pages of the desk."""


class Site:
    """Everything of one process, opened from the inside out and closed from the outside in."""

    def __init__(self, loaded: Loaded, start: Start | None = None) -> None:
        self.centre = Centre(loaded)
        self._start = start or Start()
        self._loaded = loaded
        folder, clock = loaded.folder, self.centre.clock
        storage = self.centre.settings.storage
        self._logs = Logs(self.centre.settings.log)
        self._versions = Versions(storage.versions_folder, clock)
        self._proposals = Proposals(storage.proposals_folder, clock)
        signed = Checkpoints(storage.checkpoints_file, storage.audit_key_file, clock)
        self._audit = Audit(storage.audit_file, clock, signed)
        self.reload = Reload(
            loaded,
            partial(load, folder, start=start),
            self.centre.put_in_force,
            self._adopt,
            clock,
            self._record,
        )
        self.administration = Administration(
            folder,
            partial(load_texts, start=start),
            self.reload,
            self._versions,
            self._audit,
            self.centre.hub,
        )
        self._open = AsyncExitStack()
        self.desk: DeskServer | None = None
        self._desk_site = desk_site(self.centre.settings, 0)
        self._desk_door: Door | None = None
        self._widget_door = Door(self.centre.media.application, "widget")
        self._new_users: list[NewUser] = []
        self._code: SetUpCode | None = None
        self._shown_code = ""

    async def open(self) -> None:
        """Start everything. Raises CarillonError with the reason when something does not start."""
        refuse_outside_the_lab(self._start, self.centre.settings)
        async with AsyncExitStack() as opening:
            self._logs.configure(self.centre.settings.log, secrets_of(self.centre.settings))
            self._logs.start()
            opening.callback(self._logs.stop)
            occupancy = Occupancy(self.centre.settings.storage.folder)
            occupancy.take()
            opening.callback(occupancy.release)
            await self.centre.open()
            opening.push_async_callback(self.centre.close)
            await self._make_users(opening)
            await self._open_audit(opening)
            await self._open_desk(opening)
            await self._open_widget(opening)
            await self._follow_configuration(opening)
            self._let_people_come(opening)
            self._open = opening.pop_all()

    async def close(self) -> None:
        """Stop everything, the doors first."""
        await self._open.aclose()

    @property
    def desk_port(self) -> int:
        """The port the desk is served on; 0 while it is not."""
        return self._desk_door.port if self._desk_door is not None else 0

    @property
    def widget_port(self) -> int:
        """The port the public site is served on; 0 while no channel has pages."""
        return self._widget_door.port

    async def greeting(self) -> str:
        """What a person who started the centre wants to read."""
        mail: Any = self.centre.media.of(Medium("mail"))
        return greeting(
            Started(
                settings=self.centre.settings,
                desk_port=self.desk_port,
                widget_port=self.widget_port,
                mail_port=mail.smtp_port if mail is not None else 0,
                new_users=self._new_users,
                code=self._shown_code,
                played=self._played(),
                unbuilt=not (STATIC / "index.html").is_file(),
            )
        )

    # -- the doors

    async def _make_users(self, opening: AsyncExitStack) -> None:
        """The lab's log-ins; elsewhere a code for the first account, if there is none (CFG-3)."""
        settings, clock = self.centre.settings, self.centre.clock
        url = settings.storage.database_url
        accounts = await opening.enter_async_context(open_accounts(url, clock, policy_of(settings)))
        if settings.lab:
            self._new_users = [
                NewUser(user, password, LAB_USERS[user].value)
                for user, password in await accounts.ensure_lab_users(LAB_USERS)
            ]
            return
        code = SetUpCode(accounts, clock)
        self._shown_code = await code.begin() or ""
        if self._shown_code:
            self._code = code

    async def _open_audit(self, opening: AsyncExitStack) -> None:
        await self._audit.open()
        signing = self.centre.spawn(self._audit.keep_signing(), "audit")

        async def end() -> None:
            signing.cancel()
            await asyncio.gather(signing, return_exceptions=True)

        opening.push_async_callback(end)

    async def _open_desk(self, opening: AsyncExitStack) -> None:
        whispers = Whispers(self.centre)
        self.desk = DeskServer(self._ports(whispers), self._routers())
        whispers.listen(self.desk)
        await self.desk.start()
        opening.push_async_callback(self.desk.stop)
        application = TellingApplication(self.desk.app)
        self._desk_door = Door(application, "desk", **uvicorn_options())
        opening.push_async_callback(self._desk_door.close)
        await self._desk_door.follow(self.centre.settings.desk)
        self._tell_desk(self.centre.settings)

    async def _open_widget(self, opening: AsyncExitStack) -> None:
        opening.push_async_callback(self._widget_door.close)
        await self._follow_widget(self.centre.settings)

    async def _follow_widget(self, settings: Settings) -> None:
        """The public site listens while a channel has pages to show there."""
        await self._widget_door.follow(settings.widget if self.centre.media.mounted else None)

    async def _follow_configuration(self, opening: AsyncExitStack) -> None:
        await self.reload.start()
        opening.push_async_callback(self.reload.stop)
        await self._record(self._loaded)

    def _let_people_come(self, opening: AsyncExitStack) -> None:
        """In a demonstration simulated customers come, and all agents but the first are played."""
        if not self._start.demo:
            return
        letters = self._letters()
        media = (CHAT, CHAT, MAIL) if letters is not None else (CHAT,)
        scene = Scene(media=media, agents=self._played())
        context = self.centre.context(Medium("dummy"), no_pages)
        playing = self.centre.spawn(run_demo(context, scene, letters), "demonstration")
        opening.callback(playing.cancel)

    def _letters(self) -> Letters | None:
        """Where simulated customers mail to, where the demonstration's own channel is in force."""
        mail: Any = self.centre.media.of(MAIL)
        settings: Any = self.centre.settings.channels.get(MAIL)
        answers = ports_of(self._start)[3]
        if mail is None or not mail.smtp_port or settings.relay is None:
            return None
        if (settings.relay.host, settings.relay.port) != ("127.0.0.1", answers):
            return None
        to = next(iter(settings.mailboxes.values())).address
        return Letters("127.0.0.1", mail.smtp_port, to, answers)

    def _played(self) -> tuple[AgentId, ...]:
        """The agents a demonstration plays: all but the first."""
        return tuple(self.centre.catalogue.agents)[1:] if self._start.demo else ()

    async def _adopt(self, settings: Settings) -> None:
        """Take new settings live, the new listeners before the old ones are let go.

        Raises CarillonError with the field that cannot be taken; the former ones stay then.
        """
        refuse_what_is_fixed(self.centre.settings, settings)
        async with AsyncExitStack() as moving:
            if self._desk_door is not None:
                await moving.enter_async_context(self._desk_door.prepared(settings.desk))
            if self.centre.media.mounted:
                await moving.enter_async_context(self._widget_door.prepared(settings.widget))
            await self.centre.adopt(settings)
        await self._follow_widget(settings)
        self._logs.configure(settings.log, secrets_of(settings))
        self._tell_desk(settings)

    def _tell_desk(self, settings: Settings) -> None:
        self._desk_site.become(desk_site(settings, self.desk_port))
        if self.desk is not None:
            self.desk.reconfigure(policy_of(settings))

    async def _record(self, loaded: Loaded) -> None:
        """Keep a version that is in force, for the history of the configuration."""
        version = loaded.catalogue.version if loaded.catalogue is not None else ""
        await asyncio.to_thread(self._versions.record, loaded.texts, version)

    # -- what the desk is given

    def _ports(self, whispers: Whispers) -> Ports:
        centre, stores = self.centre, self.centre.stores
        settings = centre.settings
        return Ports(
            inbox=centre.hub,
            feed=centre.hub,
            floor=centre.hub,
            clock=centre.clock,
            ids=centre.ids,
            seals=stores.seals,
            files=stores.files,
            customers=stores.customers,
            recordings=stores.recordings,
            history=centre.history.past,
            past=centre.hub.past,
            replies=lambda: centre.settings.replies,
            whispers=whispers,
            audit=self._audit,
            site=self._desk_site,
            database_url=settings.storage.database_url,
            static=STATIC,
            policy=policy_of(settings),
            telephones=Switchboard(centre.media),
        )

    def _routers(self) -> list[APIRouter]:
        figures = Metrics(
            Sources(
                floor=self.centre.hub,
                log=self.centre.hub,
                clock=self.centre.clock,
                unwell=self.health,
                desks=lambda: len(self.desk.desk.desks) if self.desk is not None else 0,
                followers=lambda: {"history": self.centre.history.projector.position},
                reload=lambda: self.reload.state,
                limit=self._logs.limit,
            )
        )
        # Before the configuration's own, which take any name for a section's.
        proposals = proposal_routes.routes(self.administration, self._proposals)
        administration = admin.routes(self.administration, self._versions)
        shown = metrics_routes.routes(figures, lambda: self.centre.settings)
        first = [setup_code.routes(self._code)] if self._code is not None else []
        reports = report_doors.routes(self.centre.history, lambda: self.centre.settings.site.zone)
        return [reports, proposals, administration, health.routes(self.health), shown, *first]

    def health(self) -> dict[str, str]:
        """What is not well, by part; empty when everything is."""
        found = dict(self.centre.health())
        if self.desk is not None:
            found.update(self.desk.health())
        return found


def no_pages(path: str, application: Any) -> None:
    """The demonstration's people have no pages to mount."""


def desk_site(settings: Settings, port: int) -> DeskSite:
    """What the desk must know of the site, by these settings and the port it listens on."""
    return DeskSite(
        origins=(origin_of(settings.desk, port),),
        profile=Profile(settings.site.profile),
        language=settings.site.languages[0],
        zone=settings.site.zone,
        trusted_proxies=settings.desk.trusted_proxies,
    )


def refuse_outside_the_lab(start: Start, settings: Settings) -> None:
    """Simulated customers are nothing for a real centre's reports. Raises InvalidInput."""
    word = "--demo" if start.demo else "--ports" if start.ports else ""
    if word and not settings.lab:
        raise InvalidInput(f"{word} is for the lab profile only", field="site.profile")


def refuse_what_is_fixed(former: Settings, settings: Settings) -> None:
    """A centre cannot change its kind or move its facts and keys while it works on them.

    Raises Refused (``fixed``) naming the settings.
    """
    pairs = (
        ("site.profile", former.site.profile, settings.site.profile),
        ("storage", former.storage, settings.storage),
        ("secrets", former.secrets, settings.secrets),
    )
    changed = [name for name, before, after in pairs if before != after]
    if changed:
        raise Refused(
            f"{', '.join(changed)} changed: stop the centre, move what it keeps, start it again",
            code="fixed",
        )
