"""Session descriptions: what is read from real ones, what is refused, and offers and answers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.offers import LocalMedia, Negotiation
from channels.voice.sip.sdp import Codec, Description, Media, parse_description

PCMU, PCMA = Codec(0, "PCMU"), Codec(8, "PCMA")
NOWHERE = "0.0.0.0"  # noqa: S104 -- the old way to say hold
OPUS = Codec(111, "opus", 48_000, 2)
LOCAL = LocalMedia(address="192.0.2.1", port=10_000, codecs=(PCMU, PCMA))

BROWSER = """v=0
o=- 4611733055 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=msid-semantic: WMS stream
m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 192.0.2.9 46243 typ host generation 0
a=candidate:bad
a=ice-ufrag:EsAw
a=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y
a=fingerprint:sha-256 49:66:12
a=setup:actpass
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=rtpmap:96 VP8/90000
""".replace("\n", "\r\n").encode()


def plain(*lines: str, address: str = "192.0.2.9") -> Description:
    head = ["v=0", f"o=x 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    return parse_description("\r\n".join([*head, *lines, ""]).encode())


def test_what_a_browser_offers_is_read() -> None:
    offer = parse_description(BROWSER)
    audio, video = offer.media
    assert [codec.name for codec in audio.codecs()] == [
        "opus",
        "PCMU",
        "PCMA",
        "telephone-event",
        "telephone-event",
    ]
    assert audio.codecs()[0] == Codec(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1")
    (candidate,) = audio.candidates()
    assert (candidate.address, candidate.port, candidate.kind) == ("192.0.2.9", 46243, "host")
    assert offer.value_of(audio, "fingerprint") == "sha-256 49:66:12"
    assert offer.value_of(audio, "setup") == "actpass"
    assert offer.value_of(audio, "group") == "BUNDLE 0"
    assert (video.kind, video.value("mid")) == ("video", "1")
    assert parse_description(offer.encode()) == offer


def test_an_answer_mirrors_every_line_and_keeps_the_numbers_of_the_offer() -> None:
    """Pitfall: the digits' number and clock are the offer's, and refused lines stay at port 0."""
    local = LocalMedia(
        address="192.0.2.1",
        port=10_000,
        codecs=(OPUS, PCMU),
        protocols=("UDP/TLS/RTP/SAVPF",),
        attributes=(("rtcp-mux", None), ("setup", "passive")),
        session_attributes=(("group", "BUNDLE 0"), ("ice-lite", None)),
    )
    answer, agreed = Negotiation("7").answer(parse_description(BROWSER), local)
    audio, video = parse_description(answer.encode()).media
    assert (audio.formats, audio.protocol) == (("111", "110"), "UDP/TLS/RTP/SAVPF")
    assert (video.port, video.formats, video.value("mid")) == (0, ("96",), "1")
    assert audio.value("mid") == "0"
    assert (agreed.codec.name, agreed.digits) == ("opus", Codec(110, "telephone-event", 48_000))
    assert agreed.media.candidates()[0].port == 46243


@pytest.mark.parametrize("payload", [96, 101, 126])
def test_digits_keep_whatever_number_they_were_offered_under(payload: int) -> None:
    offer = plain(
        f"m=audio 4000 RTP/AVP 8 {payload}",
        f"a=rtpmap:{payload} telephone-event/8000",
        "a=ptime:30",
    )
    answer, agreed = Negotiation("1").answer(offer, LOCAL)
    assert agreed.digits == Codec(payload, "telephone-event")
    assert (agreed.codec, agreed.ptime_ms) == (PCMA, 30)
    assert (agreed.address, agreed.port) == ("192.0.2.9", 4000)
    assert answer.media[0].formats == ("8", str(payload))
    assert answer.media[0].value("ptime") == "30"
    without = Negotiation("1").answer(offer, msgspec.structs.replace(LOCAL, digits=False))[1]
    assert without.digits is None


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
    ],
)
def test_directions_are_answered_by_what_both_allow(theirs: str, wanted: str, ours: str) -> None:
    offer = plain("m=audio 4000 RTP/AVP 0", f"a={theirs}")
    local = msgspec.structs.replace(LOCAL, direction=wanted)
    answer, agreed = Negotiation("1").answer(offer, local)
    assert answer.direction_of(answer.media[0]) == agreed.direction == ours


def test_both_ways_of_holding_are_seen() -> None:
    new = Negotiation("1").answer(plain("m=audio 4000 RTP/AVP 0", "a=sendonly"), LOCAL)[1]
    old = Negotiation("1").answer(plain("m=audio 4000 RTP/AVP 0", address=NOWHERE), LOCAL)[1]
    talking = Negotiation("1").answer(plain("m=audio 4000 RTP/AVP 0"), LOCAL)[1]
    assert (new.held, old.held, talking.held) == (True, True, False)


def test_the_version_rises_with_every_change_and_with_nothing_else() -> None:
    negotiation = Negotiation("99")
    first = negotiation.offer(LOCAL)
    again = negotiation.offer(LOCAL)
    held = negotiation.offer(msgspec.structs.replace(LOCAL, direction="sendonly"))
    assert (first.version, again.version, held.version) == (1, 1, 2)
    assert {d.session_id for d in (first, again, held)} == {"99"}
    answer, _ = negotiation.answer(plain("m=audio 4000 RTP/AVP 0"), LOCAL)
    assert answer.version == 3


def test_a_later_offer_keeps_the_lines_of_before() -> None:
    negotiation = Negotiation("1")
    negotiation.answer(plain("m=video 4 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"), LOCAL)
    offer = negotiation.offer(LOCAL)
    assert [(line.kind, line.port) for line in offer.media] == [("video", 0), ("audio", 10_000)]


def test_an_answer_settles_the_numbers_of_both_directions() -> None:
    ours, theirs = Negotiation("1"), Negotiation("2")
    offer = ours.offer(msgspec.structs.replace(LOCAL, codecs=(OPUS, PCMA)))
    answer, there = theirs.answer(parse_description(offer.encode()), LOCAL)
    here = ours.agree(parse_description(answer.encode()))
    assert (here.codec, here.receive_payload) == (PCMA, 8)
    assert (there.codec, there.digits) == (PCMA, None)  # Our digits were offered at opus's clock.
    assert (here.address, here.port, here.direction) == ("192.0.2.1", 10_000, "sendrecv")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=audio 0 RTP/AVP 0",),
        ("m=audio 4000 RTP/AVP 18",),
        ("m=audio 4000 RTP/SAVP 0",),
        ("m=image 4000 udptl t38",),
    ],
)
def test_an_offer_without_sound_for_both_is_refused_488(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadMessage) as caught:
        Negotiation("1").answer(plain(*lines), LOCAL)
    assert caught.value.status == 488


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=audio 0 RTP/AVP 0",),
        ("m=audio 4 RTP/AVP 18",),
        ("m=audio 4 RTP/AVP 0", "m=audio 4 RTP/AVP 0"),
    ],
)
def test_an_answer_that_does_not_mirror_the_offer_is_refused(lines: tuple[str, ...]) -> None:
    negotiation = Negotiation("1")
    negotiation.offer(LOCAL)
    with pytest.raises(BadMessage):
        negotiation.agree(plain(*lines))


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"", 400, "SDP line 1"),
        (b"v=1\r\n", 400, "SDP line 1"),
        (b"v=0\r\no=- x IN\r\n", 400, "SDP line 2"),
        (b"v=0\r\nnonsense\r\n", 400, "SDP line 2"),
        (b"v=0\r\ns=-\r\n", 400, "SDP"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 70000 RTP/AVP 0\r\n", 400, "SDP line 3"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio -1 RTP/AVP 0\r\n", 400, "SDP line 3"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4 RTP/AVP 0\r\n", 400, "SDP"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 a/b c\r\n", 400, "SDP line 3"),
        (b"v=0\r\n" + b"a=x\r\n" * 513, 413, "SDP line 514"),
        (b"v=0\r\n" + b"a=candidate:1\r\n" * 65, 413, "SDP line 66"),
        (b"v=0\r\n" + b"m=audio 4 RTP/AVP 0\r\n" * 9, 413, "SDP line 10"),
        (b"v=0\r\n" + b"i=" + b"x" * 33_000, 413, "SDP"),
    ],
)
def test_sip_1_a_bad_description_is_refused_with_its_line(
    body: bytes, status: int, place: str
) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_description(body)
    assert (caught.value.status, caught.value.field) == (status, place)


WORD = st.from_regex(r"[a-z0-9\-]{1,10}", fullmatch=True)
MEDIA = st.builds(
    Media,
    kind=st.sampled_from(["audio", "video", "image"]),
    port=st.integers(0, 65_535),
    protocol=st.sampled_from(["RTP/AVP", "UDPTL", "UDP/TLS/RTP/SAVPF"]),
    formats=st.lists(WORD, min_size=1, max_size=4).map(tuple),
    address=st.sampled_from(["", "192.0.2.3", "2001:db8::1", "host.example"]),
    attributes=st.lists(
        st.tuples(WORD, st.none() | st.text("abc:/ 123", max_size=9)), max_size=5
    ).map(tuple),
)


@given(st.lists(MEDIA, max_size=8).map(tuple), st.integers(0, 2**60))
def test_any_description_survives_being_written_and_read(
    media: tuple[Media, ...], version: int
) -> None:
    made = Description("192.0.2.1", "5", version, media, origin_address="2001:db8::2")
    assert parse_description(made.encode()) == made


def test_sdes_keys_are_read() -> None:
    offer = plain(
        "m=audio 4 RTP/SAVP 0",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpV|2^20|1:4",
        "a=crypto:2 nothing",
    )
    (key,) = offer.media[0].crypto()
    assert (key.tag, key.suite) == (1, "AES_CM_128_HMAC_SHA1_80")
