"""Logging on at a trunk (REGISTER from us): again before it ends, patiently when refused."""

import secrets
from collections.abc import Callable

from channels.voice.sip.addresses import NameAddress
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.leg import Authorise
from channels.voice.sip.limits import EXPIRES_MOST_S
from channels.voice.sip.message import Headers, Request, Response
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.uri import sip_uri
from router.model.ids import SECOND_MS, Instant

FIRST_WAIT_S = 5
LONGEST_WAIT_S = 300


class Registering:
    """Our registration at one trunk. ``ask`` sends a request; the answers come back here."""

    def __init__(
        self, trunk: Trunk, *, authorise: Authorise, ask: Callable[[Request], None], contact: str
    ) -> None:
        self.trunk = trunk
        self.contact = contact
        self.registered = False
        self.leaving = False
        self.trouble = "not registered yet"
        """Why not, for people; empty while registered."""
        self.deadline: Instant | None = None
        """When ``timer`` is to be called."""
        self._authorise = authorise
        self._ask = ask
        self._call_id = secrets.token_hex(16)
        self._tag = secrets.token_hex(8)
        self._number = secrets.randbelow(2**16)
        self._wait_s = FIRST_WAIT_S
        self._expires_s = min(trunk.expires_s, EXPIRES_MOST_S)
        self._stopping = False

    def start(self) -> None:
        """Register now."""
        self._send(self._expires_s)

    def stop(self) -> None:
        """Take the registration back; ``leaving`` until the trunk has said something to that."""
        self._stopping = True
        self.deadline = None
        if self.registered:
            self.registered = False
            self.leaving = True
            self._send(0)

    def timer(self, now: Instant) -> None:
        """Register again."""
        self.deadline = None
        self._send(self._expires_s)

    def receive_response(
        self, request: Request, response: Response, source: str, now: Instant
    ) -> None:
        """What the trunk says."""
        if response.status < 200:
            return
        if response.status in {401, 407} and "authorization" not in request.headers:
            proof = self._authorise(request, response, source)
            if proof is not None and "proxy-authorization" not in request.headers:
                self._send(self._asked_s(request), proof)
                return
        self.leaving = False
        if self._stopping:
            return
        if response.status < 300:
            self._granted(response, now)
        elif response.status == 423 and self._longer(response):
            self._send(self._expires_s)
        else:
            self._refused(f"{response.status} {response.reason}", now)

    def failed(self, request: Request, status: int, now: Instant) -> None:
        """The trunk was not reached."""
        self.leaving = False
        if not self._stopping:
            self._refused("no answer" if status == 408 else "not reached", now)

    def _granted(self, response: Response, now: Instant) -> None:
        self.registered = True
        self.trouble = ""
        self._wait_s = FIRST_WAIT_S
        seconds = self._granted_s(response)
        # Early enough for a few tries before the end.
        self.deadline = Instant(now + max(seconds * 9 // 10, seconds - 60, 1) * SECOND_MS)

    def _granted_s(self, response: Response) -> int:
        try:
            for contact in response.addresses("contact"):
                text = contact.parameters.get("expires") or ""
                if str(contact.uri) == self.contact and text.isdigit():
                    return min(int(text[:6]), EXPIRES_MOST_S)
            return response.number("expires", self._expires_s)
        except BadMessage:
            return self._expires_s

    def _longer(self, response: Response) -> bool:
        least_s = response.number("min-expires", 0)
        if not self._expires_s < least_s <= 86_400:
            return False
        self._expires_s = least_s
        return True

    def _refused(self, why: str, now: Instant) -> None:
        self.registered = False
        self.trouble = why
        self.deadline = Instant(now + self._wait_s * SECOND_MS)
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def _asked_s(self, request: Request) -> int:
        return request.number("expires", self._expires_s)

    def _send(self, expires_s: int, proof: tuple[str, str] | None = None) -> None:
        self._number += 1
        address = NameAddress(self.trunk.address(self.trunk.user))
        headers: Headers = {
            "max-forwards": ["70"],
            "from": [f"{address};tag={self._tag}"],
            "to": [str(address)],
            "call-id": [self._call_id],
            "cseq": [f"{self._number} REGISTER"],
            "contact": [f"<{self.contact}>"],
            "expires": [str(expires_s)],
        }
        request = Request("REGISTER", str(sip_uri(self.trunk.home)), headers)
        if proof is not None:
            request.put(*proof)
        self._ask(request)
