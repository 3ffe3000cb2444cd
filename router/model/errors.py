"""One tree of errors with stable codes.

CarillonError
├── Refused            a command that cannot be done now, with a code the desk can show in words
├── StorageFailed      the log or another store did not take or give what was asked
│   └── StaleWriter    another writer holds a newer epoch: this process must stop writing
├── CannotListen       an address to listen on cannot be had: taken, forbidden or not ours
├── Overloaded         a bound was reached; try again later
├── NotFound           nothing of that id is visible to the asker
└── InvalidInput       bytes or settings from outside that cannot be understood
"""


class CarillonError(Exception):
    """The root: everything Carillon raises on purpose. ``code`` is stable and for machines."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(CarillonError):
    """The command is understood and not done: the state does not allow it."""

    code = "refused"


class StorageFailed(CarillonError):
    """A store did not take or give what was asked; nothing was acknowledged."""

    code = "storage_failed"


class StaleWriter(StorageFailed):
    """Another writer took over with a newer epoch."""

    code = "stale_writer"


class CannotListen(CarillonError):
    """An address to listen on cannot be had; ``field`` is the setting that names it."""

    code = "cannot_listen"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class Overloaded(CarillonError):
    """A bound was reached; the caller may try again later."""

    code = "overloaded"


class NotFound(CarillonError):
    """Nothing of that id is visible to the asker (absent and forbidden look the same)."""

    code = "not_found"


class InvalidInput(CarillonError):
    """Input from outside that cannot be understood; ``field`` names the place."""

    code = "invalid_input"

    def __init__(self, message: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field
