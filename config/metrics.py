"""Figures for Prometheus, read from the running centre at the moment of each scrape.

Nothing is counted twice: what the floor knows is asked of the floor. Names follow Prometheus's
rules (base units, ``_total`` for what only grows); ``docs/metrics.md`` lists them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from typing_extensions import override

from config.logs import Limit
from config.reload import ReloadState
from router.model.views import QueueView
from router.ports import Clock, Floor

CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "carillon_"


class Head(Protocol):
    """Where the log ends."""

    def head(self) -> int:
        """The position of the last durable event."""
        ...


class Sources(msgspec.Struct, frozen=True):
    """Where the figures come from; each is asked at every scrape and must answer at once.

    ``followers`` are positions of those who read the log, by name; ``unwell`` the parts that are
    not well, with the reason; ``reload`` is None before the configuration is followed.
    """

    floor: Floor
    log: Head
    clock: Clock
    unwell: Callable[[], Mapping[str, str]]
    desks: Callable[[], int] = lambda: 0
    followers: Callable[[], Mapping[str, int]] = dict
    reload: Callable[[], ReloadState | None] = lambda: None
    limit: Limit | None = None


class Metrics:
    """The registry of one process."""

    def __init__(self, sources: Sources) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Centre(sources))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def text(self) -> bytes:
        """All figures in the text format; ``CONTENT_TYPE`` is its type."""
        return generate_latest(self.registry)


class _Centre(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before the first scrape: the centre may not run yet."""
        return []

    @override
    def collect(self) -> Iterable[Metric]:
        sources = self._sources
        yield from _conservation(sources.floor)
        yield from _queues(sources.floor.queues(), sources.clock.now())
        yield from _log(sources)
        unwell = _gauge("unwell", "Parts that are not well (1 each); none when all is", "part")
        for part in sources.unwell():
            unwell.add_metric([part], 1)
        yield unwell
        yield GaugeMetricFamily(f"{PREFIX}desks", "Desks connected", value=sources.desks())
        yield from _configuration(sources.reload())
        if sources.limit is not None:
            yield from _lines(sources.limit)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, labels=labels)


def _conservation(floor: Floor) -> Iterable[Metric]:
    law = floor.conservation()
    accepted = CounterMetricFamily(f"{PREFIX}interactions_accepted", "Interactions accepted")
    accepted.add_metric([], law.accepted)
    yield accepted
    states = _gauge("interactions", "Interactions by where they are", "state")
    for state in ("self_service", "waiting", "offered", "in_work", "finished"):
        states.add_metric([state], getattr(law, state))
    yield states
    yield GaugeMetricFamily(
        f"{PREFIX}conservation_balances",
        "1 while accepted = self_service + waiting + offered + in_work + finished",
        value=float(law.balances),
    )


def _queues(queues: Iterable[QueueView], now: int) -> Iterable[Metric]:
    waiting = _gauge("queue_waiting", "Interactions that wait", "queue")
    offered = _gauge("queue_offered", "Interactions that ring", "queue")
    engaged = _gauge("queue_engaged", "Interactions in work", "queue")
    longest = _gauge("queue_longest_wait_seconds", "Longest wait now, 0 without one", "queue")
    ready = _gauge("queue_agents_ready", "Agents who could take one more", "queue")
    signed_in = _gauge("queue_agents_signed_in", "Agents signed in", "queue")
    is_open = _gauge("queue_open", "1 within business hours", "queue")
    expected = _gauge(
        "queue_expected_wait_seconds", "Expected wait where it is known", "queue", "bound"
    )
    for view in queues:
        name = [str(view.queue)]
        since = view.longest_waiting_since
        waiting.add_metric(name, view.waiting)
        offered.add_metric(name, view.offered)
        engaged.add_metric(name, view.engaged)
        longest.add_metric(name, 0 if since is None else max(0, now - since) / 1_000)
        ready.add_metric(name, view.agents_ready)
        signed_in.add_metric(name, view.agents_signed_in)
        is_open.add_metric(name, float(view.open))
        if view.expected_wait is not None:
            expected.add_metric([*name, "low"], view.expected_wait.low_ms / 1_000)
            expected.add_metric([*name, "high"], view.expected_wait.high_ms / 1_000)
    yield from (waiting, offered, engaged, longest, ready, signed_in, is_open, expected)


def _log(sources: Sources) -> Iterable[Metric]:
    head = sources.log.head()
    events = CounterMetricFamily(f"{PREFIX}log_events", "Events in the log")
    events.add_metric([], head)
    yield events
    behind = _gauge("follower_behind_events", "Events a follower has not read yet", "follower")
    for name, position in sources.followers().items():
        behind.add_metric([name], max(0, head - position))
    yield behind


def _configuration(state: ReloadState | None) -> Iterable[Metric]:
    if state is None:
        return
    yield InfoMetricFamily(
        f"{PREFIX}configuration", "The version in force", value={"version": state.version}
    )
    yield GaugeMetricFamily(
        f"{PREFIX}configuration_since_seconds",
        "When it came into force, seconds since 1970",
        value=state.since / 1_000,
    )
    yield GaugeMetricFamily(
        f"{PREFIX}configuration_mistakes",
        "Mistakes in what was read last; while there are any, it is not in force",
        value=len(state.mistakes),
    )
    yield GaugeMetricFamily(
        f"{PREFIX}configuration_delayed",
        "1 while a good configuration could not be put in force",
        value=float(bool(state.trouble)),
    )


def _lines(limit: Limit) -> Iterable[Metric]:
    lines = CounterMetricFamily(f"{PREFIX}log_lines", "Lines logged", labels=["level"])
    for level, count in limit.lines.items():
        lines.add_metric([level], count)
    yield lines
    suppressed = CounterMetricFamily(
        f"{PREFIX}log_lines_suppressed", "Lines over the rate of their kind, not written"
    )
    suppressed.add_metric([], limit.suppressed)
    yield suppressed
