"""CHAT-4: the counters that bound what one source or one conversation may do."""

import pytest

from channels.chat.limits import SOURCES_MAX, Bucket, Held, Window, source_of
from router.model.ids import Instant


def test_a_window_lets_its_limit_through_and_says_how_long_to_wait() -> None:
    window = Window(2, 1_000)
    assert window.take("a", Instant(0)) == 0
    assert window.take("a", Instant(400)) == 0
    assert window.take("a", Instant(500)) == 500
    assert window.take("b", Instant(500)) == 0
    assert window.take("a", Instant(1_000)) == 0
    assert window.take("a", Instant(1_399)) == 1


def test_a_window_forgets_the_source_unused_for_longest() -> None:
    window = Window(1, 10**9)
    for number in range(SOURCES_MAX + 1):
        assert window.take(str(number), Instant(number)) == 0
    assert window.take("0", Instant(SOURCES_MAX + 1)) == 0
    assert window.take(str(SOURCES_MAX), Instant(SOURCES_MAX + 2)) > 0


def test_what_is_held_is_bounded_and_given_back() -> None:
    held = Held(2)
    assert held.take("a")
    assert held.take("a")
    assert not held.take("a")
    assert held.take("b")
    held.give_back("a")
    assert held.take("a")


def test_a_bucket_refills_with_time() -> None:
    bucket = Bucket(10, 3, Instant(0))
    assert [bucket.take(Instant(0)) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(Instant(99))
    assert bucket.take(Instant(200))


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_source_is_an_address_or_a_64_network(host: str, source: str) -> None:
    assert source_of(host) == source
