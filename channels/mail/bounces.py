"""What a bounce says: which recipients failed and why, and which of our mails it was."""

import re

import msgspec

from channels.mail.bounce_reasons import HARD, Reason, classify
from channels.mail.headers import Headers, one_line, read_headers
from channels.mail.limits import Budget
from channels.mail.mime import Part

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?:[- ])")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_MESSAGE_ID = re.compile(r"^[ \t>]*message-id:\s*<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE)
_ORIGINAL_START = re.compile(
    r"^[ \t>*-]*(?:received|return-path|from|message-id|date|subject|to|mime-version):",
    re.IGNORECASE | re.MULTILINE,
)
_COPY_START = re.compile(
    r"^.{0,20}(?:this is a copy of (?:the|your) message|below this line is a copy|"
    r"original message (?:follows|headers)|message headers? follow|unsent message below|"
    r"returned (?:message|mail|copy)|copy of (?:the )?(?:original )?message|"
    r"original message text follows|message header follows|-+ ?original message ?-+|"
    r"headers of the original message|received message follows|"
    r"the (?:first|header) (?:\S+ )?(?:lines|section) of (?:the|your)).{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)
_STATUS_FIELDS = re.compile(
    r"^(?:final|original)-recipient:\s*rfc822;", re.IGNORECASE | re.MULTILINE
)
_ARRIVED = ("delivered", "relayed", "expanded")
_FIELDS_LENGTH = 60_000
_RECIPIENTS = 50
_SCANNED = 20_000


class FailedRecipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipient of a bounce. ``hard`` means that this address is dead."""

    address: str
    action: str = "failed"
    status: str = ""
    reason: Reason = Reason.UNKNOWN
    hard: bool = False
    words: str = ""


class Bounce(msgspec.Struct, frozen=True, omit_defaults=True):
    """A delivery notice: its recipients, and the message id (without brackets) it is about."""

    recipients: tuple[FailedRecipient, ...] = ()
    original_message_id: str = ""

    @property
    def hard(self) -> bool:
        """Whether any recipient's address is dead."""
        return any(recipient.hard for recipient in self.recipients)


def read_bounce(root: Part, text: str) -> Bounce:
    """What a mail known to be a bounce says; ``text`` is its readable part.

    A delivery-status part (RFC 3464) is believed first, the words of the text fill the gaps.
    """
    notice, copy = split_notice(text)
    recipients = (
        _from_status_parts(root, notice)
        or _from_status_text(text)
        or _from_service(text)
        or _from_enclosed_bounce(root)
        or _from_text(root, notice)
    )
    return Bounce(tuple(recipients[:_RECIPIENTS]), _original_message_id(root, copy or text))


def status_parts(root: Part) -> list[Part]:
    """The delivery-status parts of the mail itself, not those of messages it encloses."""
    if root.media_type in ("message/delivery-status", "message/global-delivery-status"):
        return [root]
    if root.is_message:
        return []
    return [part for child in root.children for part in status_parts(child)]


def split_notice(text: str) -> tuple[str, str]:
    """What the server says, and the copy of the original mail below it."""
    copied = _COPY_START.search(text)
    if copied is not None and copied.start() > 0:
        return text[: copied.start()], text[copied.end() :]
    # A run of header fields in the text is the head of the returned mail.
    for found in _ORIGINAL_START.finditer(text, 1):
        following = text[found.start() : found.start() + 3_000]
        names = {
            field.group(0).strip(" \t>*-").lower() for field in _ORIGINAL_START.finditer(following)
        }
        if len(names) >= 4:
            return text[: found.start()], text[found.start() :]
    return text, ""


def _groups(body: bytes) -> list[Headers]:
    """The blocks of fields of a delivery status, the per-message block first."""
    source = body[:_FIELDS_LENGTH].replace(b"\r\n", b"\n")
    groups: list[Headers] = []
    for block in re.split(rb"\n[ \t]*\n", source):
        fields, _ = read_headers(block.lstrip(b"\n"), 0, len(block), Budget())
        if fields.fields:
            groups.append(fields)
    return groups


def _value(fields: Headers, name: str) -> str:
    """The value of a typed field such as ``rfc822; someone@example.org``."""
    text = fields.text(name)
    kind, separator, value = text.partition(";")
    return value.strip() if separator and " " not in kind.strip() else text


def _from_status_parts(root: Part, notice: str) -> list[FailedRecipient]:
    groups = [fields for part in status_parts(root) for fields in _groups(part.decoded())]
    return _from_groups(groups, notice)


def _from_status_text(text: str) -> list[FailedRecipient]:
    """Status fields that stand in the text because the structure around them is broken."""
    found = _STATUS_FIELDS.search(text)
    if found is None:
        return []
    block = text[max(0, found.start() - 500) : found.start() + _FIELDS_LENGTH]
    return _from_groups(_groups(block.encode("utf-8", "replace")), "")


def _from_enclosed_bounce(root: Part) -> list[FailedRecipient]:
    """A gateway's bounce about another bounce: the inner one knows the recipient."""
    for part in _walk(root):
        if part.is_message and status_parts(part.children[0]):
            return _from_status_parts(part.children[0], "")
    return []


def _from_service(text: str) -> list[FailedRecipient]:
    """Recipients of a notification in JSON as mail services send them."""
    if not text.lstrip().startswith("{"):
        return []
    plain = text[:_FIELDS_LENGTH].replace("\\", "")
    action = "delivered" if '"notificationType":"Delivery"' in plain else "failed"
    found = [
        _recipient(
            entry.group(1),
            action,
            _first(re.compile(r'"status"\s*:\s*"([\d.]+)"'), entry.group(0)),
            _first(re.compile(r'"diagnosticCode"\s*:\s*"([^"]{1,500})'), entry.group(0)),
            "",
        )
        for entry in re.finditer(r'\{"emailAddress"\s*:\s*"([^"]{3,254})"[^{}]{0,2000}\}', plain)
    ]
    return found or ([FailedRecipient("", action)] if action == "delivered" else [])


def _from_groups(groups: list[Headers], notice: str) -> list[FailedRecipient]:
    found: list[FailedRecipient] = []
    for fields in groups:
        final = _value(fields, "final-recipient")
        original = _value(fields, "original-recipient")
        if not final and not original and "action" not in fields and "status" not in fields:
            continue
        address = _address_in(original) or _address_in(_value(fields, "x-actual-recipient"))
        address = address or _address_in(final) or final
        status = _first(_STATUS, fields.text("status"))
        action = fields.text("action").lower().partition(" ")[0].strip(";") or "failed"
        words = _value(fields, "diagnostic-code") or _remote_words(fields)
        found.append(_recipient(address, action, status, words, notice))
    return found


def _remote_words(fields: Headers) -> str:
    names = ("x-display-name", "x-supplementary-info", "x-mailgun-status", "x-notes")
    return " ".join(_value(fields, name) for name in names if name in fields)


def _recipient(address: str, action: str, status: str, words: str, said: str) -> FailedRecipient:
    """One recipient from its status, the server's ``words`` and, where these say little, what the
    notice ``said`` about the address."""
    if len(words.split()) < 4:
        words = f"{words} {said}".strip()
    code = _first(_STATUS, words)
    if not code or (status and code.endswith(".0.0")):
        code = status or code
    reason = classify(code, words, action)
    hard = reason in HARD and action not in ("delayed", *_ARRIVED)
    return FailedRecipient(address, action, code, reason, hard, one_line(words)[:500])


def _said_of(notice: str, address: str, others: list[str]) -> str:
    """What the notice says about one address: each mention up to where another one is named."""
    if not address or not others:
        return notice[:_SCANNED]
    lines = notice[:_SCANNED].split("\n")
    pieces: list[str] = []
    near = False
    for line in lines:
        lowered = line.lower()
        if address.lower() in lowered:
            near = True
        elif any(other.lower() in lowered for other in others) or not line.strip():
            near = near and not line.strip() and bool(pieces) and not pieces[-1].strip(" <>:.")
        if near:
            pieces.append(line.replace(address, " "))
    return "\n".join(pieces)


def _from_text(root: Part, notice: str) -> list[FailedRecipient]:
    addresses = list(
        dict.fromkeys(
            found.group(0)
            for value in root.headers.all_text("x-failed-recipients")
            for found in _ADDRESS.finditer(value)
        )
    )
    if not addresses:
        addresses = _failed_addresses(notice[:_SCANNED], root) or [""]
    action = _action_of(root)
    found: list[FailedRecipient] = []
    for address in addresses:
        others = [other for other in addresses if other != address]
        recipient = _recipient(address, action, "", "", _said_of(notice, address, others))
        if recipient.reason is Reason.UNKNOWN and others:
            recipient = _recipient(address, action, "", "", notice[:_SCANNED])
        found.append(recipient)
    return found


_DELAY = re.compile(
    r"delay|not yet been delivered|still (?:being )?(?:trying|queued|retr)|will (?:continue|be) "
    r"(?:to )?(?:try|retr)|warning message only|do not need to resend|temporarily deferred",
    re.IGNORECASE,
)


def _action_of(root: Part) -> str:
    """Failed or only delayed, for bounces in prose."""
    subject = root.headers.text("subject")
    if _DELAY.search(subject) or "warning" in subject.lower():
        return "delayed"
    return "failed"


def _failed_addresses(notice: str, root: Part) -> list[str]:
    """Addresses the notice names, the first ones first, without the sender and our own."""
    own = {
        address.lower()
        for name in ("to", "from", "return-path", "delivered-to", "reply-to")
        for address in _ADDRESS.findall(root.headers.text(name))
    }
    found = [address for address in _ADDRESS.findall(notice) if address.lower() not in own]
    quoted = re.findall(r"<(" + _ADDRESS.pattern + r")>", notice)
    first = [address for address in quoted if address.lower() not in own]
    return list(dict.fromkeys(first or found))[:_RECIPIENTS]


def _original_message_id(root: Part, text: str) -> str:
    for part in _walk(root):
        if part.is_message and part.depth >= 0:
            inner = part.children[0].headers.text("message-id")
        elif part.media_type in ("text/rfc822-headers", "message/rfc822-headers"):
            body = part.decoded()
            inner = read_headers(body, 0, len(body), Budget())[0].text("message-id")
        elif part.media_type == "message/delivery-status":
            inner = next(
                (
                    _value(f, "x-original-message-id")
                    for f in _groups(part.decoded())
                    if "x-original-message-id" in f
                ),
                "",
            )
        else:
            continue
        if inner:
            return inner.strip("<> ")
    found = _MESSAGE_ID.search(text)
    if found is not None:
        return found.group(1)
    references = re.findall(r"<([^<>\s]+)>", root.headers.text("in-reply-to"))
    return references[0] if references else ""


def _walk(part: Part) -> list[Part]:
    return [part, *(inner for child in part.children for inner in _walk(child))]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""


def _address_in(text: str) -> str:
    found = _ADDRESS.search(text)
    return found.group(0) if found else ""
