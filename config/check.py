"""Reads a configuration folder and says everything that is wrong with it.

``load`` is what ``carillon check``, ``run`` and the live reload share.
"""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from channels.api import ChannelSpec, discover
from config.catalogue import build_catalogue
from config.catalogue_checks import warn_of_catalogue
from config.catalogue_names import Known
from config.catalogue_text import CentreText, parse_need
from config.decoding import Decoder, TextForm
from config.defaults import Start, with_defaults
from config.findings import FieldPath, Findings, Mistake, did_you_mean, undotted
from config.flows import (
    WrittenConversation,
    check_named_flows,
    conversations_of,
    self_service_of,
)
from config.quantities import parse_span
from config.references import SecretReader
from config.settings_checks import check_hours, check_settings
from config.settings_replies import replies_of
from config.settings_types import Listen, Settings, parse_listen
from config.toml_folder import TomlFolder, folder_of, read_folder
from router.model.catalogue import Catalogue, Span
from router.model.ids import Medium
from router.model.skills import Need
from router.strategies import strategies

PLANNED_MEDIA = frozenset({"chat", "fax", "mail", "voice"})
"""Media a configuration may speak of before their channel is installed."""

FORMS: dict[type, TextForm] = {Listen: parse_listen, Need: parse_need, Span: parse_span}


class Loaded(msgspec.Struct, frozen=True):
    """What a folder says. ``settings`` and ``catalogue`` are there when there are no mistakes."""

    folder: Path
    settings: Settings | None
    catalogue: Catalogue | None
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]
    texts: dict[str, str]
    left_out: int = 0
    conversations: tuple[WrittenConversation, ...] = ()


def load(
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    channels: Mapping[Medium, ChannelSpec] | None = None,
    today: date | None = None,
    start: Start | None = None,
) -> Loaded:
    """Read, decode and check a folder; never raises for what the folder holds.

    ``environment`` is where ``env:`` secrets come from (the process's own by default), ``channels``
    the installed channels (all that are found), ``today`` lets warnings know which holidays are
    over, ``start`` what the command that starts it says. Everything wrong is reported at once, in
    the order of the files.
    """
    return _loaded(read_folder(folder.absolute()), environment, channels, today, start)


def load_texts(
    folder: Path,
    texts: Mapping[str, str],
    *,
    environment: Mapping[str, str] | None = None,
    channels: Mapping[Medium, ChannelSpec] | None = None,
    today: date | None = None,
    start: Start | None = None,
) -> Loaded:
    """The same for texts that are not written yet, as if they stood in the folder."""
    return _loaded(folder_of(folder.absolute(), texts), environment, channels, today, start)


def _loaded(
    found: TomlFolder,
    environment: Mapping[str, str] | None,
    channels: Mapping[Medium, ChannelSpec] | None,
    today: date | None,
    start: Start | None,
) -> Loaded:
    folder, findings = found.folder, found.findings
    specs = discover() if channels is None else channels
    with_defaults(found, specs, start)
    secrets = SecretReader(folder, os.environ if environment is None else environment)
    decoder = Decoder(findings, secrets, FORMS)
    centre = decoder.decode(found.tree, CentreText, ()) or CentreText()
    known = Known(
        media=frozenset(specs) | PLANNED_MEDIA,
        strategies=frozenset(strategies()),
        whole=found.whole,
    )
    catalogue = build_catalogue(centre, found.tree, findings, known)
    settings = _settings(folder, centre, _channels(centre, specs, decoder, findings, folder), found)
    check_settings(settings, findings)
    conversations = conversations_of(centre, findings)
    if found.whole:
        check_hours(settings.channels, centre.hours, findings)
        check_named_flows(centre, settings.channels, specs, findings)
    good = not findings.mistakes
    if good and catalogue is not None:
        warn_of_catalogue(catalogue, findings, media=frozenset(settings.channels), today=today)
    return Loaded(
        folder=folder,
        settings=settings if good else None,
        catalogue=catalogue if good else None,
        mistakes=findings.mistakes,
        warnings=findings.warnings,
        texts=found.texts,
        left_out=findings.left_out,
        conversations=conversations,
    )


def _channels(
    centre: CentreText,
    specs: Mapping[Medium, ChannelSpec],
    decoder: Decoder,
    findings: Findings,
    folder: Path,
) -> dict[str, Any]:
    """Each channel's own settings, decoded by its own type and checked by its own check."""
    made: dict[str, Any] = {}
    for name, table in centre.channels.items():
        path: FieldPath = ("channels", name)
        spec = specs.get(Medium(name))
        if spec is None:
            hint = did_you_mean(name, specs)
            findings.mistake(path, f'no channel named "{name}" is installed{hint}')
            continue
        before = len(findings.mistakes)
        settings = decoder.decode(table, spec.settings, path)
        if settings is None or len(findings.mistakes) > before:
            continue
        settings = made[name] = _absolute(settings, folder)
        for field, message in spec.check(settings):
            findings.mistake((*path, *undotted(field)), message)
    return made


def _settings(
    folder: Path, centre: CentreText, channels: dict[str, Any], found: TomlFolder
) -> Settings:
    findings, whole = found.findings, found.whole
    storage = msgspec.structs.replace(
        centre.storage, folder=(folder / centre.storage.folder.expanduser()).absolute()
    )
    return Settings(
        folder=folder,
        site=centre.site,
        desk=_absolute(centre.desk, folder),
        widget=_absolute(centre.widget, folder),
        storage=storage,
        secrets=centre.secrets,
        limits=centre.limits,
        users=_absolute(centre.users, folder),
        recordings=centre.recordings,
        log=centre.log,
        metrics=centre.metrics,
        speech=msgspec.structs.replace(
            centre.speech,
            models={tag: folder / path for tag, path in centre.speech.models.items()},
        ),
        egress=centre.egress,
        channels=channels,
        replies=replies_of(centre, findings, whole=whole),
        self_service=self_service_of(centre, folder, findings, whole=whole),
    )


def _absolute(settings: Any, folder: Path) -> Any:
    """The same settings with every relative path starting at the configuration's folder."""
    changes = {
        field: folder / value.expanduser()
        for field in settings.__struct_fields__
        if isinstance(value := getattr(settings, field), Path)
    }
    return msgspec.structs.replace(settings, **changes)
