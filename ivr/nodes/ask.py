"""``ask``: take digits (or words in a chat), with confirmation, and masks for secrets."""

from collections.abc import Generator, Iterator
from typing import Annotated, Literal

from msgspec import Meta
from typing_extensions import override

from ivr.asks import Answer, Heard, Listen
from ivr.asks import Ask as AnyAsk
from ivr.node import Go, Milliseconds, Prompted, Steps, Tries, Visit, ask_for, retried
from ivr.prompts import Spoken, Utterance

_YES, _NO = "1", "2"
CARD_DIGITS = (13, 19)
"""How long the number of a payment card is (ISO/IEC 7812-1)."""


class Ask(Prompted, frozen=True, kw_only=True, tag="ask"):
    """Ask for digits and keep them as ``into``.

    ``mask = "pin"`` or ``"card"`` makes them secret: in no event, log, recording or replay, gone
    after a minute (IVR-4, PRIV-5); a card number must also have the check digit of Luhn. With
    ``confirm`` the customer hears what was taken and presses 1 to keep or 2 to repeat it.
    ``words = true`` takes any text of a chat; ``spoken = true`` digits that are said aloud.
    """

    into: str
    next: str
    otherwise: str
    digits_min: Annotated[int, Meta(ge=1, le=40)] = 1
    digits_max: Annotated[int, Meta(ge=1, le=40)] = 20
    end_key: Literal["#", "*", ""] = "#"
    tries: Tries = 3
    wait_ms: Milliseconds = 8_000
    between_ms: Milliseconds = 4_000
    confirm: bool = False
    mask: Literal["", "pin", "card"] = ""
    words: bool = False
    spoken: bool = False

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """On with an answer, or without."""
        yield "next", self.next
        yield "otherwise", self.otherwise

    @override
    def sets(self) -> Iterator[tuple[str, bool]]:
        """The answer's name."""
        yield self.into, self.mask != ""

    @override
    def waits(self) -> bool:
        """A question listens."""
        return True

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Bounds that nothing fits, and a secret that would be read aloud."""
        yield from super().mistakes()
        if not self.say and not self.play:
            yield "say", "a question must be asked"
        if not self.into.isidentifier():
            yield "into", f'"{self.into}" cannot be the name of a value'
        if self.digits_min > self.digits_max:
            yield "digits_min", "is more than digits_max: no answer would do"
        if self.mask and self.confirm:
            yield "confirm", "a secret is not read back aloud; leave the confirmation out"
        if self.mask and self.words:
            yield "words", "a secret is taken by keys only"
        if self.mask and self.spoken:
            yield "spoken", "a secret is not said aloud: others may hear it"
        elif self.spoken and not self.confirm:
            yield "confirm", "what is said may be misheard: have it confirmed"

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ask, check, confirm; ``tries`` times in all."""
        apology = Utterance(visit.language)
        for _ in range(self.tries):
            heard = yield from ask_for(self._question(visit, apology), Heard)
            if not heard.by:
                apology = visit.own("no-input")
            elif not self._fits(heard):
                apology = visit.own("wrong-entry")
            elif not self.confirm or (yield from self._confirmed(visit, heard.answer)):
                visit.set(self.into, heard.answer, secret=self.mask != "")
                return Go("next", self.next)
            else:
                apology = Utterance(visit.language)
        return Go("otherwise", self.otherwise)

    def _question(self, visit: Visit, apology: Utterance) -> Listen:
        """The question, after what was wrong with the answer before."""
        opening = self.opening(visit)
        return Listen(
            Utterance(opening.language, apology.parts + opening.parts),
            barge_in=self.barge_in,
            keys_max=self.digits_max,
            end_key=self.end_key,
            first_ms=self.wait_ms,
            between_ms=self.between_ms,
            secret=self.mask != "",
            spoken=self.spoken,
        )

    def _fits(self, heard: Heard) -> bool:
        answer = heard.answer
        if heard.by == "words":
            return self.words and bool(answer)
        if not (self.digits_min <= len(answer) <= self.digits_max and answer.isdecimal()):
            return False
        return self.mask != "card" or is_card_number(answer)

    def _confirmed(self, visit: Visit, answer: str) -> Generator[AnyAsk, Answer, bool]:
        parts = (
            *visit.own("you-entered").parts,
            Spoken(answer, "digits"),
            *visit.own("confirm-keys").parts,
        )
        utterance = Utterance(visit.language, parts)
        said = list(_yes_and_no(visit))
        ask = Listen(
            utterance,
            words={word.casefold(): key for key, word in said},
            choices=dict(reversed(said)),
            spoken=self.spoken,
        )
        heard = yield from retried(visit, ask, 2, {_YES: "", _NO: ""})
        return heard.answer == _YES


def _yes_and_no(visit: Visit) -> Iterator[tuple[str, str]]:
    for key, name in ((_YES, "yes"), (_NO, "no")):
        for word in visit.own(name).text().split("|"):
            yield key, word.strip()


def is_card_number(digits: str) -> bool:
    """Whether the digits have a card number's length and check digit (Luhn, ISO/IEC 7812-1)."""
    if not CARD_DIGITS[0] <= len(digits) <= CARD_DIGITS[1]:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
