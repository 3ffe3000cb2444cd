"""What all nodes of a flow share: exits, prompts and how a visit goes."""

from collections.abc import Generator, Iterator, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta
from typing_extensions import override

from ivr.asks import KEYS, Answer, Ask, Heard, Listen, Speak
from ivr.prompts import Utterance, Words
from router.model.commands import Scalar
from router.model.errors import CarillonError

Kind = TypeVar("Kind")

Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]
Tries = Annotated[int, Meta(ge=1, le=10)]


class Finish(msgspec.Struct, frozen=True):
    """The flow is over. ``how`` is ``queued``, ``hung_up``, ``transferred``, ``left_message``,
    ``callback``, ``fax`` or ``returned`` (a sub-flow, through ``exit``)."""

    how: str
    exit: str = ""
    queue: str = ""
    attributes: dict[str, Scalar] = {}


class Go(msgspec.Struct, frozen=True):
    """On through this exit, to the node it names."""

    exit: str
    to: str


class Into(msgspec.Struct, frozen=True):
    """Into another flow; it comes back through one of ``exits``, or ``otherwise``."""

    flow: str
    exits: dict[str, str]
    otherwise: str


Move = Go | Into | Finish
Steps = Generator[Ask, Answer, Move]


class Visit(Protocol):
    """What a node sees of the session that visits it."""

    @property
    def language(self) -> str:
        """The language spoken now."""
        ...

    def speak_in(self, language: str) -> None:
        """Go on in another language."""
        ...

    def say(self, words: Words, file: str = "") -> Utterance:
        """The utterance of a node's words or recorded file in the language spoken now."""
        ...

    def own(self, name: str) -> Utterance:
        """One of the product's own prompts, such as ``no-input``."""
        ...

    def text(self, words: str) -> str:
        """A text with the session's values put in, secrets included: for look-ups only."""
        ...

    def set(self, name: str, value: Scalar, *, secret: bool = False) -> None:
        """Keep a value; a secret one is left out of every record and forgotten soon (IVR-4)."""
        ...

    def value(self, name: str) -> Scalar:
        """A value of the session; empty text when it has none of this name."""
        ...

    def holds(self, condition: str) -> bool:
        """Whether a CEL condition over the session holds; one that fails does not."""
        ...

    def may_try(self) -> bool:
        """Whether one more secret may be tried in this session (IVR-4)."""
        ...

    def note_wrong(self) -> None:
        """A secret proved wrong."""
        ...

    def is_open(self, calendar: str) -> bool:
        """Whether business is open by this calendar now."""
        ...


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """One step of a flow. A node file defines one subclass with its fields and its ``steps``."""

    def exits(self) -> Iterator[tuple[str, str]]:
        """Each exit as (name, node it leads to); a node that ends the flow has none."""
        return iter(())

    def utterances(self) -> Iterator[tuple[str, Words, str]]:
        """Each prompt as (field, words, file)."""
        return iter(())

    def texts(self) -> Iterator[tuple[str, str]]:
        """Each text that is no prompt but takes values, as (field, text)."""
        return iter(())

    def conditions(self) -> Iterator[tuple[str, str]]:
        """Each CEL condition as (field, source)."""
        return iter(())

    def sets(self) -> Iterator[tuple[str, bool]]:
        """Each value this node may set, as (name, whether it is secret)."""
        return iter(())

    def waits(self) -> bool:
        """Whether a visit gives the customer time, so that a circle through it cannot spin."""
        return False

    def ends(self) -> bool:
        """Whether a visit can end the flow, or a sub-flow."""
        return False

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What this node says that cannot be, as (field, sentence)."""
        return iter(())

    def steps(self, visit: Visit) -> Steps:
        """One visit, from the first thing said to the exit that is taken."""
        raise NotImplementedError  # Abstract: each node file answers it; no flow holds a bare Node.


class Prompted(Node, frozen=True, kw_only=True):
    """A node that begins by saying something: ``say`` words, or ``play`` a recorded file."""

    say: Words = ""
    play: str = ""
    barge_in: bool = True

    @override
    def utterances(self) -> Iterator[tuple[str, Words, str]]:
        """The opening prompt."""
        if self.say or self.play:
            yield ("say" if self.say else "play"), self.say, self.play

    def opening(self, visit: Visit) -> Utterance:
        """The opening prompt in the language of the visit."""
        return visit.say(self.say, self.play)

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Both ways of speaking at once."""
        if self.say and self.play:
            yield "play", 'says "say" and "play"; one of them is heard'

    @override
    def waits(self) -> bool:
        """Saying something takes its time."""
        return bool(self.say or self.play)


class Leading(Prompted, frozen=True, kw_only=True):
    """A node that takes its time, and ends the flow where it succeeds."""

    @override
    def waits(self) -> bool:
        """It takes its time."""
        return True

    @override
    def ends(self) -> bool:
        """Its success is an end."""
        return True


class Taking(Leading, frozen=True, kw_only=True):
    """A node whose success is work for a ``queue``; without it the flow goes on ``otherwise``."""

    queue: str = ""
    otherwise: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """The way on when nothing came of it."""
        yield "otherwise", self.otherwise


def mistaken_keys(keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Keys that no telephone has."""
    for key in keys:
        if len(key) != 1 or key not in KEYS:
            yield f"keys.{key}", f'"{key}" is no key of a telephone (0 to 9, * and #)'


class WrongAnswer(CarillonError):
    """Whoever runs a session answered an ask with something else: a fault of the program."""

    code = "wrong_answer"


def expect(answer: Answer, kind: type[Kind]) -> Kind:
    """The answer as the kind that was asked for; raises WrongAnswer for any other."""
    if not isinstance(answer, kind):
        raise WrongAnswer(f"asked for {kind.__name__}, got {type(answer).__name__}")
    return answer


def ask_for(ask: Ask, kind: type[Kind]) -> Generator[Ask, Answer, Kind]:
    """Ask and wait for an answer of this kind."""
    answer = yield ask
    return expect(answer, kind)


def speak(utterance: Utterance, *, barge_in: bool = True) -> Generator[Ask, Answer, None]:
    """Say something and go on when it is said or interrupted; nothing to say takes no time."""
    if utterance.parts:
        yield Speak(utterance, barge_in)


def retried(
    visit: Visit, first: Listen, tries: int, accepts: "Mapping[str, Any] | None" = None
) -> Generator[Ask, Answer, Heard]:
    """Listen until an answer is acceptable, ``tries`` times at most.

    ``accepts`` are the answers that count (None: any). After a wrong answer, or none, the product's
    own prompt says so before the question is heard again; the last such answer is returned.
    """
    ask = first
    heard = Heard()
    for _ in range(tries):
        heard = yield from ask_for(ask, Heard)
        if heard.by and (accepts is None or heard.answer in accepts):
            return heard
        apology = visit.own("wrong-choice" if heard.by else "no-input")
        joined = Utterance(first.utterance.language, apology.parts + first.utterance.parts)
        ask = msgspec.structs.replace(first, utterance=joined)
    return Heard(answer="", by=heard.by)
