"""An agent's page as an end of a call: a browser's leg on a node, described by the page itself."""

import asyncio
import logging

from channels.voice.agreeing import BrowserOffer
from channels.voice.call_ends import Told
from channels.voice.media.answers import BrowserState, LegFigures
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.media.commands import Dtmf
from channels.voice.media.pool import NodeLost
from channels.voice.nodes import LegEvent, Nodes
from channels.voice.sip.errors import BadMessage
from router.model.errors import CarillonError, Refused
from router.telephones import DESCRIBE_MS, CallState, Telephone

log = logging.getLogger(__name__)


class PageEnd:
    """One page's sound. ``up`` once its handshake is done, and until it is gone."""

    def __init__(self, nodes: Nodes, telephone: Telephone, told: Told) -> None:
        self._nodes = nodes
        self.telephone = telephone
        self._told = told
        self.leg = nodes.name()
        self.up = False
        self.closed = False

    async def open(self, state: CallState, *, beside: str) -> None:
        """Ask the page to describe its end. Raises Refused (``no_page`` and what the page says),
        MediaLost and MediaRefused.
        """
        at = await self._nodes.open(self.leg, self._hear, kind="browser", beside=beside)
        offer = BrowserOffer(at, self.leg, str(int(self.leg[:8], 16)))
        try:
            async with asyncio.timeout(DESCRIBE_MS / 1_000):
                answer = await self.telephone.describe(state, offer.text)
            await self._nodes.do(self.leg, offer.accept(answer))
        except TimeoutError:
            await self.close()
            raise Refused("the page did not describe its end", code="no_page") from None
        except BadMessage as problem:
            await self.close()
            raise Refused(f"the page's answer: {problem.message}", code="no_page") from problem
        except (CarillonError, MediaLost, MediaRefused):
            await self.close()
            raise

    async def press(self, digits: str) -> None:
        """A page is nobody's far side: keys pressed towards it are heard as tones."""
        await self._nodes.do(self.leg, Dtmf(self.leg, digits))

    def hang_up(self, status: int = 200, reason: str = "") -> None:
        """A page has no call of its own that could be ended."""

    async def close(self) -> LegFigures | None:
        """End the leg."""
        if self.closed:
            return None
        self.closed = True
        self.up = False
        return await self._nodes.close(self.leg)

    def _hear(self, event: LegEvent) -> None:
        match event:
            case BrowserState(state="connected"):
                self.up = True
            case BrowserState() | NodeLost():
                self.up = False
            case _:
                pass
        if not self.closed:
            self._told(event)
