"""Whom a site vouches for: signed tokens taken once, and the customer's card (CHAT-3)."""

from channels.chat.identity import Identity, read_identity
from channels.chat.parts import Parts
from channels.chat.settings import Site
from router.model.errors import InvalidInput
from router.model.ids import SubjectId
from router.seals import Address


class Vouching:
    """Turns a site's signed token into a customer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._context = parts.context

    async def identity(self, key: str, site: Site, token: str) -> Identity | None:
        """Who the token speaks for, None without one. Raises InvalidInput (``identity``)."""
        if not token:
            return None
        now = self._context.clock.now()
        secret = site.identity_secret.reveal() if site.identity_secret is not None else ""
        identity = read_identity(token, key, secret, now)
        if not await self._parts.store.take_identity(identity.jti, identity.expires, now):
            raise InvalidInput("the token was used before", field="identity", code="identity")
        return identity

    async def subject(self, key: str, identity: Identity) -> SubjectId:
        """The card of who the site vouches for; made when they are new."""
        address = Address(kind=f"site:{key}", value=identity.subject, verified=True)
        return await self._context.customers.resolve(address, identity.name)
