"""``menu``: let the customer choose by key, by word, or in a chat by text."""

from collections.abc import Iterator

from msgspec import field
from typing_extensions import override

from ivr.asks import Listen
from ivr.node import Go, Milliseconds, Prompted, Steps, Tries, Visit, mistaken_keys, retried
from ivr.prompts import Words, words_in


class Menu(Prompted, frozen=True, kw_only=True, tag="menu"):
    """One key, one way on. ``words`` name what may be typed for a key, and with ``spoken`` said
    aloud, several with ``|`` between; a chat shows the first one on a button.

    After ``tries`` without a choice the flow goes on at ``otherwise``: nobody is hung up on for
    not pressing a key.
    """

    keys: dict[str, str]
    otherwise: str
    words: dict[str, Words] = field(default_factory=dict)
    tries: Tries = 3
    wait_ms: Milliseconds = 5_000
    spoken: bool = False

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """A way for each key, and the one for who does not choose."""
        yield from self.keys.items()
        yield "otherwise", self.otherwise

    @override
    def waits(self) -> bool:
        """A menu listens."""
        return True

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Keys no telephone has, words for keys that are not there, no keys at all."""
        yield from super().mistakes()
        if not self.keys:
            yield "keys", "a menu needs a key"
        if not self.say and not self.play:
            yield "say", "a menu must say what its keys do"
        yield from mistaken_keys(self.keys)
        for key in self.words:
            if key not in self.keys:
                yield f"words.{key}", f'there is no key "{key}" in this menu'

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ask until a key is chosen."""
        said = {
            key: [word.strip() for word in words_in(each, visit.language, ()).split("|")]
            for key, each in self.words.items()
        }
        ask = Listen(
            self.opening(visit),
            barge_in=self.barge_in,
            first_ms=self.wait_ms,
            words={word.casefold(): key for key, words in said.items() for word in words if word},
            choices={key: said.get(key, [key])[0] or key for key in self.keys},
            spoken=self.spoken,
        )
        heard = yield from retried(visit, ask, self.tries, self.keys)
        if heard.answer:
            return Go(heard.answer, self.keys[heard.answer])
        return Go("otherwise", self.otherwise)
