"""Written conversations: "the caller hears this, presses 1, goes to that queue", played on a flow.

No sound and no clock: what the flow says is compared as text, and time passes when the
conversation says so. One line is one sentence of the little language below.

=================================  ===============================================================
``hears WORDS``                    what is said next holds these words (case and spaces aside)
``presses KEYS``                   keys of the telephone, one after the other
``says WORDS``                     words said to the flow, or typed in a chat
``waits 5 s``                      nothing happens for so long
``hangs up``                       the customer leaves
``NAME answers {a = 1}``           the look-up NAME that is asked now finds these values
``NAME finds nothing``             it is asked and finds nothing
``NAME fails``                     it does not answer
``NAME is locked``                 the account was tried too often
``is connected`` (or ``is not``)   what becomes of a transfer outside (or of the promised callback)
``leaves a message of 10 s``       the voicemail that is taken now
``sends a fax of 2 pages``         the fax that is taken now
``is at NODE``                     the flow is at this node (``FLOW.NODE`` in a sub-flow)
``value NAME is VALUE``            a value of the session
``goes to QUEUE``                  the flow ends in this queue (``goes to the rules``: no name)
``has NAME = VALUE``               with this attribute
``ends by WAY``                    it ends otherwise: hung_up, transferred, left_message, ...
=================================  ===============================================================
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping

import msgspec

from ivr.asks import (
    FaxReceived,
    Found,
    LookUp,
    PromiseCallback,
    Promised,
    Reach,
    Reached,
    ReceiveFax,
    Recorded,
    TakeMessage,
)
from ivr.flow import Flow
from ivr.happenings import (
    Act,
    Answered,
    Errands,
    Gone,
    Over,
    Play,
    Played,
    Pressed,
    Stepped,
    StopPlaying,
    TimePassed,
    Uttered,
)
from ivr.prompts import plain
from ivr.session import Contact, Session, World
from router.model.commands import Scalar
from router.model.ids import Instant

PATIENCE_STEPS = 1_000
"""A conversation in which so many clocks run out one after the other has lost its way."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test of a flow: who comes, and in ``lines`` what happens, in order."""

    name: str
    flow: str
    lines: tuple[str, ...]
    medium: str = "voice"
    caller: str = ""
    called: str = ""
    language: str = ""
    customer: dict[str, Scalar] = {}


class Went(msgspec.Struct, frozen=True):
    """How a conversation went: the line that did not hold (from 0; -1 is none), why, and the ways
    taken as (flow, node, exit)."""

    failed_line: int
    message: str
    ways: tuple[tuple[str, str, str], ...]
    transcript: tuple[str, ...]


class _Failed(Exception):
    """A line does not hold; the message says what was the case instead."""


def play(conversation: Conversation, world: World, began: Instant) -> Went:
    """Play a conversation against its flow, with the clock standing at ``began``.

    Never raises for what the conversation says: a line that cannot be read fails as that line.
    """
    player = _Player(conversation, world, began)
    for index, line in enumerate(conversation.lines):
        try:
            player.line(line.strip())
        except _Failed as failure:
            return Went(index, str(failure), tuple(player.ways), tuple(player.transcript))
    return Went(-1, "", tuple(player.ways), tuple(player.transcript))


class _Player:
    """Plays the leg, the company systems and the clock of one session."""

    def __init__(self, conversation: Conversation, world: World, began: Instant) -> None:
        if conversation.flow not in world.flows:
            raise KeyError(conversation.flow)
        contact = Contact(
            medium=conversation.medium,
            caller=conversation.caller,
            called=conversation.called,
            language=conversation.language,
            customer=conversation.customer,
        )
        self.now = began
        self.ways: list[tuple[str, str, str]] = []
        self.transcript: list[str] = []
        self._session = Session(world, conversation.flow, contact, began)
        self._saying: Play | None = None
        self._heard = ""
        self._errand: Errands | None = None
        self._over: Over | None = None
        self._do(self._session.start())

    def line(self, line: str) -> None:
        """Do or compare what one line says; raises _Failed with what is the case."""
        for pattern, act in _SENTENCES:
            match = pattern.fullmatch(line)
            if match is not None:
                act(self, *match.groups())
                return
        raise _Failed("this line is not one of the sentences a conversation knows")

    def _do(self, acts: list[Act]) -> None:
        for act in acts:
            match act:
                case Play():
                    self._saying = act
                    self.transcript.append(f"flow: {act.utterance.text()}")
                    self._heard += " " + act.utterance.text()
                case StopPlaying():
                    self._saying = None
                case Errands():
                    self._errand = act
                case Stepped():
                    self.ways.append((act.flow, act.node, act.exit))
                case Over():
                    self._over = act
                case _:
                    pass

    def _tell(self, happening: Pressed | Uttered | Answered | TimePassed | Played | Gone) -> None:
        self._do(self._session.take(happening, self.now))

    def _finish_saying(self) -> None:
        """Everything that is being said is heard to its end."""
        for _ in range(PATIENCE_STEPS):
            if self._saying is None:
                return
            number, self._saying = self._saying.number, None
            self._tell(Played(number))
        raise _Failed("the flow goes on talking")

    # --- sentences -------------------------------------------------------------------------------

    def hears(self, words: str) -> None:
        self._finish_saying()
        if _plain(words) not in _plain(self._heard):
            heard = " ".join(self._heard.split()) or "nothing"
            raise _Failed(f"heard instead: {heard}")

    def presses(self, keys: str) -> None:
        self.transcript.append(f"customer presses {keys}")
        for key in keys.replace(" ", ""):
            self._before_answer()
            self._tell(Pressed(key))

    def says(self, words: str) -> None:
        self.transcript.append(f"customer: {words}")
        self._before_answer()
        self._tell(Uttered(words))

    def _before_answer(self) -> None:
        self._heard = ""
        if self._over is not None:
            raise _Failed(f"the flow is over: {self._ending()}")

    def waits(self, amount: str, unit: str) -> None:
        self._finish_saying()
        self._heard = ""
        until = Instant(self.now + int(float(amount) * {"ms": 1, "s": 1_000, "min": 60_000}[unit]))
        for _ in range(PATIENCE_STEPS):
            due = self._session.due
            if due is None or due > until:
                self.now = until
                return
            self.now = max(self.now, due)
            self._tell(TimePassed())
            self._finish_saying()
        raise _Failed("the flow's clocks never come to rest")

    def hangs_up(self) -> None:
        self.transcript.append("customer hangs up")
        self._tell(Gone())

    def answers(self, name: str, values: str) -> None:
        try:
            found = tomllib.loads(f"found = {values}")["found"]
        except tomllib.TOMLDecodeError as error:
            raise _Failed(f"the values are not TOML: {error}") from None
        self._looked_up(name, Found("found", found))

    def finds_nothing(self, name: str) -> None:
        self._looked_up(name, Found("not_found"))

    def is_locked(self, name: str) -> None:
        self._looked_up(name, Found("locked"))

    def fails(self, name: str) -> None:
        self._looked_up(name, Found("failed"))

    def _looked_up(self, name: str, found: Found) -> None:
        self._finish_saying()
        errand = self._errand
        if errand is None or not isinstance(errand.errand, LookUp) or errand.errand.name != name:
            raise _Failed(f'the flow does not ask "{name}" now: {self._state()}')
        self._answer(found)

    def _answer(self, answer: Found | Reached | Promised | Recorded | FaxReceived) -> None:
        errand, self._errand = self._errand, None
        if errand is None:
            raise _Failed(f"the flow waits for nothing of the kind: {self._state()}")
        self._heard = ""
        self._tell(Answered(errand.number, answer))

    def connected(self) -> None:
        self._outside(Reached("connected"), Promised("kept"))

    def not_connected(self) -> None:
        self._outside(Reached("no_answer"), Promised("failed"))

    def _outside(self, reached: Reached, promised: Promised) -> None:
        self._finish_saying()
        asked = self._errand.errand if self._errand else None
        if isinstance(asked, Reach):
            self._answer(reached)
        elif isinstance(asked, PromiseCallback):
            self._answer(promised)
        else:
            raise _Failed(f"the flow reaches for nobody now: {self._state()}")

    def leaves_message(self, seconds: str) -> None:
        self._finish_saying()
        if self._errand is None or not isinstance(self._errand.errand, TakeMessage):
            raise _Failed(f"the flow takes no message now: {self._state()}")
        self._answer(Recorded(int(float(seconds) * 1_000)))

    def sends_fax(self, pages: str) -> None:
        self._finish_saying()
        if self._errand is None or not isinstance(self._errand.errand, ReceiveFax):
            raise _Failed(f"the flow takes no fax now: {self._state()}")
        self._answer(FaxReceived(int(pages)))

    def is_at(self, node: str) -> None:
        at = self._session.at
        if node not in (".".join(at), at[1]):
            raise _Failed(f"it is at {'.'.join(at)}")

    def value_is(self, name: str, value: str) -> None:
        found = plain(self._session.value(name))
        if found != value.strip('"'):
            raise _Failed(f"{name} is {found or 'not set'}")

    def goes_to(self, queue: str) -> None:
        self._finish_saying()
        over = self._over
        wanted = "" if queue == "the rules" else queue
        if over is None or over.finish.how != "queued" or over.finish.queue != wanted:
            raise _Failed(self._ending())

    def has(self, name: str, value: str) -> None:
        attributes = self._over.finish.attributes if self._over else {}
        if name not in attributes or plain(attributes[name]) != value.strip('"'):
            raise _Failed(f"its attributes are {attributes}")

    def ends_by(self, how: str) -> None:
        self._finish_saying()
        if self._over is None or self._over.finish.how != how:
            raise _Failed(self._ending())

    def _ending(self) -> str:
        over = self._over
        if over is None:
            return f"the flow goes on: {self._state()}"
        text = f"it ended by {over.finish.how}"
        if over.finish.how == "queued":
            text += f" in {over.finish.queue or 'the queue that the rules choose'}"
        return f"{text} ({over.fault})" if over.fault else text

    def _state(self) -> str:
        if self._over is not None:
            return self._ending()
        asked = self._errand.errand if self._errand else None
        text = f"it is at {'.'.join(self._session.at)}"
        if isinstance(asked, LookUp):
            return f'{text} and asks "{asked.name}"'
        return f"{text} and waits for {type(asked).__name__}" if asked else text


_SENTENCES: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = (
    (re.compile(r"hears (.+)"), _Player.hears),
    (re.compile(r"presses ([0-9*# ]+)"), _Player.presses),
    (re.compile(r"says (.+)"), _Player.says),
    (re.compile(r"waits (\d+(?:\.\d+)?) ?(ms|s|min)"), _Player.waits),
    (re.compile(r"hangs up"), _Player.hangs_up),
    (re.compile(r"([\w.-]+) answers (\{.*\})"), _Player.answers),
    (re.compile(r"([\w.-]+) finds nothing"), _Player.finds_nothing),
    (re.compile(r"([\w.-]+) fails"), _Player.fails),
    (re.compile(r"([\w.-]+) is locked"), _Player.is_locked),
    (re.compile(r"is connected"), _Player.connected),
    (re.compile(r"is not connected|is not"), _Player.not_connected),
    (re.compile(r"leaves a message of (\d+(?:\.\d+)?) ?s"), _Player.leaves_message),
    (re.compile(r"sends a fax of (\d+) pages?"), _Player.sends_fax),
    (re.compile(r"is at ([\w.-]+)"), _Player.is_at),
    (re.compile(r"value (\w+) is (.+)"), _Player.value_is),
    (re.compile(r"goes to (the rules|[\w.-]+)"), _Player.goes_to),
    (re.compile(r"has ([\w.-]+) = (.+)"), _Player.has),
    (re.compile(r"ends by (\w+)"), _Player.ends_by),
)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def untested(flows: Mapping[str, Flow], went: Mapping[str, Went]) -> Iterator[tuple[str, str, str]]:
    """The exits no conversation has taken, as (flow, node, exit)."""
    taken = {way for each in went.values() for way in each.ways}
    for name, flow in flows.items():
        for node_name, node in flow.node.items():
            for exit_name, _ in node.exits():
                if (name, node_name, exit_name) not in taken:
                    yield name, node_name, exit_name
