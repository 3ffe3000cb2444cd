"""A player who wishes anything of a random centre, sense or not."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from router.core import State
from router.model import commands
from router.model.agent import Presence
from router.model.commands import Command, NewEntry
from router.model.content import Author, Mark
from router.model.ids import (
    AgentId,
    CaseId,
    EntryId,
    Instant,
    InteractionId,
    OfferId,
    SubjectId,
)
from router.model.interaction import Phase
from router.state.records import Interaction
from tests.simulation.random_centre import MEDIA, QUEUES, SKILLS, agent_id, catalogue


class Player:
    """Wishes commands at random; knows the state only to make most of them sensible."""

    def __init__(self, rng: Random, state: State) -> None:
        self.rng = rng
        self.state = state
        self.arrived = 0
        self.entries = 0
        self.version = 1
        self.wishes: list[tuple[int, Callable[[], Command]]] = [
            (20, self.arrive),
            (26, self.accept),
            (5, self.decline),
            (12, self.end),
            (14, self.wrap_up),
            (8, self.presence),
            (4, self.sign_in),
            (1, self.sign_out),
            (4, self.leave),
            (4, self.add_entry),
            (2, self.transfer),
            (5, self.consult),
            (1, self.end_consult),
            (2, self.park),
            (2, self.unpark),
            (1, self.desk),
            (1, self.supervise),
            (1, self.hold),
            (1, self.odd),
        ]
        self.weights = [weight for weight, _ in self.wishes]

    def wish(self) -> Command:
        ((_, make),) = self.rng.choices(self.wishes, self.weights)
        return make()

    # Choosing.

    def some(self, *phases: Phase) -> InteractionId:
        """An interaction in one of these phases where there is one, else any, else a stranger."""
        everybody = list(self.state.interactions.values())[-120:]
        fitting = [one.id for one in everybody if one.phase in phases]
        if fitting and self.rng.random() < 0.98:
            return self.rng.choice(fitting)
        return self.rng.choice(everybody).id if everybody else InteractionId("stranger")

    def agent(self) -> AgentId:
        if self.rng.random() < 0.01:
            return AgentId("stranger")
        return agent_id(self.rng)

    def interaction(self, *phases: Phase) -> Interaction | None:
        return self.state.interactions.get(self.some(*phases))

    def engaged_agent(self, interaction: Interaction | None) -> AgentId:
        if interaction is not None and interaction.engagements and self.rng.random() < 0.95:
            return self.rng.choice(interaction.engagements).agent_id
        return self.agent()

    def entry(self) -> NewEntry:
        self.entries += 1
        number = self.entries if self.rng.random() < 0.98 else self.rng.randint(1, self.entries)
        return NewEntry(EntryId(f"e{number}"))

    # Wishes.

    def arrive(self) -> Command:
        rng = self.rng
        self.arrived += 1
        number = self.arrived
        if rng.random() < 0.02:
            number = rng.randint(max(self.arrived - 20, 1), self.arrived)  # Said again.
        if rng.random() < 0.03:
            return commands.Enqueue(self.some(Phase.SELF_SERVICE))
        if rng.random() < 0.03:
            return commands.NoteStep(self.some(Phase.SELF_SERVICE), "main", "menu", "1", 900)
        return commands.Arrive(
            InteractionId(f"i{number:05d}"),
            rng.choice(MEDIA),
            "address",
            SubjectId(f"c{rng.randrange(20)}"),
            attributes={"topic": rng.choice("ab")} if rng.random() < 0.7 else {},
            customer={"tier": rng.choice(("gold", "plain"))} if rng.random() < 0.7 else {},
            case_id=CaseId(f"case{rng.randrange(12)}") if rng.random() < 0.2 else None,
            entry=self.entry() if rng.random() < 0.7 else None,
            source_key=f"k{number}" if rng.random() < 0.5 else "",
            last_agent=self.agent() if rng.random() < 0.3 else None,
            self_service=rng.random() < 0.05,
        )

    def ring(self) -> tuple[OfferId, AgentId]:
        ringing = [
            (offer.offer_id, offer.agent_id)
            for one in self.state.interactions.values()
            for offer in (one.offer, one.consult)
            if offer is not None
        ]
        if ringing and self.rng.random() < 0.97:
            return self.rng.choice(ringing)
        return OfferId(f"{self.some(Phase.WAITING)}.1"), self.agent()

    def accept(self) -> Command:
        if not any(row.offers for row in self.state.agents.values()) and self.rng.random() < 0.95:
            return self.rng.choice((self.arrive, self.presence, self.end, self.sign_in))()
        return commands.Accept(*self.ring())

    def decline(self) -> Command:
        return commands.Decline(*self.ring())

    def end(self) -> Command:
        interaction = self.interaction(Phase.ENGAGED)
        found = InteractionId("stranger") if interaction is None else interaction.id
        return commands.End(found, self.engaged_agent(interaction))

    def wrap_up(self) -> Command:
        ended = [
            (one.id, part.agent_id)
            for one in self.state.interactions.values()
            for part in one.engagements
            if part.ended
        ]
        if not ended or self.rng.random() < 0.1:
            return commands.WrapUp(self.some(Phase.ENGAGED), self.agent(), "done", done=False)
        found, agent = self.rng.choice(ended)
        if self.rng.random() < 0.1:
            return commands.ExtendWrapUp(found, agent)
        disposition = self.rng.choice(("", "done", "done", "done", "other", "nonsense"))
        return commands.WrapUp(found, agent, disposition, done=self.rng.random() < 0.9)

    def presence(self) -> Command:
        rng = self.rng
        away = [row.id for row in self.state.agents.values() if row.presence is Presence.NOT_READY]
        ready = rng.random() < 0.8
        return commands.SetPresence(
            rng.choice(away) if away and ready else self.agent(),
            Presence.READY if ready else Presence.NOT_READY,
            reason="" if ready else rng.choice(("break", "", "nonsense")),
            by=rng.choice(("", "", "sue")),
            media=(rng.choice(MEDIA),) if rng.random() < 0.1 else None,
        )

    def sign_in(self) -> Command:
        gone = [row.id for row in self.state.agents.values() if row.presence is Presence.OFFLINE]
        return commands.SignIn(self.rng.choice(gone) if gone else self.agent())

    def sign_out(self) -> Command:
        return commands.SignOut(self.agent(), force=self.rng.random() < 0.4)

    def leave(self) -> Command:
        phases = (Phase.WAITING, Phase.OFFERED, Phase.ENGAGED, Phase.PARKED)
        return commands.CustomerLeave(self.some(*phases), self.rng.choice(("", "callback")))

    def add_entry(self) -> Command:
        interaction = self.interaction(Phase.ENGAGED, Phase.PARKED, Phase.WAITING)
        found = InteractionId("stranger") if interaction is None else interaction.id
        author = self.rng.choice(tuple(Author))
        if self.rng.random() < 0.2 and interaction is not None and interaction.entries:
            entry_id = self.rng.choice(list(interaction.entries))
            return commands.MarkEntry(found, entry_id, self.rng.choice(tuple(Mark)))
        return commands.AddEntry(
            found,
            author,
            self.entry(),
            agent_id=self.engaged_agent(interaction) if author is Author.AGENT else None,
            seen=self.rng.randint(0, 4),
            note=self.rng.random() < 0.2,
            force=self.rng.random() < 0.2,
        )

    def led(self) -> tuple[InteractionId, AgentId]:
        interaction = self.interaction(Phase.ENGAGED)
        if interaction is None:
            return InteractionId("stranger"), self.agent()
        lead = interaction.lead()
        return interaction.id, self.agent() if lead is None else lead.agent_id

    def transfer(self) -> Command:
        keep = self.rng.random() < 0.5
        if self.rng.random() < 0.5:
            return commands.Transfer(*self.led(), queue=self.rng.choice(QUEUES), keep_age=keep)
        return commands.Transfer(*self.led(), to_agent=self.agent(), keep_age=keep)

    def consult(self) -> Command:
        return commands.Consult(*self.led(), to_agent=self.agent())

    def end_consult(self) -> Command:
        consulting = [
            one
            for one in self.state.interactions.values()
            if one.consult is not None or one.consulted() is not None
        ]
        interaction = self.rng.choice(consulting) if consulting else None
        if interaction is not None and self.rng.random() < 0.5:
            lead = interaction.lead()
            assert lead is not None
            return commands.CompleteConsult(interaction.id, lead.agent_id)
        found = InteractionId("stranger") if interaction is None else interaction.id
        return commands.EndConsult(found, self.engaged_agent(interaction))

    def park(self) -> Command:
        until = Instant(self.state.now + self.rng.randint(-5, 90_000))
        return commands.Park(*self.led(), until=until)

    def unpark(self) -> Command:
        interaction = self.interaction(Phase.PARKED)
        if interaction is None or interaction.parked_by is None:
            return commands.Unpark(self.some(Phase.PARKED), self.agent())
        return commands.Unpark(interaction.id, interaction.parked_by)

    def desk(self) -> Command:
        lost = [row.id for row in self.state.agents.values() if row.desk_lost]
        if lost and self.rng.random() < 0.7:
            return commands.DeskBack(self.rng.choice(lost))
        return commands.DeskLost(self.agent())

    def supervise(self) -> Command:
        rng = self.rng
        found = self.some(Phase.WAITING, Phase.OFFERED, Phase.PARKED, Phase.ENGAGED)
        kinds: tuple[Callable[[], Command], ...] = (
            lambda: commands.Assign(found, self.agent(), "sue"),
            lambda: commands.Requeue(found, "sue", rng.choice(QUEUES), keep_age=rng.random() < 0.5),
            lambda: commands.Discard(found, "sue", "spam"),
            lambda: self.move(),
            lambda: commands.ReturnSeat(self.agent(), "sue"),
        )
        return rng.choice(kinds)()

    def move(self) -> Command:
        rng = self.rng
        return commands.MoveSeat(
            self.agent(),
            tuple(rng.sample(QUEUES, rng.randint(0, 2))),
            Instant(self.state.now + rng.randint(-5, 120_000)),
            "sue",
            {rng.choice(SKILLS): rng.randint(0, 5)} if rng.random() < 0.4 else {},
        )

    def hold(self) -> Command:
        if self.rng.random() < 0.5:
            return commands.Hold(*self.led())
        return commands.Retrieve(*self.led())

    def odd(self) -> Command:
        rng = self.rng
        found = self.some(Phase.WAITING, Phase.ENGAGED)
        pick = rng.random()
        if pick < 0.3:
            self.version += 1
            return commands.ChangeCatalogue(catalogue(rng, self.version))
        if pick < 0.5:
            return commands.CloseCalendar("day", closed=rng.random() < 0.5)
        if pick < 0.75:
            return commands.SetAttributes(found, {"note": rng.randint(0, 3)})
        return commands.LinkSubject(found, SubjectId(f"c{rng.randrange(20)}"))
