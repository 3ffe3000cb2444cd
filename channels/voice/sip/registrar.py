"""Where phones are (RFC 3261, 10; Path: RFC 3327): bindings of an account, with their ends.

Who may bind is decided before (``gate``); here is what a REGISTER of an account means.
"""

import msgspec

from channels.voice.sip.addresses import NameAddress
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.hops import Hop
from channels.voice.sip.limits import EXPIRES_LEAST_S, EXPIRES_MOST_S
from channels.voice.sip.message import Request, Response, respond
from channels.voice.sip.uri import SipUri
from router.model.ids import SECOND_MS, Instant

CONTACTS = 10
"""Devices one account may have at a time."""
DEFAULT_S = 600


class Binding(msgspec.Struct, frozen=True):
    """One device: its Contact, how it is reached, and until when it is believed to be there.

    ``flow`` is where its REGISTER came from: the way back through whatever is between.
    """

    contact: NameAddress
    path: tuple[str, ...]
    flow: Hop
    call_id: str
    number: int
    until: Instant
    priority: float = 1.0


class Registrar:
    """The bindings of all accounts."""

    def __init__(self) -> None:
        self._bindings: dict[str, list[Binding]] = {}
        self._flows: dict[Hop, str] = {}

    def bindings(self, account: str, now: Instant) -> list[Binding]:
        """Where an account is reached now, the most wanted first (q, then the latest)."""
        kept = [binding for binding in self._bindings.get(account, ()) if binding.until > now]
        self._store(account, kept)
        return sorted(kept, key=lambda binding: (-binding.priority, -binding.until))

    def account_at(self, flow: Hop, now: Instant) -> str | None:
        """The account that registered from exactly there, while it is registered."""
        account = self._flows.get(flow)
        if account is None or all(b.flow != flow for b in self.bindings(account, now)):
            return None
        return account

    def register(self, request: Request, account: str, flow: Hop, now: Instant) -> Response:
        """Carry out a REGISTER: all of it, or nothing (10.3).

        Raises BadMessage when it cannot be understood.
        """
        if not isinstance(request.recipient.uri, SipUri):
            raise BadMessage("To is no address of ours", field="To")
        bound = {str(b.contact.uri): b for b in self.bindings(account, now)}
        expires = request.first("expires")
        if (request.first("contact") or "").strip() == "*":
            if (expires or "").strip() != "0":
                raise BadMessage("all contacts need Expires: 0", field="Expires")
            bound = {key: b for key, b in bound.items() if not _newer(b, request)}
        else:
            for contact in request.addresses("contact"):
                self._apply(bound, contact, request, flow, now)
        if len(bound) > CONTACTS:
            return respond(request, 403, reason="Too many devices")
        self._store(account, list(bound.values()))
        for binding in bound.values():
            self._flows[binding.flow] = account
        return self._answer(request, list(bound.values()), now)

    def forget_connection(self, connection: int) -> None:
        """A connection is gone, and with it whoever was reached by it."""
        for account, bindings in list(self._bindings.items()):
            self._store(account, [b for b in bindings if b.flow.connection != connection])

    def forget_account(self, account: str) -> None:
        """An account is no longer ours: its telephones are not called any more."""
        self._store(account, [])

    def count(self) -> int:
        """How many bindings are kept."""
        return sum(map(len, self._bindings.values()))

    def _apply(
        self,
        bound: dict[str, Binding],
        contact: NameAddress,
        request: Request,
        flow: Hop,
        now: Instant,
    ) -> None:
        uri = contact.uri
        if not isinstance(uri, SipUri):
            raise BadMessage("Contact is no SIP address", field="Contact")
        same = next((k for k, b in bound.items() if b.contact.uri.same_as(uri)), str(uri))
        older = bound.get(same)
        if older is not None and not _newer(older, request):
            # An old REGISTER that came late changes nothing (10.3, step 7).
            raise BadMessage("a later request was served already", status=500, field="CSeq")
        seconds = _lifetime_s(contact, request)
        bound.pop(same, None)
        if seconds:
            bound[str(uri)] = Binding(
                contact=contact,
                path=tuple(request.values("path")),
                flow=flow,
                call_id=request.call_id,
                number=request.cseq[0],
                until=Instant(now + seconds * SECOND_MS),
                priority=_priority(contact),
            )

    def _answer(self, request: Request, bindings: list[Binding], now: Instant) -> Response:
        lines = []
        for binding in bindings:
            left_s = max(1, (binding.until - now) // SECOND_MS)
            parameters = {**binding.contact.parameters, "expires": str(left_s)}
            lines.append(str(NameAddress(binding.contact.uri, "", parameters)))
        response = respond(request, 200, headers={"contact": lines} if lines else None)
        if "path" in request.headers:
            response.put("path", *request.headers["path"])
        return response

    def _store(self, account: str, bindings: list[Binding]) -> None:
        flows = {binding.flow for binding in bindings}
        for binding in self._bindings.get(account, ()):
            if binding.flow not in flows:
                self._flows.pop(binding.flow, None)
        if bindings:
            self._bindings[account] = bindings
        else:
            self._bindings.pop(account, None)


def _newer(binding: Binding, request: Request) -> bool:
    return binding.call_id != request.call_id or request.cseq[0] > binding.number


def _lifetime_s(contact: NameAddress, request: Request) -> int:
    """How long a binding is believed: what was asked for, within our bounds (SIP-1); 0 ends it."""
    text = contact.parameters.get("expires") or request.first("expires") or str(DEFAULT_S)
    text = text.strip()
    # A number nobody can mean is the longest we allow (RFC 3261, 20.19 lets it be anything).
    asked = int(text[:10]) if text.isascii() and text.isdigit() else DEFAULT_S
    return 0 if asked == 0 else min(max(asked, EXPIRES_LEAST_S), EXPIRES_MOST_S)


def _priority(contact: NameAddress) -> float:
    try:
        return min(1.0, max(0.0, float(contact.parameters.get("q") or "1")))
    except ValueError:
        return 1.0
