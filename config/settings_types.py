"""The settings of the process: what it listens on, where it stores, what it allows.

Durations are milliseconds here and ``"20 s"`` in the text (``idle_ms`` is written ``idle``), sizes
are bytes here and ``"25 MiB"`` there. ``le`` is the hard ceiling that ``carillon check`` enforces.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta
from typing_extensions import override

from ivr.flow import AnyLookUp, Flow
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS
from router.model.secret import Secret

Profile = Literal["lab", "production", "pci"]
"""``lab``: loopback only, nothing to set up. ``production``: everything must be said. ``pci``: the
same with the card rules."""

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=20_000)]
Titles = dict[str, Annotated[str, Meta(max_length=200)]]
"""Words by language, such as ``{ en = "Billing", zh-CN = "账单" }``."""


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all settings share."""


class Listen(msgspec.Struct, frozen=True):
    """An address to listen on; port 0 takes a free one."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_listen(text: object) -> Listen:
    """The address of ``"127.0.0.1:8080"``, ``"[::1]:8080"`` or ``"0.0.0.0:443"``."""
    wanted = 'write an address and a port such as "127.0.0.1:8080" or "[::1]:8080"'
    if not isinstance(text, str) or text.count(":") == 0:
        raise ValueError(wanted)
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(wanted)
    if host != "localhost":
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError(f'"{host}" is no IP address of this machine (nor localhost)') from None
    return Listen(host, int(port))


class SiteSettings(Plain, frozen=True):
    """``[site]``: what this centre is. ``zone`` is for clocks and rules that name none."""

    name: Name = "Carillon"
    profile: Profile = "lab"
    zone: Name = "UTC"
    languages: tuple[Name, ...] = ("en", "zh-CN")


class WebListener(Plain, frozen=True):
    """A web listener. ``origin`` is the address browsers use; empty: from ``listen``.

    TLS is served with ``certificate`` and ``private_key_file``; behind a proxy that does it,
    ``trusted_proxies`` names the networks whose forwarded headers are believed (WEB-10).
    """

    listen: Listen
    origin: str = ""
    certificate: Path | None = None
    private_key_file: Path | None = None
    trusted_proxies: tuple[str, ...] = ()

    @property
    def public_origin(self) -> str:
        """The origin of pages and sockets of this listener, without a closing slash."""
        if self.origin:
            return self.origin.rstrip("/")
        return f"{'https' if self.certificate else 'http'}://{self.listen}"

    @property
    def public_host(self) -> str:
        """The host name of the origin."""
        return urlsplit(self.public_origin).hostname or ""


class DeskSettings(WebListener, frozen=True):
    """``[desk]``: where agents, supervisors and the API are served."""

    listen: Listen = Listen("127.0.0.1", 8080)


class WidgetSettings(WebListener, frozen=True):
    """``[widget]``: where the chat widget is served, on a host of its own (CHAT-1)."""

    listen: Listen = Listen("127.0.0.1", 8081)


class StorageSettings(Plain, frozen=True):
    """``[storage]``: where facts, keys and files are kept.

    ``folder`` is for everything on disk. ``database`` is empty for SQLite files in that folder or
    ``postgresql://user@host/name``; ``keys`` likewise for the key store, which stands apart
    (DB-4). The URLs below are in libpq's and SQLAlchemy's common form, without a driver, and hold
    the password: never log them.
    """

    folder: Path = Path("data")
    database: str = ""
    password: Secret | None = None
    keys: str = ""
    keys_password: Secret | None = None

    @property
    def log_url(self) -> str:
        """Where the event log is."""
        return _url(self.database, self.password, self.folder / "log.db")

    @property
    def customers_url(self) -> str:
        """Where customers' cards are, sealed."""
        return _url(self.database, self.password, self.folder / "customers.db")

    @property
    def database_url(self) -> str:
        """Where users, sessions and the channels' own tables are."""
        return _url(self.database, self.password, self.folder / "carillon.db")

    @property
    def history_url(self) -> str:
        """Where the history for reports is."""
        return _url(self.database, self.password, self.folder / "history.db")

    @property
    def recordings_url(self) -> str:
        """Where it is known which recordings there are, and who listened."""
        return _url(self.database, self.password, self.folder / "recordings.db")

    @property
    def keys_url(self) -> str:
        """Where the customers' keys are."""
        return _url(self.keys, self.keys_password, self.folder / "keys" / "keys.db")

    @property
    def files_folder(self) -> Path:
        """Where sealed files lie."""
        return self.folder / "files"

    @property
    def versions_folder(self) -> Path:
        """Where the versions of the configuration lie."""
        return self.folder / "versions"

    @property
    def proposals_folder(self) -> Path:
        """Where proposed changes of the configuration lie."""
        return self.folder / "proposals"

    @property
    def audit_file(self) -> Path:
        """The audit of who changed what."""
        return self.folder / "audit.jsonl"

    @property
    def checkpoints_file(self) -> Path:
        """The signed checkpoints of the audit."""
        return self.folder / "audit.checkpoints.jsonl"

    @property
    def audit_key_file(self) -> Path:
        """The private key that signs them."""
        return self.folder / "keys" / "audit.key"


def _url(text: str, password: Secret | None, file: Path) -> str:
    if not text:
        return f"sqlite:///{file}"
    if password is None:
        return text
    scheme, _, rest = text.partition("://")
    place, slash, tail = rest.partition("/")
    user, _, host = place.rpartition("@")
    return f"{scheme}://{user}:{quote(password.reveal(), safe='')}@{host}{slash}{tail}"


class SecretSettings(Plain, frozen=True):
    """``[secrets]``: the key that wraps all customers' keys. Without it the lab makes one."""

    key_encryption_key: Secret | None = None


class LimitSettings(Plain, frozen=True):
    """``[limits]``: bounds of the whole site."""

    waiting: Annotated[int, Meta(ge=1, le=1_000_000)] = 200_000
    entries_per_interaction: Annotated[int, Meta(ge=10, le=20_000)] = 5_000
    finished_kept: Annotated[int, Meta(ge=0, le=200_000)] = 20_000
    desks: Annotated[int, Meta(ge=1, le=20_000)] = 6_000
    requests_per_s: Annotated[int, Meta(ge=1, le=200)] = 20
    request_burst: Annotated[int, Meta(ge=1, le=1_000)] = 60


class UserPolicy(Plain, frozen=True):
    """``[users]``: passwords and sessions (WEB-1 to WEB-4)."""

    password_min_length: Annotated[int, Meta(ge=12, le=64)] = 12
    session_idle_ms: Annotated[int, Meta(ge=MINUTE_MS, le=HOUR_MS)] = 30 * MINUTE_MS
    session_idle_supervisor_ms: Annotated[int, Meta(ge=MINUTE_MS, le=HOUR_MS)] = 15 * MINUTE_MS
    session_total_ms: Annotated[int, Meta(ge=HOUR_MS, le=DAY_MS)] = 12 * HOUR_MS
    sessions: Annotated[int, Meta(ge=1, le=10)] = 3
    failures_until_locked: Annotated[int, Meta(ge=3, le=20)] = 10
    locked_ms: Annotated[int, Meta(ge=MINUTE_MS, le=DAY_MS)] = 30 * MINUTE_MS
    breached_passwords: Path | None = None


class RecordingSettings(Plain, frozen=True):
    """``[recordings]``: how long calls' recordings and voicemails are kept (a hold keeps one
    longer), and how long agents may listen to those of their own calls; ``"0 s"``: not at all."""

    kept_ms: Annotated[int, Meta(ge=DAY_MS, le=400 * DAY_MS)] = 90 * DAY_MS
    agents_listen_ms: Annotated[int, Meta(ge=0, le=400 * DAY_MS)] = 30 * DAY_MS


class LogSettings(Plain, frozen=True):
    """``[log]``: ``auto`` is plain text on a terminal and JSON lines elsewhere."""

    format: Literal["auto", "json", "text"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class SpeechSettings(Plain, frozen=True):
    """``[speech]``: who speaks what nobody has recorded. ``auto``: piper where ``models`` (files by
    language) are named and it is installed, else espeak-ng; ``none``: recordings alone."""

    voice: Literal["auto", "espeak", "piper", "none"] = "auto"
    words_per_minute: Annotated[int, Meta(ge=80, le=400)] = 150
    models: dict[str, Path] = {}


class EgressSettings(Plain, frozen=True):
    """``[egress]``: ``internal`` names hosts of the company (``host:port``) that look-ups may ask
    though their addresses are no public ones (IVR-1)."""

    internal: Annotated[tuple[str, ...], Meta(max_length=200)] = ()


class MetricsSettings(Plain, frozen=True):
    """``[metrics]``: the token by which Prometheus may read ``/metrics``; without it people with
    the permission can, and in the lab everybody on this machine."""

    token: Secret | None = None


class ReplyText(Plain, frozen=True):
    """``[reply.NAME]``: a canned reply. ``text`` by language, with plain ``{customer.name}``
    fields; empty ``media``, ``queues`` and ``teams`` offer it everywhere."""

    title: Titles = {}
    text: dict[str, Text] = {}
    media: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class Reply(ReplyText, frozen=True, kw_only=True):
    """A canned reply with its name."""

    name: str


class FlowSettings(Plain, frozen=True):
    """Everything of the IVR: flows, the company systems they ask, and the folder of recordings."""

    flows: dict[str, Flow] = {}
    look_ups: dict[str, AnyLookUp] = {}
    prompts: Path = Path("prompts")


class Sections(Plain, frozen=True):
    """The sections of a configuration that are not routing, as they are written and used."""

    site: SiteSettings = SiteSettings()
    desk: DeskSettings = DeskSettings()
    widget: WidgetSettings = WidgetSettings()
    storage: StorageSettings = StorageSettings()
    secrets: SecretSettings = SecretSettings()
    limits: LimitSettings = LimitSettings()
    users: UserPolicy = UserPolicy()
    recordings: RecordingSettings = RecordingSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    speech: SpeechSettings = SpeechSettings()
    egress: EgressSettings = EgressSettings()


class Settings(Sections, frozen=True, kw_only=True):
    """Everything that is not routing, put together from a configuration in ``folder``.

    ``channels`` holds each channel's own settings by name; a channel that is not named is not run.
    """

    folder: Path
    channels: dict[str, Any] = {}
    replies: tuple[Reply, ...] = ()
    self_service: FlowSettings = FlowSettings()

    @property
    def lab(self) -> bool:
        """Whether this is the loopback demonstration that needs no set-up."""
        return self.site.profile == "lab"
