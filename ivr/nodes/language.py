"""``language``: let the customer choose the language of all that follows."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.asks import Listen
from ivr.node import Go, Milliseconds, Prompted, Steps, Tries, Visit, mistaken_keys, retried

_NAMES = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "tr": "Türkçe",
    "zh": "中文",
    "zh-cn": "中文",
}
"""How languages call themselves; others are shown by their tag."""


class Language(Prompted, frozen=True, kw_only=True, tag="language"):
    """A key for each language; who does not choose goes on in the flow's first one."""

    keys: dict[str, str]
    next: str
    tries: Tries = 2
    wait_ms: Milliseconds = 5_000

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """One way on, whatever is chosen."""
        yield "next", self.next

    @override
    def waits(self) -> bool:
        """It listens."""
        return True

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Keys no telephone has, and a choice that is none."""
        yield from super().mistakes()
        if len(self.keys) < 2:
            yield "keys", "a choice needs two languages"
        if not self.say and not self.play:
            yield "say", "it must say which key is which language"
        yield from mistaken_keys(self.keys)

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ask, and speak the chosen language from here on."""
        names = {key: _NAMES.get(tag.casefold(), tag) for key, tag in self.keys.items()}
        ask = Listen(
            self.opening(visit),
            barge_in=self.barge_in,
            first_ms=self.wait_ms,
            words={
                word.casefold(): key for key, tag in self.keys.items() for word in (tag, names[key])
            },
            choices=names,
        )
        heard = yield from retried(visit, ask, self.tries, self.keys)
        if heard.answer:
            visit.speak_in(self.keys[heard.answer])
        return Go("next", self.next)
