"""``enqueue``: to the agents, with all that is known by now."""

from collections.abc import Iterator

from msgspec import field
from typing_extensions import override

from ivr.node import Finish, Prompted, Steps, Visit, speak
from router.model.commands import Scalar


class Enqueue(Prompted, frozen=True, kw_only=True, tag="enqueue"):
    """The rules choose the queue from the ``attributes``; a ``queue`` named here wins over them."""

    queue: str = ""
    attributes: dict[str, Scalar] = field(default_factory=dict)

    @override
    def texts(self) -> Iterator[tuple[str, str]]:
        """The texts among the attributes."""
        for name, value in self.attributes.items():
            if isinstance(value, str):
                yield f"attributes.{name}", value

    @override
    def ends(self) -> bool:
        """To the queue it goes."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Say the last words and go to the queue."""
        yield from speak(self.opening(visit), barge_in=False)
        attributes = {
            name: visit.text(value) if isinstance(value, str) else value
            for name, value in self.attributes.items()
        }
        return Finish("queued", queue=self.queue, attributes=attributes)
