"""Who hears whom, and who hears music."""

from channels.voice.arranging import Arrangement, Gathering, Seat, Watcher, arrange
from router.telephones import Watching

MIA = Seat("mia", lead=True)
TOM = Seat("tom")


def hears(arrangement: Arrangement, listener: str) -> set[str]:
    return {source for who, source, _ in arrangement.entries if who == listener}


def test_who_waits_hears_music() -> None:
    waiting = arrange(Gathering("caller"))
    assert waiting.music == {"caller"}
    assert waiting.entries == ()


def test_an_agent_and_the_customer_hear_each_other() -> None:
    bridged = arrange(Gathering("caller", (MIA,)))
    assert hears(bridged, "caller") == {"mia"}
    assert hears(bridged, "mia") == {"caller"}
    assert not bridged.music


def test_on_hold_the_customer_hears_music_and_is_heard_by_nobody() -> None:
    held = arrange(Gathering("caller", (MIA,), held=True))
    assert held.music == {"caller"}
    assert held.entries == ()
    assert set(held.listeners) == {"caller", "mia"}, "what they heard before ends"


def test_a_colleague_is_asked_in_private_until_all_are_gathered() -> None:
    private = arrange(Gathering("caller", (MIA, TOM)))
    assert hears(private, "mia") == {"tom"}
    assert hears(private, "caller") == set()
    assert private.music == {"caller"}
    together = arrange(Gathering("caller", (MIA, TOM), together=True))
    assert hears(together, "caller") == {"mia", "tom"}
    assert hears(together, "tom") == {"caller", "mia"}


def test_who_is_muted_hears_and_is_not_heard() -> None:
    muted = arrange(Gathering("caller", (Seat("mia", lead=True, muted=True),)))
    assert hears(muted, "caller") == set()
    assert hears(muted, "mia") == {"caller"}


def test_a_supervisor_listens_whispers_or_barges_in() -> None:
    def watched(how: Watching) -> Arrangement:
        return arrange(Gathering("caller", (MIA,), (Watcher("sam", how, "mia"),)))

    for how in Watching:
        assert hears(watched(how), "sam") == {"caller", "mia"}
    assert hears(watched(Watching.LISTEN), "mia") == {"caller"}
    assert hears(watched(Watching.WHISPER), "mia") == {"caller", "sam"}
    assert hears(watched(Watching.WHISPER), "caller") == {"mia"}
    assert hears(watched(Watching.BARGE), "caller") == {"mia", "sam"}


def test_what_is_said_to_the_customer_is_said_to_them_alone() -> None:
    told = arrange(Gathering("caller", (MIA,), busy=True))
    assert hears(told, "caller") == set()
    assert not told.music


def test_without_an_agent_the_customer_and_a_number_outside_go_on() -> None:
    outside = Seat("far", outside=True)
    bridged = arrange(Gathering("caller", (outside,), together=True))
    assert hears(bridged, "caller") == {"far"}
