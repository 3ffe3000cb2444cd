"""``hang_up``: say good-bye and end the contact."""

from typing_extensions import override

from ivr.node import Finish, Prompted, Steps, Visit, speak


class HangUp(Prompted, frozen=True, kw_only=True, tag="hang_up"):
    """The end of a contact that self-service has served."""

    @override
    def ends(self) -> bool:
        """It hangs up."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Say good-bye."""
        yield from speak(self.opening(visit), barge_in=False)
        return Finish("hung_up")
