"""A secret that does not show itself: nothing that prints, logs or encodes it sees the value."""

import hmac

from typing_extensions import override


class Secret:
    """A value from outside the configuration, with the reference it came by (CFG-2).

    ``repr``, ``str`` and every log line show the reference (``env:IMAP_PASSWORD``) only; the code
    that needs the value asks for it by name. Two secrets are equal when their values are.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, reference: str, value: str) -> None:
        self.reference = reference
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    @override
    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    @override
    def __hash__(self) -> int:
        return hash((Secret, self._value))
