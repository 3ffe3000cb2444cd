"""Session timers (RFC 4028): what was agreed about them, and what a request or response says."""

import msgspec

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import parse_parameters, whole_number
from channels.voice.sip.message import Message, Request

SESSION_S = 1_800
LEAST_S = 90
"""The shortest interval the RFC allows, and the shortest we take."""
_MOST_S = 2**31


class Refreshing(msgspec.Struct, frozen=True):
    """How often a call proves that it is still there, and who does it."""

    interval_s: int
    by_us: bool

    @property
    def refresh_after_ms(self) -> int:
        """When whoever refreshes does it: at half the interval."""
        return self.interval_s * 500

    @property
    def over_after_ms(self) -> int:
        """When whoever waits gives up: somewhat before the interval ends (RFC 4028, 10)."""
        return (self.interval_s - min(32, self.interval_s // 3)) * 1_000


def asked_interval(message: Message) -> tuple[int, str] | None:
    """Interval and refresher of Session-Expires; None without one. Raises BadMessage."""
    text = message.first("session-expires")
    if text is None:
        return None
    number, semicolon, rest = text.partition(";")
    parameters = parse_parameters(semicolon + rest, "Session-Expires")
    return (
        whole_number(number, _MOST_S, "Session-Expires"),
        (parameters.get("refresher") or "").lower(),
    )


def too_short(request: Request) -> bool:
    """Whether a request asks for less than we take and can be told so (422)."""
    asked = asked_interval(request)
    return asked is not None and asked[0] < LEAST_S and "timer" in request.tokens("supported")


def settle_as_server(request: Request) -> tuple[Refreshing, dict[str, str]]:
    """What we decide about a request, with the headers of our 2xx.

    A sender that knows no session timers leaves the refreshing to us.
    """
    asked = asked_interval(request)
    theirs = "timer" in request.tokens("supported")
    least = request.number("min-se", LEAST_S, _MOST_S)
    wanted = asked[0] if asked else SESSION_S
    interval_s = max(min(wanted, SESSION_S), LEAST_S, least)
    by_us = not theirs or (asked is not None and asked[1] == "uas")
    headers = {"session-expires": f"{interval_s};refresher={'uas' if by_us else 'uac'}"}
    if not theirs:
        headers = {}
    elif not by_us:
        headers["require"] = "timer"
    return Refreshing(interval_s, by_us), headers


def settle_as_client(response: Message) -> Refreshing:
    """What a 2xx to our request decided. One that says nothing leaves the refreshing to us."""
    try:
        asked = asked_interval(response)
    except BadMessage:
        asked = None
    if asked is None or asked[0] < LEAST_S:
        return Refreshing(SESSION_S, by_us=True)
    return Refreshing(asked[0], by_us=asked[1] != "uas")


def offer_headers(interval_s: int = SESSION_S, least_s: int = LEAST_S) -> dict[str, str]:
    """The headers of a request of ours that begins or refreshes."""
    return {"session-expires": str(max(interval_s, least_s)), "min-se": str(least_s)}
