"""Carries out the look-ups of flows, and keeps accounts from being guessed (IVR-4)."""

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec

from ivr.asks import Found, LookUp
from ivr.egress import EgressFailed, GuardedClient
from ivr.flow import AnyLookUp, HttpLookUp, SqlLookUp
from ivr.prompts import fields_of, filled
from ivr.store import VALUE_MAX, SqlSystems
from router.model.commands import Scalar
from router.model.errors import InvalidInput, StorageFailed
from router.model.ids import HOUR_MS, Instant
from router.ports import Clock, Ids

log = logging.getLogger(__name__)

TRIES_MAX = 5
"""Wrong secrets of one account in an hour, whoever tries."""


class Tries(Protocol):
    """Counts failures by a key, over restarts."""

    async def note(
        self, identity: str, key: str, at: Instant, since: Instant
    ) -> tuple[int, Instant]:
        """Write a failure; how many there are since, this one included, and when the last was."""
        ...

    async def take_back(self, identity: str) -> None:
        """Delete a failure that was none."""
        ...

    async def clear(self, key: str) -> None:
        """Forget the failures of a key."""
        ...


class LookUps:
    """Asks company systems for flows. ``current`` are the look-ups of the configuration now;
    ``key`` makes digests of account numbers that nobody can compute elsewhere."""

    def __init__(
        self,
        current: Callable[[], Mapping[str, AnyLookUp]],
        client: GuardedClient,
        systems: SqlSystems,
        tries: Tries,
        clock: Clock,
        ids: Ids,
        key: bytes,
    ) -> None:
        self._current = current
        self._client = client
        self._systems = systems
        self._tries = tries
        self._clock = clock
        self._ids = ids
        self._key = key

    async def answer(self, ask: LookUp) -> Found:
        """What came of it. Never raises: every failure is an outcome, logged without its values."""
        look_up = self._current().get(ask.name)
        if look_up is None:
            return _failed(ask, "the configuration has no such look-up any more")
        try:
            if ask.account:
                return await self._tried(look_up, ask)
            return await self._asked(look_up, ask.values)
        except (EgressFailed, StorageFailed, InvalidInput) as error:
            return _failed(ask, error.message)

    async def _tried(self, look_up: AnyLookUp, ask: LookUp) -> Found:
        """Ask with a secret: counted as wrong until it proves right, also when many ask at once."""
        digest = hmac.new(self._key, ask.account.encode(), hashlib.sha256).hexdigest()
        key, identity, now = f"ivr:{digest}", self._ids.new(), self._clock.now()
        number, _ = await self._tries.note(identity, key, now, Instant(now - HOUR_MS))
        if number > TRIES_MAX:
            await self._tries.take_back(identity)
            log.warning("an account is locked", extra={"event": "ivr_locked", "look_up": ask.name})
            return Found("locked")
        try:
            found = await self._asked(look_up, ask.values)
        except (EgressFailed, StorageFailed):
            await self._tries.take_back(identity)
            raise
        if found.outcome == "found":
            await self._tries.clear(key)
        return found

    async def _asked(self, look_up: AnyLookUp, values: Mapping[str, str]) -> Found:
        match look_up:
            case SqlLookUp():
                row = await self._systems.first_row(look_up, values)
                return Found("not_found") if row is None else Found("found", row)
            case HttpLookUp():
                return await self._fetched(look_up, values)

    async def _fetched(self, look_up: HttpLookUp, values: Mapping[str, str]) -> Found:
        body = {name: filled(text, values) for name, text in look_up.body.items()}
        headers = {name: secret.reveal() for name, secret in look_up.headers.items()}
        if body:
            headers["Content-Type"] = "application/json"
        answer = await self._client.send(
            look_up.method,
            _address(look_up.url, values),
            headers={"Accept": "application/json", **headers},
            body=msgspec.json.encode(body) if body else b"",
            limit_ms=look_up.limit_ms,
        )
        if answer.status == 404:
            return Found("not_found")
        if not 200 <= answer.status < 300:
            raise EgressFailed(f"it answered {answer.status}", code="unreachable")
        return Found("found", _taken(look_up.take, answer.body) if look_up.take else {})


def _address(url: str, values: Mapping[str, str]) -> str:
    """The address with its values percent-encoded, each within its own segment.

    Raises InvalidInput for a value that would leave its segment empty or climb out of it.
    """
    for name, form in set(fields_of(url)):
        value = values.get(name, "")
        if not value.strip("."):
            raise InvalidInput(f"the value {name} cannot be part of an address", field=name)
        field = f"{{{name}:{form}}}" if form else f"{{{name}}}"
        url = url.replace(field, quote(value, safe=""))
    return url


def _taken(take: Mapping[str, str], body: bytes) -> dict[str, Scalar]:
    """The values at their places in a JSON answer. Raises EgressFailed."""
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise EgressFailed("its answer is not JSON", code="unreachable") from None
    found: dict[str, Scalar] = {}
    for name, place in take.items():
        value = tree
        for key in place.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, str | int | float | bool):
            raise EgressFailed(f'its answer has no "{place}"', code="unreachable")
        found[name] = value[:VALUE_MAX] if isinstance(value, str) else value
    return found


def _failed(ask: LookUp, reason: str) -> Found:
    log.warning(
        "a look-up failed",
        extra={"event": "look_up_failed", "look_up": ask.name, "reason": reason},
    )
    return Found("failed")
