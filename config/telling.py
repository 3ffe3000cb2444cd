"""What is logged while an interaction is worked on bears its id, whoever logs it."""

import re

from typing_extensions import override

from agent_desktop.wire import Application, Receive, Scope, Send
from config.logs import about
from router.model.effects import Effect
from router.model.ids import Medium, Position
from router.ports import MediumPort

_PATH = re.compile(r"/interactions/([A-Za-z0-9_-]{1,64})(?:/|$)")


class TellingMedium(MediumPort):
    """A medium whose lines bear the id of the interaction an effect is for."""

    def __init__(self, medium: MediumPort) -> None:
        self._medium = medium

    @property
    @override
    def medium(self) -> Medium:
        return self._medium.medium

    @override
    async def perform(self, effect: Effect, position: Position) -> None:
        with about(str(getattr(effect, "interaction_id", ""))):
            await self._medium.perform(effect, position)


class TellingApplication:
    """ASGI: lines about a request bear the id of the interaction its path names."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        with about(interaction_of(str(scope.get("path", "")))):
            await self._application(scope, receive, send)


def interaction_of(path: str) -> str:
    """The interaction a request's path names, or empty."""
    match = _PATH.search(path)
    return match.group(1) if match else ""
