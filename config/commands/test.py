"""Play the written conversations of a configuration against its flows, without a sound or a wait.

Exit code 0: all went as they are written. 1: one did not, or the configuration has mistakes. 2:
called wrongly. ``--untested`` also lists the ways through the flows that no conversation takes.
"""

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatch

import msgspec

from config.check import Loaded, load
from config.flows import WrittenConversation, world_of
from config.folder import add_folder
from ivr.conversation import Went, play, untested
from ivr.session import World
from router.business_hours import is_open
from router.model.catalogue import Catalogue
from router.model.ids import Instant

NAME = "test"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon test``."""
    add_folder(parser)
    parser.add_argument(
        "names", nargs="*", help="conversations to play, such as balance or 'orders*' (all)"
    )
    parser.add_argument("--untested", action="store_true", help="list ways that none of them takes")
    parser.add_argument("--verbose", action="store_true", help="print what was said")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Play and print."""
    loaded = load(arguments.folder)
    if loaded.settings is None or loaded.catalogue is None:
        sys.stderr.writelines(f"mistake  {each}\n" for each in loaded.mistakes)
        return 1
    chosen = [
        each
        for each in loaded.conversations
        if not arguments.names
        or any(fnmatch(each.conversation.name, name) for name in arguments.names)
    ]
    if not chosen:
        sys.stderr.write("there is no such conversation\n")
        return 1
    went = {each.conversation.name: _play(each, loaded.catalogue, loaded) for each in chosen}
    missing = list(untested(loaded.settings.self_service.flows, went)) if arguments.untested else []
    failed = [each for each in chosen if went[each.conversation.name].failed_line >= 0]
    if arguments.json:
        sys.stdout.write(_json(chosen, went, missing))
    else:
        sys.stdout.write(_text(chosen, went, missing, verbose=arguments.verbose))
    return 1 if failed else 0


def _play(written: WrittenConversation, catalogue: Catalogue, loaded: Loaded) -> Went:
    settings = loaded.settings
    if settings is None:
        raise AssertionError("conversations are played on a configuration without mistakes")

    def open_now(name: str, now: Instant) -> bool:
        return name not in written.closed and is_open(catalogue.calendars[name], now)

    world: World = world_of(settings.self_service.flows, settings.site.zone, open_now)
    return play(written.conversation, world, written.began)


def _text(
    chosen: list[WrittenConversation],
    went: Mapping[str, Went],
    missing: list[tuple[str, str, str]],
    *,
    verbose: bool,
) -> str:
    lines = []
    for each in chosen:
        found = went[each.conversation.name]
        if found.failed_line < 0:
            lines.append(f"ok      {each.conversation.name}")
        else:
            place = each.places[found.failed_line]
            wanted = each.conversation.lines[found.failed_line]
            lines.append(f"FAILED  {each.conversation.name}")
            lines.append(f"        {place.file}:{place.line}: {wanted}")
            lines.append(f"        {found.message}")
        if verbose:
            lines += [f"          {line}" for line in found.transcript]
    lines += [f"no test takes  {flow}.{node}: {way}" for flow, node, way in missing]
    failures = sum(each.failed_line >= 0 for each in went.values())
    lines.append(f"{len(went) - failures} of {len(went)} conversations went as written")
    return "\n".join(lines) + "\n"


def _json(
    chosen: list[WrittenConversation],
    went: Mapping[str, Went],
    missing: list[tuple[str, str, str]],
) -> str:
    answer = {
        "ok": all(each.failed_line < 0 for each in went.values()),
        "conversations": [
            {
                "name": each.conversation.name,
                "at": datetime.fromtimestamp(each.began / 1_000, UTC).isoformat(),
                "ok": found.failed_line < 0,
                "file": each.places[found.failed_line].file if found.failed_line >= 0 else "",
                "line": each.places[found.failed_line].line if found.failed_line >= 0 else 0,
                "message": found.message,
                "transcript": found.transcript,
            }
            for each in chosen
            for found in (went[each.conversation.name],)
        ],
        "untested": missing,
    }
    return msgspec.json.encode(answer).decode() + "\n"
