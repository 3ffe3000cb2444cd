"""``callback``: promise to call back instead of letting the customer wait."""

from collections.abc import Generator

from typing_extensions import override

from ivr.asks import Answer, Heard, Listen, PromiseCallback, Promised
from ivr.asks import Ask as AnyAsk
from ivr.node import Finish, Go, Steps, Taking, Visit, ask_for, retried, speak
from ivr.prompts import Spoken, Utterance

_THIS, _OTHER = "1", "2"


class Callback(Taking, frozen=True, kw_only=True, tag="callback"):
    """Offer the caller's own number by key 1, another one by key 2; the place in line is kept."""

    @override
    def steps(self, visit: Visit) -> Steps:
        """Agree on a number and promise."""
        yield from speak(self.opening(visit), barge_in=self.barge_in)
        number = yield from self._number(visit)
        if number:
            answer = yield from ask_for(PromiseCallback(number), Promised)
            if answer.outcome == "kept":
                yield from speak(visit.own("callback-promised"), barge_in=False)
                return Finish("callback", queue=self.queue)
            yield from speak(visit.own("callback-refused"), barge_in=False)
        return Go("otherwise", self.otherwise)

    def _number(self, visit: Visit) -> Generator[AnyAsk, Answer, str]:
        caller = str(visit.value("caller"))
        if caller:
            parts = (
                *visit.own("callback-number").parts,
                Spoken(caller, "digits"),
                *visit.own("callback-keys").parts,
            )
            ask = Listen(Utterance(visit.language, parts))
            heard = yield from retried(visit, ask, 2, {_THIS: "", _OTHER: ""})
            if heard.answer != _OTHER:
                return caller if heard.answer == _THIS else ""
        ask = Listen(
            visit.own("callback-enter"), keys_max=20, end_key="#", first_ms=8_000, between_ms=4_000
        )
        heard = yield from ask_for(ask, Heard)
        return heard.answer
