"""A centre with its doors: the desk's and the widget's web servers, live reload, log-ins."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from fastapi import APIRouter

import agent_desktop
from agent_desktop.accounts import open_accounts
from agent_desktop.context import Ports
from agent_desktop.permissions import Role
from agent_desktop.server import DeskServer, uvicorn_options
from agent_desktop.settings import Profile
from agent_desktop.settings import Site as DeskSite
from channels.dummy.demo import run_demo
from channels.dummy.people import CHAT, Scene
from config import admin, health, metrics_routes, report_doors, setup_code
from config.administration import Administration
from config.audit import Audit
from config.check import Loaded, load, load_texts
from config.logs import Logs
from config.metrics import Metrics, Sources
from config.redaction import secrets_of
from config.reload import Reload
from config.serving import WebServer
from config.settings_types import Settings
from config.setup_code import SetUpCode
from config.telling import TellingApplication
from config.versions import Versions
from config.whispers import Whispers
from config.wiring import Centre
from router.model.errors import InvalidInput
from router.model.ids import Medium

LAB_USERS = {
    "mia": Role.AGENT,
    "tom": Role.AGENT,
    "sam": Role.SUPERVISOR,
    "max": Role.MANAGER,
    "ada": Role.ADMINISTRATOR,
}
"""The log-ins of a lab centre, made with random passwords at its first start (CFG-3)."""


class Site:
    """Everything of one process, opened from the inside out and closed from the outside in."""

    def __init__(self, loaded: Loaded, *, demo: bool = False) -> None:
        self.centre = Centre(loaded)
        self.demo = demo
        self._loaded = loaded
        folder, clock = loaded.folder, self.centre.clock
        storage = self.centre.settings.storage
        self._logs = Logs(self.centre.settings.log)
        self._versions = Versions(storage.versions_folder, clock)
        self._audit = Audit(storage.audit_file, clock)
        self.reload = Reload(
            loaded,
            lambda: load(folder),
            self.centre.put_in_force,
            self._adopt,
            clock,
            self._record,
        )
        self.administration = Administration(
            folder,
            load_texts,
            self.reload,
            self._versions,
            self._audit,
            self.centre.hub,
        )
        self._open = AsyncExitStack()
        self.desk: DeskServer | None = None
        self.desk_port = 0
        self.widget_port = 0
        self._new_users: list[tuple[str, str]] = []
        self._code: SetUpCode | None = None
        self._shown_code = ""

    async def open(self) -> None:
        """Start everything. Raises StorageFailed with the reason when something does not start."""
        async with AsyncExitStack() as opening:
            self._logs.configure(self.centre.settings.log, secrets_of(self.centre.settings))
            self._logs.start()
            opening.callback(self._logs.stop)
            await self.centre.open()
            opening.push_async_callback(self.centre.close)
            await self._make_users(opening)
            await self._open_desk(opening)
            await self._open_widget(opening)
            await self._follow_configuration(opening)
            self._let_people_come(opening)
            self._open = opening.pop_all()

    async def close(self) -> None:
        """Stop everything, the doors first."""
        await self._open.aclose()

    async def greeting(self) -> str:
        """What a person who started the centre wants to read."""
        settings = self.centre.settings
        lines = [f"{settings.site.name} runs ({settings.site.profile})."]
        lines.append(f"  desk    {settings.desk.public_origin}")
        if self.widget_port:
            lines.append(f"  chat    {settings.widget.public_origin}/demo")
        mail = settings.channels.get("mail")
        if mail is not None and mail.incoming is not None:
            addresses = ", ".join(box.address for box in mail.mailboxes.values())
            lines.append(f"  mail    smtp://{mail.incoming.listen}  for {addresses or 'nobody'}")
        lines.append(f"  files   {settings.folder}")
        if self._new_users:
            lines.append("  log-ins (shown once):")
            lines += [f"    {user:8}{password}" for user, password in self._new_users]
        elif self._shown_code:
            lines.append("  nobody can sign in yet: for 15 minutes, from this machine, once:")
            lines.append(f"    POST /api/v1/setup  code {self._shown_code}")
        elif settings.lab:
            lines.append("  log-ins were shown at the first start; `carillon user password NAME`")
        return "\n".join([*lines, "  stop with Ctrl+C", ""])

    # -- the doors

    async def _make_users(self, opening: AsyncExitStack) -> None:
        """The lab's log-ins; elsewhere a code for the first account, if there is none (CFG-3)."""
        settings, clock = self.centre.settings, self.centre.clock
        url = settings.storage.database_url
        accounts = await opening.enter_async_context(open_accounts(url, clock))
        if settings.lab:
            self._new_users = await accounts.ensure_lab_users(LAB_USERS)
            return
        code = SetUpCode(accounts, clock)
        self._shown_code = await code.begin() or ""
        if self._shown_code:
            self._code = code

    async def _open_desk(self, opening: AsyncExitStack) -> None:
        settings = self.centre.settings
        whispers = Whispers(self.centre)
        self.desk = DeskServer(self._ports(whispers), self._routers())
        whispers.listen(self.desk)
        await self.desk.start()
        opening.push_async_callback(self.desk.stop)
        application = TellingApplication(self.desk.app)
        server = WebServer(application, settings.desk, "desk", **uvicorn_options())
        await server.start()
        opening.push_async_callback(server.stop)
        self.desk_port = server.port

    async def _open_widget(self, opening: AsyncExitStack) -> None:
        if self.centre.widgets:
            listener = self.centre.settings.widget
            server = WebServer(self.centre.widget_application(), listener, "widget")
            await server.start()
            opening.push_async_callback(server.stop)
            self.widget_port = server.port

    async def _follow_configuration(self, opening: AsyncExitStack) -> None:
        await self._audit.open()
        await self.reload.start()
        opening.push_async_callback(self.reload.stop)
        await self._record(self._loaded)

    def _let_people_come(self, opening: AsyncExitStack) -> None:
        """In a demonstration simulated chat customers come; all agents but the first are played.

        Raises InvalidInput outside the lab: nobody wants these in a real centre's reports.
        """
        if not self.demo:
            return
        if not self.centre.settings.lab:
            raise InvalidInput("a demonstration runs in the lab profile only", field="site.profile")
        scene = Scene(media=(CHAT,), agents=tuple(self.centre.catalogue.agents)[1:])
        context = self.centre.context(Medium("dummy"))
        playing = self.centre.spawn(run_demo(context, scene), "demonstration")
        opening.callback(playing.cancel)

    async def _adopt(self, settings: Settings) -> None:
        self._logs.configure(settings.log, secrets_of(settings))
        await self.centre.adopt(settings)

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
            history=centre.history.past,
            replies=lambda: centre.settings.replies,
            whispers=whispers,
            site=DeskSite(
                origins=(settings.desk.public_origin,),
                profile=Profile(settings.site.profile),
                language=settings.site.languages[0],
                zone=settings.site.zone,
                trusted_proxies=settings.desk.trusted_proxies,
            ),
            database_url=settings.storage.database_url,
            static=Path(agent_desktop.__file__).parent / "static",
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
        administration = admin.routes(self.administration, self._versions, self._audit)
        shown = metrics_routes.routes(figures, lambda: self.centre.settings)
        first = [setup_code.routes(self._code)] if self._code is not None else []
        reports = report_doors.routes(
            self.centre.history.reading, lambda: self.centre.settings.site.zone
        )
        return [reports, administration, health.routes(self.health), shown, *first]

    def health(self) -> dict[str, str]:
        """What is not well, by part; empty when everything is."""
        found = dict(self.centre.health())
        if self.desk is not None:
            found.update(self.desk.health())
        return found
