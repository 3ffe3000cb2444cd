"""What happens on a leg besides talk: prompts, digits, secure mode, recordings."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from channels.voice.media.answers import (
    Collected,
    PlayDone,
    Pressed,
    Recorded,
    Tone,
)
from channels.voice.media.codings import Codec
from channels.voice.media.commands import (
    Collect,
    Detect,
    Discard,
    Dtmf,
    Fetch,
    Heard,
    Mix,
    Pause,
    Play,
    PutSound,
    Record,
    Secure,
    SetRemote,
    Stop,
    StopRecording,
)
from channels.voice.media.sealed_recordings import open_sealed
from channels.voice.media.tones import digit_sound
from router.model.recording import wav_head as head
from tests.channels.voice.media.room import HOST, Room, room
from tests.channels.voice.media.sounds import Samples, level_of, tone
from tests.channels.voice.media.test_tones import digits_in

KEY = b"k" * 32
LOW, HIGH = 440, 1_000


def wav_of(samples: Samples, rate_hz: int = 8_000) -> bytes:
    return head(rate_hz, 1, samples.nbytes) + samples.tobytes()


def stereo(room: Room, name: str) -> tuple[Samples, Samples]:
    """The two channels of a finished recording."""
    opened = open_sealed(io.BytesIO(room.writer.path(name).read_bytes()), KEY)
    assert not opened.torn
    with wave.open(io.BytesIO(b"".join(opened.wav()))) as file:
        both = np.frombuffer(file.readframes(1 << 30), np.int16).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def test_hold_is_music_for_one_and_silence_for_the_other(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller, agent = place.phone("caller"), place.phone("agent")
        caller.says, agent.says = tone(LOW, 1_000), tone(HIGH, 1_000)
        (tmp_path / "sounds" / "music.wav").write_bytes(wav_of(tone(600, 100)))
        place.bridge("caller", "agent")
        place.run(10)
        place.do(Mix(["caller", "agent"]), Play("caller", "hold", ["music"], repeat=True))
        place.run(60)
        assert level_of(caller.heard(30), 600) == pytest.approx(8_000, rel=0.1)
        assert level_of(caller.heard(30), HIGH) < 200
        assert not agent.heard(30).any()
        place.do(Stop("caller"))
        place.bridge("caller", "agent")
        place.run(10)
        assert level_of(caller.heard(5), HIGH) > 6_000
        assert place.wait_for(PlayDone).reason == "stopped"


def test_a_recording_has_one_side_left_and_the_other_right_and_silence_while_paused(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        caller, agent = place.phone("caller"), place.phone("agent", Codec.PCMA)
        caller.says, agent.says = tone(LOW, 1_000), tone(HIGH, 1_000)
        place.bridge("caller", "agent")
        place.run(10)
        place.do(Record("caller", "talk", KEY))
        place.run(50)
        place.do(Pause("talk"))
        place.run(50)
        place.do(Pause("talk", on=False))
        place.run(50)
        assert place.refusal(Fetch("talk")).code == "invalid"
        place.do(StopRecording("talk"))
        told = place.wait_for(Recorded)
        left, right = stereo(place, "talk")
        assert (told.duration_ms, told.lost_ms, told.message) == (3_000, 0, "")
        assert len(left) == 24_000
        for begin, end in ((0, 8_000), (16_000, 24_000)):
            assert level_of(left[begin:end], LOW) == pytest.approx(8_000, rel=0.1)
            assert level_of(right[begin:end], HIGH) == pytest.approx(8_000, rel=0.1)
            assert level_of(left[begin:end], HIGH) < 200
        assert not left[8_000:16_000].any()
        assert not right[8_000:16_000].any()
        assert told.size == place.writer.path("talk").stat().st_size
        assert place.refusal(Record("caller", "talk", KEY)).code == "exists"
        place.do(Discard("talk"))


def test_digits_are_collected_stop_the_prompt_and_end_by_number_terminator_or_silence(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        caller.says = tone(LOW, 1_000)
        (tmp_path / "sounds" / "menu.wav").write_bytes(wav_of(tone(600, 5_000)))
        place.run(5)
        place.do(
            Play("caller", "menu", ["menu"]), Collect("caller", "c1", digits_max=4, terminators="#")
        )
        place.run(20)
        for digit in "12#":
            caller.press(digit)
            place.run(3)
        assert place.wait_for(PlayDone).reason == "digit"
        first = place.wait_for(Collected)
        assert (first.digits, first.reason) == ("12", "terminator")
        place.do(Collect("caller", "c2", digits_max=2))
        caller.press("7")
        place.run(3)
        place.do(Heard("caller", "8"))
        second = place.wait_for(Collected)
        assert (second.digits, second.reason) == ("78", "enough")
        place.do(Collect("caller", "c3", first_ms=200))
        place.run(12)
        assert place.wait_for(Collected).reason == "silence"
        told = [event for event in place.events if isinstance(event, Pressed)]
        assert [event.digit for event in told if not event.ended] == ["1", "2", "#", "7", "8"]
        assert {event.how for event in told} == {"event", "signalling"}


def test_time_for_the_first_digit_begins_when_the_prompt_has_ended(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        place.phone("caller")
        (tmp_path / "sounds" / "menu.wav").write_bytes(wav_of(tone(600, 1_000)))
        place.do(Play("caller", "menu", ["menu"]), Collect("caller", "c", first_ms=200))
        assert place.wait_for(PlayDone).reason == "finished"
        assert not [event for event in place.events if isinstance(event, Collected)]
        assert place.wait_for(Collected).reason == "silence"


def test_digits_within_the_sound_are_heard_once_and_not_beside_named_ones(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        pause = np.zeros(800, np.int16)
        caller.says = np.concatenate(
            [pause, digit_sound("4", 100), pause, digit_sound("2", 100), pause]
        )
        place.do(Detect("caller"))
        place.run(len(caller.says) // 160 + 5)
        caller.says = None
        told = [event for event in place.events if isinstance(event, Pressed)]
        assert [event.digit for event in told if not event.ended] == ["4", "2"]
        assert all(60 <= event.duration_ms <= 140 for event in told if event.ended)
        place.events.clear()
        caller.press("9")
        caller.says = digit_sound("9", 200)
        place.run(12)
        assert [
            event.digit for event in place.events if isinstance(event, Pressed) and not event.ended
        ] == ["9"]


def test_a_fax_machine_that_calls_is_told(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        place.phone("caller").says = tone(1_100, 1_000)
        place.do(Detect("caller"))
        assert place.wait_for(Tone).tone == "fax_calling"


def test_a_digit_of_one_leg_is_pressed_towards_who_hears_it(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller, agent = place.phone("caller"), place.phone("agent")
        caller.says = agent.says = tone(LOW, 1_000)
        place.bridge("caller", "agent")
        place.run(5)
        caller.press("5")
        place.run(20)
        assert agent.digits() == "5"
        assert caller.digits() == ""
        place.do(Dtmf("caller", "0*"))
        place.run(25)
        assert caller.digits() == "0*"
        # The sound goes on in order behind the digits.
        sequences = [packet.sequence for packet in caller.packets]
        assert sequences == [(sequences[0] + at) % 65_536 for at in range(len(sequences))]


def test_who_takes_no_named_digits_is_sent_their_sound(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller", dtmf_type=None)
        place.do(Dtmf("caller", "159#"))
        place.run(50)
        assert digits_in(caller.heard()) == "159#"


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.G722])
def test_priv_5_in_secure_mode_no_digit_reaches_the_agent_or_the_recording(
    tmp_path: Path, codec: Codec
) -> None:
    """Attack 37's part of the sound: named, and within the sound, at any place."""
    with room(tmp_path) as place:
        caller, agent = place.phone("caller", codec), place.phone("agent")
        agent.says = tone(LOW, 1_000, peak=500)
        place.bridge("caller", "agent")
        place.do(Record("agent", "agent-side", KEY), Record("caller", "caller-side", KEY))
        place.do(Secure("caller"))
        place.run(5)
        for number, digit in enumerate("4111"):
            pressed = digit_sound(digit, 100)
            rate = caller.shape.rate_hz // 8_000
            caller.says = np.repeat(
                np.concatenate(
                    (np.zeros(400 + 37 * number, np.int16), pressed, np.zeros(2_000, np.int16))
                ),
                rate,
            )
            caller._at = 0
            place.run(len(caller.says) // 160 // rate)
        caller.says = None
        caller.press("7")
        place.run(20)
        told = [event for event in place.events if isinstance(event, Pressed) and not event.ended]
        assert "".join(event.digit for event in told) == "41117"
        assert all(event.secret for event in told)
        assert agent.digits() == ""
        assert digits_in(agent.heard()) == ""
        place.do(StopRecording("agent-side"), StopRecording("caller-side"))
        for _ in range(2):
            place.wait_for(Recorded)
        for name in ("agent-side", "caller-side"):
            for side in stereo(place, name):
                step = len(side) // len(stereo(place, "agent-side")[0])
                assert digits_in(side[::step]) == ""


def test_a_sound_comes_in_parts_and_what_is_none_is_refused(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        whole = wav_of(tone(600, 400, 16_000), 16_000)
        place.do(
            PutSound("tts/hello", whole[:5_000], first=True),
            PutSound("tts/hello", whole[5_000:], last=True),
        )
        place.do(Play("caller", "p", ["tts/hello"]))
        assert place.wait_for(PlayDone).reason == "finished"
        assert level_of(caller.heard(), 600) > 1_000
        assert "first part" in place.refusal(PutSound("other", b"x")).message
        assert "not a WAV" in place.refusal(PutSound("bad", b"x", first=True, last=True)).message
        assert "outside" in place.refusal(PutSound("a/../../x", b"x", first=True)).message
        place.do(Play("caller", "none", ["absent"]))
        done = place.wait_for(PlayDone)
        assert done.reason == "broken"
        assert "absent" in done.message


def test_a_masked_leg_may_change_to_a_wider_codec(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        caller.says = tone(LOW, 1_000)
        place.do(Secure("caller"))
        place.run(10)
        wide = SetRemote("caller", Codec.G722, 9, address=HOST, port=caller.port, known=True)
        place.do(wide)
        place.run(10)
        mask = place.leg("caller").mask
        assert mask is not None
        assert mask.rate_hz == 16_000
