"""Between descriptions of sound (SDP) and the legs of media nodes: what we offer, what was agreed.

What the other side says is believed no further than RTP-2 and RTP-3 allow; the node decides.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from channels.voice.media import commands
from channels.voice.media.answers import Allocated
from channels.voice.media.codings import Codec
from channels.voice.media.commands import SetRemote
from channels.voice.sip import sdp
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.offers import Agreed, LocalMedia, Negotiation
from channels.voice.sip.sdp import STATIC, Description, parse_description

SILENCE_S = 60
"""A side that sends nothing for so long is gone (SIP-10)."""

OFFERED_DIGITS = 101
"""The payload number under which we offer digits; ours begin with other numbers."""

_PAYLOADS = {Codec.PCMU: 0, Codec.PCMA: 8, Codec.G722: 9}
_OPUS = sdp.Codec(111, "opus", 48_000, 2, "useinbandfec=1")
_BY_NAME = {codec.value.lower(): codec for codec in Codec}
_BROWSER_CODECS = (Codec.PCMU, Codec.PCMA, Codec.G722)


def described(codecs: Iterable[Codec]) -> tuple[sdp.Codec, ...]:
    """Codecs as a description names them."""
    return tuple(STATIC[_PAYLOADS[each]] if each in _PAYLOADS else _OPUS for each in codecs)


def local_media(at: Allocated, codecs: Sequence[Codec], direction: str = "sendrecv") -> LocalMedia:
    """A leg as our side of a description."""
    return LocalMedia(
        address=at.address, port=at.port, codecs=described(codecs), direction=direction
    )


def remote_of(
    leg: str,
    agreed: Agreed,
    *,
    signalled_from: str,
    networks: Sequence[str] = (),
    offered: bool,
) -> SetRemote:
    """What a node must know of the other side. ``networks`` are those its sound is known to be in.

    ``offered``: the description that was answered is ours. Raises BadMessage (488) for an address
    that is none.
    """
    nowhere = agreed.address in sdp.NOWHERE
    address = signalled_from if nowhere else agreed.address
    try:
        known = any(
            ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in networks
        )
    except ValueError:
        raise BadMessage("sound goes to addresses, not to names", status=488, field="SDP") from None
    digits = agreed.digits
    receives_digits = OFFERED_DIGITS if offered else (digits.payload if digits else None)
    # Whoever holds by either way of saying so may be silent for as long as they like.
    speaks = agreed.direction in ("sendrecv", "recvonly") and not nowhere
    return SetRemote(
        leg,
        _BY_NAME[agreed.codec.name.lower()],
        agreed.codec.payload,
        address=address,
        port=agreed.port or 9,
        signalling_host=signalled_from,
        known=known,
        receive_type=agreed.receive_payload,
        dtmf_type=digits.payload if digits is not None else None,
        dtmf_receive_type=receives_digits if digits is not None else None,
        sends=agreed.direction in ("sendrecv", "sendonly") and not nowhere,
        receives=agreed.direction in ("sendrecv", "recvonly"),
        timeout_s=SILENCE_S if speaks else 0,
    )


class BrowserOffer:
    """Our offer to a page and what its answer settles: ICE-lite, DTLS-SRTP, one line of sound."""

    def __init__(self, at: Allocated, leg: str, session_id: str) -> None:
        self._leg = leg
        self._negotiation = Negotiation(session_id)
        self.text = self._negotiation.offer(_browser_media(at)).encode().decode("ascii")

    def accept(self, answer: str) -> SetRemote:
        """What the node must know. Raises BadMessage for an answer that cannot be used."""
        description = parse_description(answer.encode())
        agreed = self._negotiation.agree(description)
        if not agreed.media.protocol.startswith("UDP/TLS/RTP/SAVP"):
            raise BadMessage("a page's sound is encrypted", status=488, field="SDP")
        digits = agreed.digits
        return SetRemote(
            self._leg,
            _BY_NAME[agreed.codec.name.lower()],
            agreed.codec.payload,
            receive_type=agreed.receive_payload,
            dtmf_type=digits.payload if digits is not None else None,
            dtmf_receive_type=OFFERED_DIGITS if digits is not None else None,
            timeout_s=0,  # A silent page is told by ICE: consent that runs out.
            browser=_browser(description, agreed),
        )


def _browser_media(at: Allocated) -> LocalMedia:
    candidate = f"1 1 udp 2130706431 {at.address} {at.port} typ host"
    return LocalMedia(
        address=at.address,
        port=at.port,
        codecs=described(_BROWSER_CODECS),
        protocols=("UDP/TLS/RTP/SAVPF",),
        attributes=(
            ("mid", "0"),
            ("rtcp-mux", None),
            ("ice-ufrag", at.ufrag),
            ("ice-pwd", at.password),
            ("fingerprint", f"sha-256 {at.fingerprint}"),
            # RFC 8842: whoever offers leaves the choice; what we are is said by being lite.
            ("setup", "actpass"),
            ("candidate", candidate),
            ("end-of-candidates", None),
            ("ssrc", f"{at.ssrc} cname:{at.ufrag}"),
            ("msid", "carillon sound"),
        ),
        session_attributes=(("group", "BUNDLE 0"), ("ice-lite", None), ("msid-semantic", "WMS *")),
    )


def _browser(description: Description, agreed: Agreed) -> commands.Browser:
    found = {
        name: description.value_of(agreed.media, name) or ""
        for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup")
    }
    algorithm, _, fingerprint = found["fingerprint"].partition(" ")
    if algorithm.lower() != "sha-256" or found["setup"] != "active":
        raise BadMessage(
            "the page's answer must be active, with a SHA-256 fingerprint", status=488, field="SDP"
        )
    return commands.Browser(found["ice-ufrag"], found["ice-pwd"], fingerprint.strip())
