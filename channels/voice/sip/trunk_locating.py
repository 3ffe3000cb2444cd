"""Notes where trunks' proxies are found: only there is a trunk's password proved (SIP-7)."""

from collections.abc import Callable

from typing_extensions import override

from channels.voice.sip.hops import Hop, Locator
from channels.voice.sip.trunks import TrunkDirectory
from channels.voice.sip.uri import SipUri, Uri


class TrunkLocator(Locator):
    """A locator that looks over the shoulder of another one."""

    def __init__(self, locator: Locator, trunks: TrunkDirectory) -> None:
        self._locator = locator
        self._trunks = trunks
        self._names: dict[tuple[str, int | None, str], list[str]] = {}
        for trunk in trunks.trunks:
            self._names.setdefault(_place(trunk.uri), []).append(trunk.name)

    @override
    def known(self, uri: Uri) -> list[Hop] | None:
        hops = self._locator.known(uri)
        if hops:
            self._learn(uri, hops)
        return hops

    @override
    def look_up(self, uri: Uri, then: Callable[[list[Hop]], None]) -> None:
        def found(hops: list[Hop]) -> None:
            self._learn(uri, hops)
            then(hops)

        self._locator.look_up(uri, found)

    def _learn(self, uri: Uri, hops: list[Hop]) -> None:
        if isinstance(uri, SipUri) and hops:
            for name in self._names.get(_place(uri), ()):
                self._trunks.learn(name, [hop.host for hop in hops])


def _place(uri: SipUri) -> tuple[str, int | None, str]:
    return (uri.host, uri.port, uri.transport)
