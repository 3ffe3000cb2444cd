"""What holds where a configuration says nothing: ``defaults.toml``, merged by two plain rules.

1. How media ring and how much fits (``media``, field by field), the reasons for not being ready
   (as a whole) and the classes of priority (name by name) hold unless the folder says otherwise.
2. The demonstration centre (queues, agents, rules ... and, apart from it, the channels) holds in
   the lab only, and only as a whole: where the folder has any of its sections, none is added.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from config.toml_folder import TomlFolder, parse_text

DEFAULTS_FILE = Path(__file__).with_name("defaults.toml")
DEMONSTRATION = frozenset(
    {
        "queue",
        "agent",
        "skill",
        "team",
        "rules",
        "rule",
        "plan",
        "hours",
        "holidays",
        "reply",
    }
)


def default_tree() -> dict[str, Any]:
    """What ``defaults.toml`` says."""
    return _defaults().tree


def _defaults() -> TomlFolder:
    return parse_text(DEFAULTS_FILE.read_text(encoding="utf-8"), DEFAULTS_FILE.name)


class Start(msgspec.Struct, frozen=True):
    """What the command that starts a lab centre says beside its folder.

    ``ports`` is the first of those taken where the folder names none: desk, public site, mail and
    the demonstration's own mail server, in this order; 0 leaves the usual ones. ``demo``: answers
    to mails go to simulated customers.
    """

    ports: int = 0
    demo: bool = False


USUAL_PORTS = (8080, 8081, 2525, 2526)


def ports_of(start: Start) -> tuple[int, ...]:
    """The ports of desk, public site, mail and the demonstration's mail server."""
    if not start.ports:
        return USUAL_PORTS
    return tuple(start.ports + number for number in range(len(USUAL_PORTS)))


def with_defaults(
    found: TomlFolder, installed: Collection[str] = (), start: Start | None = None
) -> None:
    """Add to a folder's tree what it leaves to the defaults, of channels those installed."""
    defaults = _started(_defaults(), start) if start is not None else _defaults()
    for name, text in defaults.tree.get("media", {}).items():
        for field, value in text.items():
            _add(found, defaults, ("media", name, field), value)
    if "not_ready" not in found.tree:
        _add(found, defaults, ("not_ready",), defaults.tree.get("not_ready", {}))
    for name, value in defaults.tree.get("priority", {}).items():
        _add(found, defaults, ("priority", name), value)
    site = found.tree.get("site")
    profile = site.get("profile", "lab") if isinstance(site, dict) else "lab"
    if profile != "lab":
        return
    for name in {"desk", "widget"} & defaults.tree.keys():
        _add(found, defaults, (name, "listen"), defaults.tree[name]["listen"])
    if not DEMONSTRATION & found.tree.keys():
        for section in sorted(DEMONSTRATION & defaults.tree.keys()):
            _add(found, defaults, (section,), defaults.tree[section])
    if "channels" not in found.tree:
        for name in defaults.tree["channels"].keys() & set(installed):
            _add(found, defaults, ("channels", name), defaults.tree["channels"][name])


def _started(defaults: TomlFolder, start: Start) -> TomlFolder:
    """The defaults as the command that started the centre wants them."""
    desk, widget, mail, post = (f"127.0.0.1:{port}" for port in ports_of(start))
    channels = defaults.tree["channels"]
    defaults.tree["desk"], defaults.tree["widget"] = {"listen": desk}, {"listen": widget}
    port = widget.rpartition(":")[2]
    origins = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1")]
    channels["chat"]["sites"]["demo"]["origins"] = origins
    channels["mail"]["incoming"] = {"listen": mail}
    if start.demo:
        host, _, port = post.rpartition(":")
        channels["mail"]["relay"] = {"host": host, "port": int(port), "security": "none"}
    return defaults


def _add(found: TomlFolder, defaults: TomlFolder, path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path unless the folder has one there (of whatever type)."""
    table: Any = found.tree
    for key in path[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            return
    if path[-1] in table:
        return
    table[path[-1]] = value
    for known, place in defaults.findings.places.items():
        if known[: len(path)] == path:
            found.findings.places.setdefault(known, place)
    for length in range(1, len(path)):
        place = defaults.findings.place(path[:length])
        found.findings.places.setdefault(path[:length], place)
