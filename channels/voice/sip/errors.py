"""What is wrong with a message, and the status it deserves."""

from router.model.errors import InvalidInput


class BadMessage(InvalidInput):
    """A message that cannot be taken; ``status`` is what a request of this kind is answered.

    ``partial`` is the message as far as it was understood, for the answer; None when it was
    not SIP at all.
    """

    code = "bad_sip"

    def __init__(
        self, message: str, *, status: int = 400, field: str = "", partial: object = None
    ) -> None:
        super().__init__(message, field=field)
        self.status = status
        self.partial = partial
