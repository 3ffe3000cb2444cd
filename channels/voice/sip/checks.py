"""Whether a message that was read may be acted on, before anybody acts (RFC 3261, 8.2)."""

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.message import Message, Request, Response, respond
from channels.voice.sip.names import LISTS_OF_ADDRESSES, METHODS, SINGLE, written
from channels.voice.sip.uri import OtherUri, SipUri

EXTENSIONS = frozenset({"100rel", "timer", "replaces", "path", "norefersub", "outbound", "tdialog"})
"""What Require may ask of us."""
SUPPORTED = "100rel, timer, replaces, norefersub"
"""What we tell others we can do."""
_DIALOG_BODIES = frozenset({"INVITE", "UPDATE", "PRACK", "ACK"})


def check_message(message: Message) -> None:
    """What holds for requests and responses alike. Raises BadMessage with ``partial``."""
    try:
        for name in SINGLE:
            if len(message.headers.get(name, ())) > 1:
                raise BadMessage(f"{written(name)} stands twice", field=written(name))
        message.call_id  # noqa: B018 -- reading it is the check
        for name in LISTS_OF_ADDRESSES[1:]:
            if name in message.headers and message.first(name) != "*":
                message.addresses(name)
        message.via  # noqa: B018 -- reading it is the check
        message.sender  # noqa: B018 -- reading it is the check
        message.recipient  # noqa: B018 -- reading it is the check
        message.cseq  # noqa: B018 -- reading it is the check
        message.number("max-forwards", 70, 2**16)
    except BadMessage as fault:
        fault.partial = message
        raise


def check_request(request: Request) -> None:
    """Everything a request must be, whoever sent it. Raises BadMessage with its status."""
    if request.method not in METHODS:
        raise BadMessage("unknown method", status=501, partial=request)
    check_message(request)
    try:
        if request.cseq[1] != request.method:
            raise BadMessage("CSeq names another method", field="CSeq")
        if isinstance(request.uri, OtherUri):
            raise BadMessage("this kind of address is unknown here", status=416)
        if getattr(request.uri, "headers", ""):
            raise BadMessage("headers inside the Request-URI", field="Request-URI")
        if request.method == "REGISTER" and not isinstance(request.recipient.uri, SipUri):
            raise BadMessage("To is no SIP address", field="To")
    except BadMessage as fault:
        fault.partial = request
        raise


def check_response(response: Response) -> None:
    """A response that is ours to take: understood, and with our Via alone. Raises BadMessage."""
    check_message(response)
    if len(response.vias) != 1:
        raise BadMessage("a response on its way to somebody else", partial=response)


def refusal(fault: BadMessage, tag: str = "") -> Response | None:
    """The answer to what could not be taken; None where none may be sent (responses, ACK).

    It repeats what was sent, so characters that would do harm are replaced.
    """
    request = fault.partial
    if not isinstance(request, Request) or request.method == "ACK" or "via" not in request.headers:
        return None
    reason = f"{fault.message}" if fault.status == 400 else ""
    answer = respond(request, fault.status, reason=reason, tag=tag)
    for name, lines in answer.headers.items():
        answer.headers[name] = [
            "".join(c if c >= " " and c != "\x7f" else "?" for c in line) for line in lines
        ]
    return answer


def missing_extensions(request: Request) -> list[str]:
    """What the request requires and we cannot do (420 Unsupported)."""
    return [value for value in request.values("require") if value.strip().lower() not in EXTENSIONS]


def body_fault(request: Request) -> int:
    """415 for a body nobody here reads, 406 when SDP is not acceptable to the sender; 0 when fine.

    Only for the requests that set up or change a call.
    """
    if request.method not in _DIALOG_BODIES:
        return 0
    encoding = (request.first("content-encoding") or "identity").lower()
    if request.body and (request.content_type != "application/sdp" or encoding != "identity"):
        return 415
    if request.method == "INVITE" and not accepts(request, "application/sdp"):
        return 406
    return 0


def accepts(request: Request, kind: str) -> bool:
    """Whether a type of body may stand in the response (Accept; absent: SDP may)."""
    if "accept" not in request.headers:
        return True
    wanted = {value.partition(";")[0].strip().lower() for value in request.values("accept")}
    return bool(wanted & {kind, kind.partition("/")[0] + "/*", "*/*"})
