"""Offer and answer (RFC 3264): what we propose, what we say to proposals, and what was agreed.

One ``Negotiation`` belongs to one call. It keeps the session's number and version (RFC 3264, 8:
the version rises with every change and with nothing else) and the order of the m-lines.
"""

import msgspec

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.sdp import (
    NOWHERE,
    Attribute,
    Codec,
    Description,
    Media,
)

PTIME_MS = 20
_PTIMES_MS = range(10, 61, 10)
_SENDS = frozenset({"sendrecv", "sendonly"})
_RECEIVES = frozenset({"sendrecv", "recvonly"})


class LocalMedia(msgspec.Struct, frozen=True):
    """What this side can do: where it hears, in which formats (the best first), how protected.

    ``attributes`` are further lines of the medium: fingerprint, setup, ICE, crypto, rtcp-mux.
    """

    address: str
    port: int
    codecs: tuple[Codec, ...]
    digits: bool = True
    direction: str = "sendrecv"
    protocols: tuple[str, ...] = ("RTP/AVP",)
    attributes: tuple[Attribute, ...] = ()
    session_attributes: tuple[Attribute, ...] = ()


class Agreed(msgspec.Struct, frozen=True):
    """What holds now: where to send, in which format; ``codec.payload`` is the number we send.

    ``receive_payload`` is the number the other side sends it under. ``direction`` is ours.
    ``media`` and ``remote`` carry everything else the other side said (ICE, fingerprint, keys).
    """

    address: str
    port: int
    codec: Codec
    receive_payload: int
    direction: str
    ptime_ms: int
    digits: Codec | None
    media: Media
    remote: Description

    @property
    def held(self) -> bool:
        """Whether the other side does not want to hear us now (both ways of saying so)."""
        return self.direction not in _SENDS or self.address in NOWHERE


class Negotiation:
    """Offers and answers of one call, in turn."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._version = 0
        self._sent: Description | None = None
        self._lines: tuple[Media, ...] = ()

    def offer(self, local: LocalMedia) -> Description:
        """Propose ``local``; m-lines of before keep their places, unused ones at port 0."""
        mine = _own_media(local, local.codecs, _digits_of(local), PTIME_MS)
        place = next((i for i, line in enumerate(self._lines) if line.kind == "audio"), 0)
        lines = [_refused(line) for line in self._lines] or [mine]
        lines[place] = mine
        return self._send(tuple(lines), local)

    def answer(self, offer: Description, local: LocalMedia) -> tuple[Description, Agreed]:
        """Answer a proposal: every m-line is mirrored, one of sound is taken.

        Raises BadMessage (488) when no line of sound fits.
        """
        place, chosen = _first_usable(offer, local)
        line = offer.media[place]
        theirs = offer.direction_of(line)
        direction = _answered(theirs, local.direction)
        digits = next((c for c in line.codecs() if _is_digits_for(c, chosen)), None)
        mine = _own_media(
            msgspec.structs.replace(local, direction=direction, protocols=(line.protocol,)),
            (chosen,),
            digits if local.digits else None,
            _ptime_ms(line),
        )
        mid = line.value("mid")
        if mid is not None:
            mine = msgspec.structs.replace(mine, attributes=(("mid", mid), *mine.attributes))
        lines = [_refused(other) for other in offer.media]
        lines[place] = mine
        return self._send(tuple(lines), local), Agreed(
            address=offer.address_of(line),
            port=line.port,
            codec=chosen,
            receive_payload=chosen.payload,
            direction=direction,
            ptime_ms=_ptime_ms(line),
            digits=digits if local.digits else None,
            media=line,
            remote=offer,
        )

    def agree(self, answer: Description) -> Agreed:
        """What an answer to our latest offer settles.

        Raises BadMessage (488) when it does not mirror the offer or takes no sound.
        """
        offer = self._sent
        if offer is None or len(answer.media) != len(offer.media):
            raise BadMessage("the answer does not mirror the offer", status=488, field="SDP")
        for ours, theirs in zip(offer.media, answer.media, strict=True):
            if ours.port == 0 or theirs.port == 0 or theirs.kind != "audio":
                continue
            both = [
                (mine, other)
                for other in theirs.codecs()
                for mine in ours.codecs()
                if other.same_as(mine) and not mine.is_digits
            ]
            if not both:
                break
            mine, other = both[0]
            digits = next((c for c in theirs.codecs() if _is_digits_for(c, other)), None)
            return Agreed(
                address=answer.address_of(theirs),
                port=theirs.port,
                codec=other,
                receive_payload=mine.payload,
                direction=_answered(answer.direction_of(theirs), offer.direction_of(ours)),
                ptime_ms=_ptime_ms(theirs),
                digits=digits,
                media=theirs,
                remote=answer,
            )
        raise BadMessage("the answer takes no sound of the offer", status=488, field="SDP")

    def _send(self, lines: tuple[Media, ...], local: LocalMedia) -> Description:
        made = Description(
            address=local.address,
            session_id=self._session_id,
            version=self._version,
            media=lines,
            attributes=local.session_attributes,
        )
        if made != self._sent:
            self._version += 1
            made = msgspec.structs.replace(made, version=self._version)
        self._sent, self._lines = made, lines
        return made


def _first_usable(offer: Description, local: LocalMedia) -> tuple[int, Codec]:
    for place, line in enumerate(offer.media):
        if line.kind == "audio" and line.port != 0 and line.protocol in local.protocols:
            chosen = _choose(line, local)
            if chosen is not None:
                return place, chosen
    raise BadMessage("no sound that both sides can do", status=488, field="SDP")


def _choose(line: Media, local: LocalMedia) -> Codec | None:
    """The first of our formats that was offered, under the number of the offer."""
    offered = line.codecs()
    for mine in local.codecs:
        for theirs in offered:
            if theirs.same_as(mine):
                return theirs
    return None


def _digits_of(local: LocalMedia) -> Codec | None:
    if not local.digits or not local.codecs:
        return None
    taken = {codec.payload for codec in local.codecs}
    payload = next(number for number in (101, 96, 97, 126, 127) if number not in taken)
    return Codec(payload, "telephone-event", local.codecs[0].clock_hz, parameters="0-16")


def _is_digits_for(codec: Codec, sound: Codec) -> bool:
    """Digits share the clock of the sound they stand in for (RFC 4733, 2.1)."""
    return codec.is_digits and codec.clock_hz == sound.clock_hz


def _own_media(
    local: LocalMedia, codecs: tuple[Codec, ...], digits: Codec | None, ptime_ms: int
) -> Media:
    every = (*codecs, digits) if digits is not None else codecs
    maps: list[Attribute] = []
    for codec in every:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        maps.append(("rtpmap", f"{codec.payload} {codec.name}/{codec.clock_hz}{channels}"))
        if codec.parameters:
            maps.append(("fmtp", f"{codec.payload} {codec.parameters}"))
    return Media(
        kind="audio",
        port=local.port,
        protocol=local.protocols[0],
        formats=tuple(str(codec.payload) for codec in every),
        attributes=(
            *maps,
            ("ptime", str(ptime_ms)),
            (local.direction, None),
            *local.attributes,
        ),
    )


def _refused(line: Media) -> Media:
    mid = line.value("mid")
    kept: tuple[Attribute, ...] = () if mid is None else (("mid", mid),)
    return Media(line.kind, 0, line.protocol, line.formats, attributes=kept)


def _answered(theirs: str, wanted: str) -> str:
    """Our direction, given theirs and what we would like: nobody gets more than both allow."""
    send = theirs in _RECEIVES and wanted in _SENDS
    receive = theirs in _SENDS and wanted in _RECEIVES
    if send:
        return "sendrecv" if receive else "sendonly"
    return "recvonly" if receive else "inactive"


def _ptime_ms(line: Media) -> int:
    text = line.value("ptime") or ""
    asked = int(text) if text.isdigit() and len(text) < 4 else PTIME_MS
    return asked if asked in _PTIMES_MS else PTIME_MS
