"""What a session knows: plain values, and secret ones that are soon forgotten (IVR-4)."""

from collections.abc import Iterator

from ivr.prompts import filled
from router.model.commands import Scalar
from router.model.ids import MINUTE_MS, Instant

SECRET_MS = MINUTE_MS
"""How long a secret value lives in a session."""

VALUES_MAX = 200
VALUE_MAX = 4_096
"""Values of a session, and characters of one, at most; more are not kept."""


class Values:
    """Values by name; a name has its latest one only. ``plain`` are those that are no secret."""

    def __init__(self, **given: Scalar) -> None:
        self.plain: dict[str, Scalar] = dict(given)
        self._secrets: dict[str, tuple[bytearray, Instant]] = {}

    def set(self, name: str, value: Scalar, now: Instant, *, secret: bool) -> None:
        """Keep a value, within the bounds."""
        self.plain.pop(name, None)
        self._wipe(name)
        if secret:
            end = Instant(now + SECRET_MS)
            self._secrets[name] = (bytearray(str(value).encode()), end)
        elif len(self.plain) < VALUES_MAX:
            self.plain[name] = value[:VALUE_MAX] if isinstance(value, str) else value

    def text(self, words: str) -> str:
        """The text with values put in, secrets included."""
        secrets = {name: secret.decode() for name, (secret, _) in self._secrets.items()}
        return filled(words, {**self.plain, **secrets})

    def ends(self) -> Iterator[Instant]:
        """When each secret is to be forgotten."""
        return (end for _, end in self._secrets.values())

    def forget(self, now: Instant | None = None) -> None:
        """Forget the secrets whose time is over; without a moment all of them."""
        for name, (_, end) in list(self._secrets.items()):
            if now is None or now >= end:
                self._wipe(name)

    def _wipe(self, name: str) -> None:
        secret, _ = self._secrets.pop(name, (bytearray(), None))
        secret[:] = bytes(len(secret))
