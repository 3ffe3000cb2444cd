"""Which numbers may be dialled, by whom (SIP-8): denied by default, one policy for every way.

Desk, transfers, REFER, self-service and callbacks all ask here and nowhere else.
"""

import logging
import re
from collections import Counter, OrderedDict, deque

import msgspec

from channels.voice.settings import Dialling
from router.model.errors import Refused
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS, AgentId, Instant

log = logging.getLogger(__name__)
PREMIUM = (
    *("+1900", "+1976", "+44871", "+44872", "+44873", "+449", "+49900", "+49137", "+33899"),
    *("+33897", "+41900", "+41901", "+41906", "+43900", "+43930", "+43931", "+34803", "+34806"),
    *("+34807", "+39899", "+31900", "+31906", "+31909", "+32900", "+46900", "+46939", "+46944"),
    *(
        "+61190",
        "+86400",
    ),
)
"""National ranges that cost whoever calls them; a site adds its own to ``denied``."""

SATELLITE_AND_SHARED = (
    *("+870", "+878", "+881", "+882", "+883", "+888", "+979", "+8816", "+8817"),
    *("+675", "+677", "+678", "+682", "+686", "+688", "+690", "+247", "+239", "+252", "+224"),
)
"""Satellites, international networks, and the ranges that revenue-share fraud runs to."""

CALLBACKS_OPEN = 1
CALLBACKS_A_DAY = 3
CALLBACKS_A_SOURCE = 5
_REMEMBERED = 10_000


class Allowed(msgspec.Struct, frozen=True):
    """A number that may be dialled, as trunks want it, and whether it is abroad."""

    number: str
    abroad: bool = False
    emergency: bool = False


class DialPolicy:
    """The one policy. ``settings`` are those in force."""

    def __init__(self, settings: Dialling) -> None:
        self.settings = settings
        self._open: Counter[AgentId] = Counter()
        self._abroad_ms = 0
        self._day = 0
        self._promised: OrderedDict[str, deque[Instant]] = OrderedDict()
        self._asked: OrderedDict[str, deque[Instant]] = OrderedDict()
        self._waiting: Counter[str] = Counter()

    # -- numbers

    def judge(self, number: str, now: Instant, *, national_only: bool = False) -> Allowed:
        """The number as it is dialled. Raises Refused with ``not_allowed`` or ``bad_number``."""
        written = re.sub(r"[\s().\-/]", "", number)
        if written in self.settings.emergency:
            return Allowed(written, emergency=True)
        whole = self._whole(written)
        denied = (*PREMIUM, *SATELLITE_AND_SHARED, *self.settings.denied)
        if any(whole.startswith(prefix) for prefix in denied):
            raise Refused("this range of numbers is not called", code="not_allowed")
        if not any(whole.startswith(prefix) for prefix in self.settings.allowed):
            raise Refused("no rule allows this number", code="not_allowed")
        home = self.settings.home
        abroad = home is None or not whole.startswith(home)
        if abroad and national_only:
            raise Refused("only numbers of this country are called back", code="not_allowed")
        if abroad and not self._abroad_left(now):
            raise Refused("today's minutes abroad are used up", code="not_allowed")
        return Allowed(whole, abroad=abroad)

    def _whole(self, written: str) -> str:
        """The number in full (E.164). Raises Refused."""
        abroad, national, home = self.settings.abroad, self.settings.national, self.settings.home
        if written.startswith("+"):
            whole = written
        elif written.startswith(abroad):
            whole = f"+{written.removeprefix(abroad)}"
        elif home is not None and written.startswith(national):
            whole = f"{home}{written.removeprefix(national)}"
        else:
            raise Refused("write the number with its prefix", code="bad_number")
        if not re.fullmatch(r"\+[1-9][0-9]{4,14}", whole):
            raise Refused("this is no telephone number", code="bad_number")
        return whole

    # -- how much

    def begin(self, agent_id: AgentId | None) -> None:
        """An outgoing call begins. Raises Refused (``too_many``)."""
        if agent_id is None:
            return
        if self._open[agent_id] >= self.settings.calls_per_agent:
            raise Refused("as many calls as one may make at once", code="too_many")
        self._open[agent_id] += 1

    def end(self, agent_id: AgentId | None, allowed: Allowed, lasted_ms: int, now: Instant) -> None:
        """It ended; abroad its time counts."""
        if agent_id is not None:
            self._open[agent_id] -= 1
            if self._open[agent_id] <= 0:
                del self._open[agent_id]
        if allowed.abroad:
            self._new_day(now)
            before = self._abroad_ms
            self._abroad_ms += lasted_ms
            half_ms = self.settings.international_minutes_a_day * MINUTE_MS // 2
            if before < half_ms <= self._abroad_ms:
                log.warning("Half of today's minutes abroad are used up")

    def _abroad_left(self, now: Instant) -> bool:
        self._new_day(now)
        return self._abroad_ms < self.settings.international_minutes_a_day * MINUTE_MS

    def _new_day(self, now: Instant) -> None:
        day = now // DAY_MS
        if day != self._day:
            self._day, self._abroad_ms = day, 0

    # -- callbacks

    def promise(self, number: str, source: str, now: Instant) -> Allowed:
        """A callback is wanted by ``source`` (their caller id).

        Raises Refused: ``not_allowed``, ``bad_number``, or ``too_many``.
        """
        if not self.settings.callbacks:
            raise Refused("callbacks are not offered", code="not_allowed")
        allowed = self.judge(number, now, national_only=True)
        if allowed.emergency:
            raise Refused("this number is not called back", code="not_allowed")
        of_number = _recent(self._promised, allowed.number, now - DAY_MS)
        of_source = _recent(self._asked, source, now - HOUR_MS)
        if (
            self._waiting[allowed.number] >= CALLBACKS_OPEN
            or len(of_number) >= CALLBACKS_A_DAY
            or len(of_source) >= CALLBACKS_A_SOURCE
        ):
            raise Refused("enough callbacks were asked for", code="too_many")
        of_number.append(now)
        of_source.append(now)
        self._waiting[allowed.number] += 1
        return allowed

    def kept(self, number: str) -> None:
        """A callback is over, one way or the other."""
        self._waiting[number] -= 1
        if self._waiting[number] <= 0:
            del self._waiting[number]

    def waits(self, number: str) -> None:
        """A callback of before a restart is still open."""
        self._waiting[number] += 1


def _recent(kept: OrderedDict[str, deque[Instant]], key: str, since: int) -> deque[Instant]:
    """The moments of a key since then; keys not asked for longest are forgotten first."""
    found = kept.pop(key, deque())
    while found and found[0] <= since:
        found.popleft()
    kept[key] = found
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)
    return found
