"""Finding customers: exactly, bounded an hour, and remembered for what may be done with them."""

from agent_desktop.glimpses import Remembered
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.visibility import Sight
from router.model.errors import NotFound, Overloaded
from router.model.ids import HOUR_MS, Instant, SubjectId
from router.ports import Clock
from router.seals import Address, Customers

SEARCHES_AN_HOUR = 30
USERS_REMEMBERED = 10_000


class TooManySearches(Overloaded):
    """Thirty searches an hour are enough for serving customers (section 3)."""

    code = "too_many_searches"


class Finding:
    """Searches by exact address, and whose card a person may therefore see for an hour."""

    def __init__(self, customers: Customers, sight: Sight, clock: Clock) -> None:
        self._customers = customers
        self._sight = sight
        self._clock = clock
        self._searches: Remembered[str, tuple[Instant, ...]] = Remembered(USERS_REMEMBERED)
        self._found: Remembered[tuple[str, SubjectId], Instant] = Remembered(USERS_REMEMBERED)

    async def find(self, who: Principal, address: Address) -> SubjectId | None:
        """The customer with exactly this address, if this person may find them.

        Raises TooManySearches for an agent's thirty-first search within an hour.
        """
        scope = who.grant(Permission.CUSTOMERS_FIND).scope
        if scope == Scope.OWN:
            self._count(who.user)
        found = await self._customers.find(address)
        if found is None:
            return None
        if scope == Scope.TEAM:
            try:
                await self._sight.customer(who, Permission.CUSTOMERS_FIND, found)
            except NotFound:
                return None
        self._found.put((who.user, found), self._clock.now())
        return found

    async def card(self, who: Principal, permission: Permission, subject: str) -> SubjectId:
        """A customer whose card this person may see: theirs to serve, or found lately."""
        found_at = self._found.get((who.user, SubjectId(subject)))
        if found_at is not None and self._clock.now() - found_at < HOUR_MS:
            return SubjectId(subject)
        return await self._sight.customer(who, permission, subject)

    def _count(self, user: str) -> None:
        now = self._clock.now()
        lately = tuple(at for at in self._searches.get(user) or () if now - at < HOUR_MS)
        if len(lately) >= SEARCHES_AN_HOUR:
            raise TooManySearches("you have searched thirty times within an hour")
        self._searches.put(user, (*lately, now))
