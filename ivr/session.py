"""A session: one customer in one flow, step by step, without a clock, a sound or a socket.

It is told what happens and answers with what is to be done. The same session runs on a call, on a
chat, in ``carillon test`` and in a replay.
"""

from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from ivr.asks import Answer, Listen, Speak
from ivr.flow import Flow
from ivr.happenings import (
    Act,
    Answered,
    Errands,
    Gone,
    Guard,
    Happening,
    Over,
    Played,
    Pressed,
    Question,
    Settled,
    Stepped,
    TimePassed,
    Uttered,
)
from ivr.listening import Listening
from ivr.node import Finish, Go, Into, Move, Node, Steps, WrongAnswer
from ivr.own import FOLDER, own_words
from ivr.prompts import File, Utterance, Words, spoken, words_in
from ivr.values import Values
from router.model.commands import Scalar
from router.model.ids import MINUTE_MS, Instant

STEPS_MAX = 500
LASTS_MS_MAX = 30 * MINUTE_MS
DEPTH_MAX = 8
"""IVR-5: nodes visited, time and sub-flows within sub-flows of one session at most."""

WRONG_MAX = 3
"""Wrong secrets of one session, of whatever account (IVR-4)."""

WRITTEN = frozenset({"chat"})
WRITING_MS = 5 * MINUTE_MS
"""Media in which people write their answers, and how long they are given at least."""


class Contact(msgspec.Struct, frozen=True):
    """Who came, by what, and what is known of them when the session begins."""

    medium: str
    caller: str = ""
    called: str = ""
    language: str = ""
    customer: Mapping[str, Scalar] = {}


Known = Mapping[str, Scalar | Mapping[str, Scalar]]
"""What a condition may look at, by the name of its variable."""


class World(msgspec.Struct, frozen=True):
    """What a session looks things up in: the flows, and the site's calendars and conditions.

    ``is_open(calendar, now)``; ``holds(condition, known, now)``, which adds the ``clock`` and takes
    what cannot be evaluated for false.
    """

    flows: Mapping[str, Flow]
    is_open: Callable[[str, Instant], bool]
    holds: Callable[[str, Known, Instant], bool]


class _Frame(msgspec.Struct):
    """A flow that is being run; for a sub-flow, how its caller goes on and which node called."""

    name: str
    flow: Flow
    back: Into | None = None
    caller: str = ""
    called: Instant = Instant(0)


class Session:
    """Steps a contact through a flow. ``due`` is when it next wants to be told ``TimePassed``."""

    def __init__(self, world: World, flow: str, contact: Contact, now: Instant) -> None:
        self._world = world
        self._contact = contact
        self._now = now
        self._began = now
        self._frames = [_Frame(flow, world.flows[flow])]
        languages = world.flows[flow].languages
        self._language = contact.language if contact.language in languages else languages[0]
        self._values = Values(caller=contact.caller, called=contact.called)
        self._ahead: deque[str] = deque(maxlen=100)
        self._number = 0
        self._steps_left = STEPS_MAX
        self._node = ""
        self._entered = now
        self._visit: Steps | None = None
        self._listening: Listening | None = None
        self._errand = 0
        self._guarded = False
        self._asking = 0
        self._faults = 0
        self._wrong = 0
        self._acts: list[Act] = []
        self.over = False

    @property
    def due(self) -> Instant | None:
        """The next moment that matters; None when the session is over."""
        if self.over:
            return None
        listening = self._listening.due if self._listening else None
        return min(
            each
            for each in (listening, *self._values.ends(), Instant(self._began + LASTS_MS_MAX))
            if each is not None
        )

    @property
    def at(self) -> tuple[str, str]:
        """The flow and node it is at (or was, when it is over)."""
        return self._frames[-1].name, self._node

    def start(self) -> list[Act]:
        """Enter the first node; returns what is to be done."""
        self._enter(self._frames[-1].flow.start)
        self._send(None)
        return self._taken()

    def take(self, happening: Happening, now: Instant) -> list[Act]:
        """What has happened; returns what is to be done now. After the end nothing happens."""
        if self.over:
            return []
        self._now = now
        self._values.forget(now)
        match happening:
            case Gone():
                self._leave("")
                self._leave_callers("")
                self._end(Finish("hung_up"), "")
            case TimePassed() if now >= self._began + LASTS_MS_MAX:
                self._fault("the session took longer than 30 minutes")
                self._send(None)
            case Answered(number, answer):
                if number == self._errand:
                    self._errand = 0
                    self._send(answer)
            case _:
                self._hear(happening)
        return self._taken()

    def _taken(self) -> list[Act]:
        acts, self._acts = self._acts, []
        return acts

    def _hear(self, happening: Happening) -> None:
        listening = self._listening
        if listening is None:
            if isinstance(happening, Pressed):
                self._ahead.append(happening.key)
            return
        match happening:
            case Pressed(key):
                self._acts += listening.pressed(key, self._now)
            case Uttered(words):
                self._acts += listening.uttered(words, self._now)
            case Played(number):
                listening.played(number, self._now)
            case _:
                self._acts += listening.time_passed(self._now)
        self._answered_by(listening)

    def _answered_by(self, listening: Listening) -> None:
        if listening.heard is None:
            return
        self._listening = None
        self._settle()
        self._send(listening.heard if listening.asked else None)

    def _settle(self) -> None:
        if self._asking:
            self._acts.append(Settled(self._asking))
            self._asking = 0

    # --- from node to node -----------------------------------------------------------------------

    def _enter(self, name: str) -> None:
        frame = self._frames[-1]
        self._node, self._entered = name, self._now
        node: Node | None = frame.flow.node.get(name)
        if node is None:
            self._fault(f'the flow "{frame.name}" has no node "{name}"')
            return
        self._steps_left -= 1
        if self._steps_left < 0:
            self._fault(f"the session took more than {STEPS_MAX} steps")
            return
        self._visit = node.steps(self)

    def _send(self, answer: Answer) -> None:
        """Let the node go on with an answer, and the nodes after it, until one has to wait."""
        while self._visit is not None:
            try:
                ask = self._visit.send(answer)
            except StopIteration as stop:
                self._visit, answer = None, None
                self._move(stop.value)
                continue
            except WrongAnswer as error:
                answer = None
                self._fault(error.message)
                continue
            if not isinstance(ask, Speak | Listen):
                self._number += 1
                self._errand = self._number
                self._acts.append(Errands(self._number, ask))
                return
            self._number += 1
            self._guard(on=isinstance(ask, Listen) and ask.secret)
            if isinstance(ask, Listen) and self._contact.medium in WRITTEN:
                ask = msgspec.structs.replace(ask, first_ms=max(ask.first_ms, WRITING_MS))
            listening = Listening(ask, self._number, self._ahead, self._now)
            self._acts += listening.begin(self._now)
            if listening.heard is None:
                self._listening = listening
                if isinstance(ask, Listen):
                    self._asking = self._number
                    self._acts.append(Question(self._number, ask))
                return
            answer = listening.heard if listening.asked else None

    def _move(self, move: Move) -> None:
        self._guard(on=False)
        match move:
            case Go(exit=through, to=to):
                self._leave(through)
                self._enter(to)
            case Into(flow=name):
                self._call(name, move)
            case Finish(how="returned", exit=through):
                self._leave(through)
                self._return(through)
            case Finish():
                self._leave(move.how)
                self._leave_callers("within")
                self._end(move, "")

    def _call(self, name: str, move: Into) -> None:
        flow = self._world.flows.get(name)
        if flow is None or len(self._frames) >= DEPTH_MAX:
            why = f'there is no flow "{name}"' if flow is None else "sub-flows are nested too deep"
            self._fault(why)
            return
        self._frames.append(_Frame(name, flow, move, self._node, self._entered))
        self._enter(flow.start)

    def _return(self, through: str) -> None:
        frame = self._frames[-1]
        if frame.back is None:
            self._end(Finish("queued"), "a flow that nobody called ended in a return")
            return
        self._frames.pop()
        self._node, self._entered = frame.caller, frame.called
        self._leave(through if through in frame.back.exits else "otherwise")
        self._enter(frame.back.exits.get(through, frame.back.otherwise))

    def _leave(self, through: str) -> None:
        frame = self._frames[-1]
        node = frame.flow.node.get(self._node)
        kind = type(node).__struct_config__.tag if node is not None else ""
        self._acts.append(
            Stepped(frame.name, self._node, str(kind), through, self._entered, self._now)
        )

    def _leave_callers(self, through: str) -> None:
        """The flows that called this one are left with it, each at the node that called."""
        for outer, inner in zip(self._frames[-2::-1], self._frames[:0:-1], strict=True):
            self._acts.append(
                Stepped(outer.name, inner.caller, "subflow", through, inner.called, self._now)
            )

    def _fault(self, why: str) -> None:
        """Go on at the flow's ``on_fault``, once; else the customer goes to the agents."""
        self._drop_visit()
        self._leave("fault")
        self._leave_callers("fault")
        self._faults += 1
        root = self._frames[0]
        target = root.flow.on_fault
        # A node of a sub-flow may have the same name, and is another one.
        failed_there = self.at == (root.name, target) and len(self._frames) == 1
        del self._frames[1:]
        if self._faults == 1 and target and not failed_there:
            self._steps_left = max(self._steps_left, DEPTH_MAX)
            self._began = self._now
            self._enter(target)
        else:
            self._end(Finish("queued", attributes={"self_service_fault": why}), why)

    def _end(self, finish: Finish, fault: str) -> None:
        self._drop_visit()
        self._guard(on=False)
        self._values.forget()
        self.over = True
        self._acts.append(Over(finish, fault))

    def _drop_visit(self) -> None:
        if self._visit is not None:
            self._visit.close()
        self._visit = None
        self._listening = None
        self._errand = 0
        self._settle()

    def _guard(self, *, on: bool) -> None:
        if on != self._guarded:
            self._guarded = on
            self._acts.append(Guard(on))

    # --- what nodes see (``ivr.node.Visit``) -----------------------------------------------------

    @property
    def language(self) -> str:
        """The language spoken now."""
        return self._language

    def speak_in(self, language: str) -> None:
        """Go on in another language; one the flow does not have changes nothing."""
        if language in self._frames[0].flow.languages:
            self._language = language

    def say(self, words: Words, file: str = "") -> Utterance:
        """The utterance of words or a file in the language spoken now."""
        if file:
            return Utterance(self._language, (File(file),))
        text = words_in(words, self._language, self._frames[-1].flow.languages)
        return Utterance(self._language, spoken(text, self._values.plain))

    def own(self, name: str) -> Utterance:
        """One of the product's own prompts."""
        return Utterance(self._language, (File(FOLDER + name, own_words(name, self._language)),))

    def text(self, words: str) -> str:
        """The text with values put in, secrets included."""
        return self._values.text(words)

    def set(self, name: str, value: Scalar, *, secret: bool = False) -> None:
        """Keep a value, within the bounds; a name has its latest value only."""
        self._values.set(name, value, self._now, secret=secret)

    def value(self, name: str) -> Scalar:
        """A value that is no secret; empty text when there is none."""
        return self._values.plain.get(name, "")

    def holds(self, condition: str) -> bool:
        """Whether a condition over ``value``, ``call``, ``customer`` and ``clock`` holds."""
        known: Known = {
            "value": self._values.plain,
            "call": {
                "medium": self._contact.medium,
                "caller": self._contact.caller,
                "called": self._contact.called,
                "language": self._language,
            },
            "customer": self._contact.customer,
        }
        return self._world.holds(condition, known, self._now)

    def may_try(self) -> bool:
        """Whether fewer than ``WRONG_MAX`` secrets proved wrong in this session."""
        return self._wrong < WRONG_MAX

    def note_wrong(self) -> None:
        """Count a secret that proved wrong."""
        self._wrong += 1

    def is_open(self, calendar: str) -> bool:
        """Whether business is open by this calendar."""
        return self._world.is_open(calendar, self._now)
