"""Agents come, say whether they are ready, lose their desks, and go."""

from __future__ import annotations

import pytest

from router.core import agent_view, interaction_view
from router.model import commands
from router.model.agent import CONNECTION_LOST, SET_BY_OTHER, SIGNED_IN, Presence
from router.model.catalogue import Rule, RuleSet
from router.model.errors import Refused
from router.model.ids import AgentId, Instant, InteractionId, QueueName
from router.model.interaction import Phase
from router.model.views import AgentView
from tests.support.floor import CHAT, MAIL, Floor, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")
READY, NOT_READY = Presence.READY, Presence.NOT_READY


def centre(*ready: str) -> Floor:
    floor = Floor(an_agent("mia"), an_agent("tom"), reasons=("break", "meal"))
    floor.ready(*ready)
    return floor


def busy() -> Floor:
    floor = centre("mia")
    floor.served("i1", "mia")
    return floor


def view(floor: Floor, agent: AgentId = MIA) -> AgentView:
    found = agent_view(floor.state, agent, Instant(floor.now))
    assert found is not None
    return found


def refusal(floor: Floor, command: commands.Command) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def test_who_signs_in_begins_not_ready() -> None:
    floor = centre()
    assert names(floor.do(commands.SignIn(MIA))) == ["SignedIn", "PresenceChanged"]
    assert (view(floor).presence, view(floor).reason) == (NOT_READY, SIGNED_IN)
    assert floor.do(commands.SignIn(MIA)).events == (), "a second tab changes nothing"
    assert refusal(floor, commands.SignIn(AgentId("x"))) == "unknown_agent"


def test_ready_and_not_ready_take_effect_at_once_when_free() -> None:
    floor = centre("mia")
    decision = floor.do(commands.SetPresence(MIA, NOT_READY, "meal"))
    assert names(decision) == ["PresenceChanged"]
    assert floor.do(commands.SetPresence(MIA, NOT_READY, "meal")).events == ()
    assert names(floor.do(commands.SetPresence(MIA, NOT_READY, "break"))) == ["PresenceChanged"]
    assert names(floor.arrive("i1")) == ["Arrived", "EntryAdded", "Queued"]


def test_not_ready_while_busy_waits_for_the_end_and_no_new_work_comes_meanwhile() -> None:
    floor = busy()
    assert names(floor.do(commands.SetPresence(MIA, NOT_READY, "break"))) == ["PresenceAsked"]
    assert floor.do(commands.SetPresence(MIA, NOT_READY, "break")).events == ()
    assert (view(floor).presence, view(floor).asked) == (READY, NOT_READY)
    assert names(floor.arrive("i2"))[-1] == "Queued"
    floor.do(commands.End(I1, MIA))
    decision = floor.do(commands.WrapUp(I1, MIA))
    assert names(decision) == ["WrapUpEnded", "Closed", "PresenceChanged"]
    assert (view(floor).presence, view(floor).reason, view(floor).asked) == (
        NOT_READY,
        "break",
        None,
    )


def test_a_wish_can_be_withdrawn_or_changed() -> None:
    floor = busy()
    floor.do(commands.SetPresence(MIA, NOT_READY, "break"))
    changed = one(floor.do(commands.SetPresence(MIA, NOT_READY, "meal")), "PresenceAsked")
    assert changed.reason == "meal"
    withdrawn = one(floor.do(commands.SetPresence(MIA, READY)), "PresenceAsked")
    assert withdrawn.presence is Presence.OFFLINE
    assert view(floor).asked is None
    assert names(floor.arrive("i2"))[-1] == "Offered"


def test_a_wish_made_while_it_rings_takes_effect_when_the_ring_is_over() -> None:
    floor = centre("mia", "tom")
    offered = one(floor.arrive("i1"), "Offered")
    assert names(floor.do(commands.SetPresence(MIA, NOT_READY))) == ["PresenceAsked"]
    decision = floor.do(commands.Decline(offered.offer_id, MIA))
    assert names(decision) == ["OfferEnded", "PresenceChanged", "Offered"]


def test_a_supervisor_sets_a_state_with_their_name() -> None:
    floor = centre("mia")
    changed = one(floor.do(commands.SetPresence(MIA, NOT_READY, by="sue")), "PresenceChanged")
    assert (changed.reason, changed.by) == (SET_BY_OTHER, "sue")
    assert view(floor).set_by == "sue"


def test_what_presence_cannot_be() -> None:
    floor = centre("mia")
    assert refusal(floor, commands.SetPresence(TOM, READY)) == "not_signed_in"
    assert refusal(floor, commands.SetPresence(MIA, NOT_READY, "nap")) == "unknown_reason"
    assert refusal(floor, commands.SetPresence(MIA, Presence.OFFLINE)) == "invalid_presence"
    assert refusal(floor, commands.SetPresence(AgentId("x"), READY)) == "unknown_agent"


def test_signing_out_waits_for_nothing_when_free_and_is_refused_while_engaged() -> None:
    floor = busy()
    assert refusal(floor, commands.SignOut(MIA)) == "busy"
    floor.do(commands.End(I1, MIA))
    decision = floor.do(commands.SignOut(MIA))
    assert names(decision) == ["WrapUpEnded", "Closed", "SignedOut"]
    assert one(decision, "WrapUpEnded").how == "signed_out"
    assert floor.do(commands.SignOut(MIA)).events == ()
    assert view(floor).presence is Presence.OFFLINE


def test_signing_out_stops_the_rings() -> None:
    floor = centre("mia", "tom")
    floor.arrive("i1")
    decision = floor.do(commands.SignOut(MIA))
    assert one(decision, "OfferEnded").end == "withdrawn"
    assert one(decision, "Offered").agent_id == "tom"


def test_a_forced_sign_out_gives_the_work_back_with_its_age() -> None:
    floor = busy()
    entered = floor.now
    floor.ready("tom")
    floor.now += 9_000
    decision = floor.do(commands.SignOut(MIA, force=True, by="sue"))
    assert names(decision) == ["EngagementEnded", "Queued", "SignedOut", "Offered"]
    assert one(decision, "Queued").entered == entered
    assert one(decision, "Offered").agent_id == "tom"


def test_who_waits_for_an_agent_who_signs_out_waits_no_more_for_them() -> None:
    rules = RuleSet(QueueName("main"), rules=(Rule("mia", prefer="mia", prefer_ms=60_000),))
    floor = Floor(an_agent("mia"), an_agent("tom"), rules=rules)
    floor.ready("mia")
    for number in range(3):
        floor.served(f"c{number}", "mia", CHAT)
    floor.arrive("i1")
    floor.ready("tom")
    assert floor.state.interactions[I1].phase is Phase.WAITING
    for number in range(3):
        floor.do(commands.End(InteractionId(f"c{number}"), MIA))
    decision = floor.do(commands.SignOut(MIA))
    assert one(decision, "PreferenceEnded").interaction_id == "i1"
    assert one(decision, "Offered").agent_id == "tom"


def test_a_lost_desk_stops_rings_and_keeps_conversations_for_a_grace() -> None:
    floor = busy()
    floor.arrive("i2")
    decision = floor.do(commands.DeskLost(MIA))
    assert names(decision) == ["DeskWasLost", "OfferEnded", "PresenceChanged"]
    assert one(decision, "OfferEnded").end == "desk_lost"
    assert (view(floor).desk_lost, view(floor).reason) == (True, CONNECTION_LOST)
    assert floor.do(commands.DeskLost(MIA)).events == ()
    found = interaction_view(floor.state, I1, Instant(floor.now))
    assert found is not None
    assert found.phase is Phase.ENGAGED


def test_a_desk_that_comes_back_in_time_finds_everything_as_it_was() -> None:
    floor = busy()
    floor.do(commands.DeskLost(MIA))
    floor.later(119_999)
    assert floor.state.interactions[I1].phase is Phase.ENGAGED
    assert names(floor.do(commands.DeskBack(MIA))) == ["DeskCameBack", "PresenceChanged"]
    assert (view(floor).presence, view(floor).desk_lost) == (READY, False)
    assert floor.later(3_600_000).events == ()
    assert floor.do(commands.DeskBack(MIA)).events == ()


def test_past_the_grace_a_chat_goes_to_somebody_else_and_a_mail_stays_longer() -> None:
    floor = busy()
    floor.served("m1", "mia", MAIL)
    floor.do(commands.DeskLost(MIA))
    floor.ready("tom")
    decision = floor.later(120_000)
    assert names(decision) == ["EngagementEnded", "Queued", "Offered"]
    assert one(decision, "EngagementEnded").how == "desk_lost"
    assert one(decision, "Offered").agent_id == "tom"
    assert floor.state.interactions[InteractionId("m1")].phase is Phase.ENGAGED
    floor.later(1_680_000)
    assert floor.state.interactions[InteractionId("m1")].phase is not Phase.ENGAGED


def test_a_colleague_who_was_asked_in_goes_on_when_the_leads_desk_stays_lost() -> None:
    floor = busy()
    floor.ready("tom")
    offered = one(floor.do(commands.Consult(I1, MIA, TOM)), "Offered")
    floor.accept(offered.offer_id, "tom")
    floor.do(commands.DeskLost(MIA))
    decision = floor.later(120_000)
    assert names(decision) == ["LeadChanged", "EngagementEnded"]
    lead = floor.state.interactions[I1].lead()
    assert lead is not None
    assert lead.agent_id == "tom"


def test_what_a_supervisor_decided_meanwhile_is_not_undone_when_the_desk_comes_back() -> None:
    floor = busy()
    floor.do(commands.DeskLost(MIA))
    assert refusal(floor, commands.SetPresence(MIA, READY)) == "desk_lost"
    floor.do(commands.SetPresence(MIA, NOT_READY, "meal", by="sue"))
    assert names(floor.do(commands.DeskBack(MIA))) == ["DeskCameBack"]
    assert (view(floor).presence, view(floor).reason) == (NOT_READY, "meal")


def test_a_desk_nobody_signed_in_at_is_not_lost() -> None:
    floor = centre()
    assert floor.do(commands.DeskLost(MIA)).events == ()
