"""Dialogs (RFC 3261, 12): who talks with whom, in which order, by which way."""

from channels.voice.sip.addresses import NameAddress, parse_name_address
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.message import Headers, Message, Request, Response
from channels.voice.sip.uri import SipUri

DialogKey = tuple[str, str, str]
"""Call-ID, our tag, their tag."""


class Dialog:
    """One dialog. It makes the requests that belong to it, and knows where they go."""

    def __init__(
        self,
        *,
        call_id: str,
        local: str,
        remote: str,
        local_tag: str,
        remote_tag: str,
        target: str,
        routes: list[str],
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.target = target
        self.routes = routes
        self.local_seq = 0
        self.remote_seq: int | None = None

    @property
    def key(self) -> DialogKey:
        """What messages of this dialog are recognised by."""
        return (self.call_id, self.local_tag, self.remote_tag)

    def request(self, method: str, *, number: int | None = None) -> Request:
        """The next request of this dialog, without its Via (12.2.1.1).

        ``number`` is that of the INVITE an ACK belongs to.
        """
        if number is None:
            self.local_seq += 1
            number = self.local_seq
        target, routes = self.target, list(self.routes)
        if routes and not _loose(routes[0]):
            # A strict router of RFC 2543 wants to find itself in the request line.
            first = parse_name_address(routes.pop(0), "Route").uri
            routes.append(f"<{target}>")
            target = str(first)
        headers: Headers = {
            "max-forwards": ["70"],
            "from": [self.local],
            "to": [self.remote],
            "call-id": [self.call_id],
            "cseq": [f"{number} {method}"],
        }
        if routes:
            headers["route"] = routes
        return Request(method, target, headers)

    def admit(self, request: Request) -> bool:
        """Whether a request comes in order; an older one does not (12.2.2)."""
        number = request.cseq[0]
        if self.remote_seq is not None and number <= self.remote_seq:
            return False
        self.remote_seq = number
        return True

    def refresh(self, message: Message) -> None:
        """Take the other side's new Contact, where a message that may change it has one."""
        contact = message.contact
        if contact is not None and isinstance(contact.uri, SipUri):
            self.target = str(contact.uri)


def dialog_for_request(request: Request, local_tag: str) -> Dialog:
    """The dialog an INVITE of the other side begins (12.1.1).

    Raises BadMessage when it has no Contact to send requests to.
    """
    dialog = Dialog(
        call_id=request.call_id,
        local=with_tag(request.recipient, request.headers["to"][0], local_tag),
        remote=request.headers["from"][0],
        local_tag=local_tag,
        remote_tag=request.sender.tag,
        target=_target(request, request),
        routes=request.values("record-route"),
    )
    dialog.remote_seq = request.cseq[0]
    return dialog


def dialog_for_response(request: Request, response: Response) -> Dialog:
    """The dialog a response to our INVITE begins (12.1.2). Raises BadMessage without a Contact.

    An early response may lack one; then the request's own target has to do.
    """
    dialog = Dialog(
        call_id=request.call_id,
        local=request.headers["from"][0],
        remote=response.headers["to"][0],
        local_tag=request.sender.tag,
        remote_tag=response.recipient.tag,
        target=_target(request, response),
        routes=list(reversed(response.values("record-route"))),
    )
    dialog.local_seq = request.cseq[0]
    return dialog


def _target(request: Request, message: Message) -> str:
    contact = message.contact
    if contact is None:
        if isinstance(message, Response) and message.status < 200:
            return request.target
        if message is request and not request.via.unique:
            return str(request.sender.uri)  # RFC 2543 could do without Contact.
        raise BadMessage("Contact is missing", field="Contact", partial=message)
    if not isinstance(contact.uri, SipUri):
        raise BadMessage("Contact is no SIP address", status=416, partial=message)
    return str(contact.uri)


def with_tag(address: NameAddress, text: str, tag: str) -> str:
    """The text of a From or To with our tag, unless it has one."""
    return text if address.tag else f"{text};tag={tag}"


def dialog_key(message: Message) -> DialogKey:
    """The key of the dialog a message of the other side belongs to."""
    if isinstance(message, Request):
        return (message.call_id, message.recipient.tag, message.sender.tag)
    return (message.call_id, message.sender.tag, message.recipient.tag)


def _loose(route: str) -> bool:
    uri = parse_name_address(route, "Route").uri
    return isinstance(uri, SipUri) and uri.loose
