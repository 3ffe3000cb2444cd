"""REFER (RFC 3515), Replaces (RFC 3891), sipfrag (RFC 3420) and digits by INFO: their words."""

import re
from urllib.parse import unquote

from channels.voice.sip.addresses import NameAddress, parse_name_address
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import escaped, parse_parameters
from channels.voice.sip.happenings import Digit, Replaced
from channels.voice.sip.message import Request
from channels.voice.sip.names import REASONS
from channels.voice.sip.uri import SipUri, parse_sip_uri

SIPFRAG = "message/sipfrag"
_STATUS = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9])(?: |\r|\n|\Z)")
_SIGNAL = re.compile(r"(?im)^\s*signal\s*=\s*([0-9A-D*#]|1[01])\s*$")
_DURATION = re.compile(r"(?im)^\s*duration\s*=\s*([0-9]{1,5})\s*$")
_DIGIT = re.compile(r"[0-9A-Da-d*#]")
DIGIT_MS = 160
"""How long a digit lasts when the other side did not say."""


def parse_replaces(text: str) -> Replaced:
    """The dialog a Replaces header names. Raises BadMessage."""
    call_id, semicolon, rest = text.strip().partition(";")
    parameters = parse_parameters(semicolon + rest, "Replaces")
    to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
    if not call_id or not to_tag or not from_tag:
        raise BadMessage("Replaces is malformed", field="Replaces")
    return Replaced(call_id.strip(), to_tag, from_tag, "early-only" in parameters)


def format_replaces(replaced: Replaced) -> str:
    """As a header."""
    text = f"{replaced.call_id};to-tag={replaced.to_tag};from-tag={replaced.from_tag}"
    return text + (";early-only" if replaced.early_only else "")


def referred_to(request: Request) -> tuple[NameAddress, Replaced | None]:
    """Where a REFER points to, and whose place the new call takes there. Raises BadMessage.

    Of the headers inside that address only Replaces means something to us.
    """
    lines = request.headers.get("refer-to", [])
    if len(lines) != 1:
        raise BadMessage("one Refer-To is needed", field="Refer-To")
    target = parse_name_address(lines[0], "Refer-To")
    replaced = None
    if isinstance(target.uri, SipUri) and target.uri.headers:
        for part in target.uri.headers.split("&"):
            name, _, value = part.partition("=")
            if name.lower() == "replaces":
                replaced = parse_replaces(unquote(value))
        bare = parse_sip_uri(target.uri.text.partition("?")[0], "Refer-To")
        target = NameAddress(bare, target.name)
    return target, replaced


def refer_to(target: str, replaced: Replaced | None = None) -> str:
    """The Refer-To of ours. Raises BadMessage when the target is no address."""
    uri = str(parse_sip_uri(target, "Refer-To"))
    if replaced is None:
        return f"<{uri}>"
    return f"<{uri}?Replaces={escaped(format_replaces(replaced), '')}>"


def sipfrag(status: int) -> bytes:
    """The body that tells how a transfer goes."""
    return f"SIP/2.0 {status} {REASONS.get(status, '')}\r\n".encode()


def parse_sipfrag(body: bytes) -> int:
    """The status a NOTIFY reports. Raises BadMessage."""
    hit = _STATUS.match(body)
    if hit is None:
        raise BadMessage("no status line in the body", field="body")
    return int(hit[1])


def parse_digit(request: Request) -> Digit | None:
    """The digit of an INFO; None when it carries something else. Raises BadMessage."""
    text = request.body[:256].decode("latin-1")
    if request.content_type == "application/dtmf":
        digit = text.strip()
        if not _DIGIT.fullmatch(digit):
            raise BadMessage("no digit in the body", field="body")
        return Digit(digit.upper(), DIGIT_MS)
    if request.content_type != "application/dtmf-relay":
        return None
    signal, duration = _SIGNAL.search(text), _DURATION.search(text)
    if signal is None:
        raise BadMessage("no signal in the body", field="body")
    digit = {"10": "*", "11": "#"}.get(signal[1], signal[1].upper())
    return Digit(digit, int(duration[1]) if duration else DIGIT_MS)


def format_digit(digit: str, duration_ms: int) -> bytes:
    """The body of an INFO of ours (application/dtmf-relay)."""
    if not _DIGIT.fullmatch(digit):
        raise BadMessage("this is no digit", field="digit")
    return f"Signal={digit.upper()}\r\nDuration={duration_ms}\r\n".encode()
