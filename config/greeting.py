"""What a person who started the centre wants to read: where things are, and who can sign in."""

import sys
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from config.settings_types import Settings, WebListener


class NewUser(msgspec.Struct, frozen=True):
    """A log-in that was made just now; its password is shown this once."""

    user: str
    password: str
    role: str


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """How a centre came up. Ports are those taken; 0 is not served."""

    settings: Settings
    desk_port: int
    widget_port: int
    mail_port: int = 0
    new_users: Sequence[NewUser] = ()
    code: str = ""
    played: Collection[str] = ()
    unbuilt: bool = False


def greeting(started: Started) -> str:
    """The lines a started centre prints."""
    settings = started.settings
    lines = [f"{settings.site.name} runs ({settings.site.profile})."]
    lines.append(f"  desk    {origin_of(settings.desk, started.desk_port)}")
    if started.widget_port:
        origin = origin_of(settings.widget, started.widget_port)
        page = "/demo" if getattr(settings.channels.get("chat"), "demo", False) else ""
        lines.append(f"  chat    {origin}{page}")
    mail: Any = settings.channels.get("mail")
    if mail is not None and started.mail_port:
        host = mail.incoming.listen.rpartition(":")[0]
        addresses = ", ".join(box.address for box in mail.mailboxes.values())
        lines.append(f"  mail    smtp://{host}:{started.mail_port}  for {addresses or 'nobody'}")
    lines.append(f"  files   {settings.folder}")
    lines += _log_ins(started)
    if started.unbuilt:
        lines.append("  the pages are not built: run `make setup`, then start again")
    return "\n".join([*lines, "  stop with Ctrl+C", ""])


def origin_of(listener: WebListener, port: int) -> str:
    """The origin of a listener; one that takes any free port has the port it took."""
    if listener.origin or listener.listen.port:
        return listener.public_origin
    return f"{listener.public_origin.rpartition(':')[0]}:{port}"


def _log_ins(started: Started) -> list[str]:
    if started.new_users:
        lines = ["  log-ins (shown once):"]
        for each in started.new_users:
            played = ", played by the demonstration" if each.user in started.played else ""
            lines.append(f"    {each.user:8}{each.password}  {each.role}{played}")
        return lines
    if started.code:
        return [
            "  nobody can sign in yet: for 15 minutes, from this machine, once:",
            f"    POST /api/v1/setup  code {started.code}",
        ]
    if started.settings.lab:
        program = sys.argv[0] if sys.argv[0].endswith("carillon") else "carillon"
        return [
            "  log-ins were shown at the first start; a new password:",
            f"    {program} user --folder {started.settings.folder} password NAME",
        ]
    return []
