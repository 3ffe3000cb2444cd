"""Set-ups that are known to be dangerous (CFG-1): each is a mistake, not advice."""

import ipaddress
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.findings import FieldPath, Findings, did_you_mean
from config.references import read_private_text
from config.settings_types import Settings, WebListener, parse_listen

_LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1"})
TOKEN_MIN = 32
"""Characters of a token that opens something to programs."""

_DATABASES = frozenset({"postgresql"})


def check_settings(settings: Settings, findings: Findings) -> None:
    """Note every dangerous set-up of the whole process."""
    _check_listener("desk", settings.desk, settings, findings)
    _check_listener("widget", settings.widget, settings, findings)
    _check_hosts(settings, findings)
    _check_storage(settings, findings)
    _check_folder(settings.folder, findings)
    _check_mail_domains(settings, findings)
    _check_channels(settings, findings)
    if not settings.lab:
        _check_production(settings, findings)


def _check_production(settings: Settings, findings: Findings) -> None:
    if settings.log.level == "debug":
        findings.mistake(("log", "level"), "debugging shows secrets; not in production")
    key = ("secrets", "key_encryption_key")
    if settings.secrets.key_encryption_key is None and not findings.written(key):
        findings.mistake(
            key,
            'is missing: name the key that wraps all others, as "file:..." or "cred:..."',
        )
    for path, secret in (
        (("metrics", "token"), settings.metrics.token),
        (key, settings.secrets.key_encryption_key),
    ):
        if secret is not None and len(secret.reveal()) < TOKEN_MIN:
            findings.mistake(path, f"is shorter than {TOKEN_MIN} characters and can be guessed")


def _check_listener(
    name: str, listener: WebListener, settings: Settings, findings: Findings
) -> None:
    path: FieldPath = (name,)
    if not listener.listen.loopback:
        if settings.lab:
            findings.mistake(
                (*path, "listen"),
                f"the lab listens on this machine only, not on {listener.listen};"
                ' set profile = "production" in [site]',
            )
        if listener.certificate is None and not listener.trusted_proxies:
            findings.mistake(
                (*path, "listen"),
                "beyond this machine TLS is needed: set certificate and private_key_file,"
                " or trusted_proxies for a proxy that does it",
            )
    _check_certificate(path, listener, findings)
    for index, network in enumerate(listener.trusted_proxies):
        _check_network((*path, "trusted_proxies", index), network, findings)
    if listener.origin:
        _check_origin((*path, "origin"), listener.origin, findings, lab=settings.lab)
    elif not settings.lab:
        findings.mistake(
            path, 'in production "origin" must say the address browsers use, as https://...'
        )


def _check_certificate(path: FieldPath, listener: WebListener, findings: Findings) -> None:
    certificate, key = listener.certificate, listener.private_key_file
    if (certificate is None) != (key is None):
        missing = "private_key_file" if key is None else "certificate"
        findings.mistake(
            path, f'certificate and private_key_file go together; "{missing}" is missing'
        )
    if certificate is not None and not certificate.is_file():
        findings.mistake((*path, "certificate"), f"{certificate} is not a file")
    if key is not None:
        try:
            read_private_text(key)
        except ValueError as error:
            findings.mistake((*path, "private_key_file"), str(error))


def _check_network(path: FieldPath, text: str, findings: Findings) -> None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        findings.mistake(path, f"not a network such as 10.0.0.0/24: {error}")
        return
    if network.prefixlen == 0:
        findings.mistake(path, "believes the forwarded headers of the whole world")


def _check_origin(path: FieldPath, origin: str, findings: Findings, *, lab: bool) -> None:
    """An origin is scheme, host and port: no path, no wildcard; https outside the lab."""
    if "*" in origin:
        findings.mistake(path, "an origin is one address, without *")
        return
    parts = urlsplit(origin)
    try:
        parts.port  # noqa: B018 - the property raises for a port that is none
    except ValueError:
        findings.mistake(path, f'"{origin}" has a port that is none')
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        findings.mistake(path, f'"{origin}" is not an origin such as https://desk.example.org')
    elif parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        findings.mistake(path, "an origin has no path, query or user")
    elif parts.scheme == "http" and not (lab and _local(parts.hostname)):
        findings.mistake(path, "must be https:// (http:// only for this machine, in the lab)")


def _local(host: str) -> bool:
    return host in _LOCAL_HOSTS or host.endswith(".localhost")


def _check_hosts(settings: Settings, findings: Findings) -> None:
    desk, widget = settings.desk, settings.widget
    if desk.listen.port and desk.listen == widget.listen:
        findings.mistake(("widget", "listen"), f"{widget.listen} is taken by the desk already")
    if not settings.lab and desk.public_host and desk.public_host == widget.public_host:
        findings.mistake(
            ("widget", "origin"),
            f"{widget.public_host} is the desk's host too; the widget needs its own (CHAT-1)",
        )


def _check_storage(settings: Settings, findings: Findings) -> None:
    storage = settings.storage
    for field, text in (("database", storage.database), ("keys", storage.keys)):
        if text:
            _check_store(field, text, findings)
    if storage.keys and _server(storage.keys) == _server(storage.database):
        findings.mistake(
            ("storage", "keys"), "the keys must not lie in the database they protect (DB-4)"
        )


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.path


def _check_store(field: str, text: str, findings: Findings) -> None:
    path: FieldPath = ("storage", field)
    parts = urlsplit(text)
    if parts.password:
        findings.mistake(
            path, f'has a password in it; take it out and set {_password_field(field)} = "env:..."'
        )
        return
    if parts.scheme not in _DATABASES:
        names = ", ".join(sorted(_DATABASES))
        findings.mistake(path, f'"{parts.scheme}://" is not one of {names}')
    elif not _local(parts.hostname or "") and "sslmode=verify-full" not in parts.query:
        findings.mistake(path, "beyond this machine add ?sslmode=verify-full (DB-2)")


def _password_field(field: str) -> str:
    return "password" if field == "database" else f"{field}_password"


def _check_folder(folder: Path, findings: Findings) -> None:
    """Whoever can write the configuration decides who may log in."""
    for path in (folder, *sorted(folder.glob("*.toml"))):
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH and not (path.is_dir() and mode & stat.S_ISVTX):
            name = path.name if path != folder else str(folder)
            findings.mistake((), f"{name} can be written by everybody; chmod o-w")


def _check_mail_domains(settings: Settings, findings: Findings) -> None:
    """A mailbox on the host people log in to lets a mail become a log-in (MAIL-6)."""
    host = settings.desk.public_host
    if not host or _local(host):
        return
    for path, address in _texts(settings.channels, ("channels",)):
        domain = address.rpartition("@")[2].lower()
        if "@" in address and " " not in address and domain == host:
            findings.mistake(
                path, f"a mailbox must not live on {host}, where people log in (MAIL-6)"
            )


def _check_channels(settings: Settings, findings: Findings) -> None:
    """What holds for every channel, whatever its own check says: origins one by one, the lab
    on this machine only."""
    for path, text in _texts(settings.channels, ("channels",)):
        if findings.wrong_at(path) or not text:
            continue
        if any(isinstance(part, str) and part in {"origin", "origins"} for part in path):
            _check_origin(path, text, findings, lab=settings.lab)
        elif path[-1] == "listen" and settings.lab:
            _check_lab_listen(path, text, findings)


def check_hours(channels: Mapping[str, Any], hours: Collection[str], findings: Findings) -> None:
    """Channels name business hours too; those must exist."""
    for path, text in _texts(channels, ("channels",)):
        if path[-1] == "calendar" and text and text not in hours:
            hint = did_you_mean(text, hours)
            findings.mistake(path, f'no hours are named "{text}"{hint}')


def _check_lab_listen(path: FieldPath, text: str, findings: Findings) -> None:
    try:
        listen = parse_listen(text)
    except ValueError as error:
        findings.mistake(path, str(error))
        return
    if not listen.loopback:
        findings.mistake(path, f"the lab listens on this machine only, not on {text}")


def _texts(value: Any, path: FieldPath) -> Iterable[tuple[FieldPath, str]]:
    """Every text in a tree of settings with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))
    elif hasattr(value, "__struct_fields__"):
        for field in value.__struct_fields__:
            yield from _texts(getattr(value, field), (*path, field))
