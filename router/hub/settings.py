"""The hub's bounds, each with the value it has when nobody says otherwise."""

import msgspec


class HubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds and deadlines of the hub; durations in milliseconds.

    ``mailbox``: commands that may wait. ``batch``: commands decided before they are made durable
    together. ``append_ms``: how long the log may take for a batch. ``tail``: events kept in memory
    for followers. ``effects``: effects that may wait in memory for one medium (more are read from
    the log later). ``perform_ms``: how long a medium may take for one effect. ``snapshot_events``:
    how many events are folded before the next snapshot.
    """

    mailbox: int = 10_000
    batch: int = 200
    append_ms: int = 10_000
    tail: int = 20_000
    effects: int = 10_000
    perform_ms: int = 5_000
    snapshot_events: int = 50_000
    effects_saved_ms: int = 1_000
