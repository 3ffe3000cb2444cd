"""SIP-8: nothing is dialled that no rule allows; attack 37's premium numbers least of all."""

import pytest

from channels.voice.dialling import DialPolicy
from channels.voice.settings import Dialling
from router.model.errors import Refused
from router.model.ids import DAY_MS, HOUR_MS, AgentId, Instant

NOW = Instant(1_000 * DAY_MS)
HOME = Dialling(home="+49", allowed=("+49", "+33"), international_minutes_a_day=1)
MIA = AgentId("mia")


def refused(policy: DialPolicy, number: str, **more: bool) -> str:
    with pytest.raises(Refused) as caught:
        policy.judge(number, NOW, **more)
    return caught.value.code


def test_nothing_may_be_dialled_until_something_is_allowed() -> None:
    policy = DialPolicy(Dialling(home="+49"))
    assert refused(policy, "030 1234567") == "not_allowed"
    assert policy.judge("112", NOW).emergency, "emergency numbers always pass"


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("030 123-4567", "+49301234567"),
        ("+49 (30) 1234567", "+49301234567"),
        ("0049301234567", "+49301234567"),
    ],
)
def test_a_number_is_known_however_it_is_written(written: str, whole: str) -> None:
    assert DialPolicy(HOME).judge(written, NOW).number == whole


@pytest.mark.parametrize(
    "number",
    ["0900 123456", "+870 773 111 632", "00882 16 123456", "+8816 123 4567", "+979 1234567"],
)
def test_premium_satellite_and_shared_revenue_are_denied_above_all(number: str) -> None:
    everything = Dialling(
        home="+49",
        allowed=tuple(f"+{digit}" for digit in range(1, 10)),
        international_minutes_a_day=1_000,
    )
    assert refused(DialPolicy(everything), number) == "not_allowed"


@pytest.mark.parametrize("number", ["12345", "sip:me@example.test", "+49 30 12 x", "", "+0123456"])
def test_what_is_no_number_is_not_dialled(number: str) -> None:
    assert refused(DialPolicy(HOME), number) in {"bad_number", "not_allowed"}


def test_minutes_abroad_are_counted_and_end_with_the_budget() -> None:
    policy = DialPolicy(HOME)
    allowed = policy.judge("+33 1 23456789", NOW)
    assert allowed.abroad
    policy.begin(MIA)
    policy.end(MIA, allowed, 61_000, NOW)
    assert refused(policy, "+33 1 23456789") == "not_allowed"
    assert policy.judge("+33 1 23456789", Instant(NOW + DAY_MS)).abroad, "a new day"


def test_an_agent_makes_two_calls_at_once_at_most() -> None:
    policy = DialPolicy(HOME)
    policy.begin(MIA)
    policy.begin(MIA)
    with pytest.raises(Refused, match="as many"):
        policy.begin(MIA)
    policy.end(MIA, policy.judge("030123456", NOW), 0, NOW)
    policy.begin(MIA)


def test_callbacks_are_national_and_bounded() -> None:
    """One open and three a day for a number, five an hour for a source."""
    policy = DialPolicy(HOME)
    with pytest.raises(Refused, match="only numbers of this country"):
        policy.promise("+33123456789", "a", NOW)
    allowed = policy.promise("030123456", "a", NOW)
    with pytest.raises(Refused, match="enough"):
        policy.promise("030123456", "b", NOW)
    for _ in range(2):
        policy.kept(allowed.number)
        policy.promise("030123456", "a", NOW)
    policy.kept(allowed.number)
    with pytest.raises(Refused, match="enough"):
        policy.promise("030123456", "a", NOW)
    for number in ("030200001", "030200002"):
        policy.promise(number, "a", NOW)
    with pytest.raises(Refused, match="enough"):
        policy.promise("030200003", "a", NOW)
    policy.promise("030200003", "a", Instant(NOW + HOUR_MS))
