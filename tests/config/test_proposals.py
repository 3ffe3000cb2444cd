"""Proposals on a real desk server: a supervisor's wish, a manager's decision, one audit of both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agent_desktop.permissions import Role
from config.audit import verify
from config.proposals import Change, Proposals, State
from router.model.errors import Refused
from router.model.ids import TeamName
from router.storage.system import SystemClock
from tests.agent_desktop.client import Person
from tests.config.centre import API, Centre, told

PLACE = f"{API}/proposals"
FRENCH = {"section": "skill", "name": "french", "table": {}, "why": "Lyon opens"}


async def people(centre: Centre) -> tuple[Person, Person]:
    """A supervisor of the team south, and a manager."""
    sue = await centre.world.sign_in("sue", Role.SUPERVISOR, teams=[TeamName("south")])
    return sue, await centre.world.sign_in("rae", Role.MANAGER)


async def listed(person: Person) -> list[Any]:
    found: list[Any] = (await person.get(PLACE)).json()["proposals"]
    return found


def test_a_proposal_changes_nothing_until_a_manager_publishes_it(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue, rae = await people(centre)
        made = await sue.post(PLACE, FRENCH)
        assert made.status_code == 201, made.text
        assert "+[skill.french]" in made.json()["difference"]
        assert "french" not in await centre.tables(rae, "skill")
        assert (await sue.post(f"{PLACE}/1/publish", {"revision": "x"})).status_code == 403
        (waiting,) = await listed(rae)
        assert (waiting["by"], waiting["why"], waiting["state"]) == ("sue", "Lyon opens", "open")
        revision = await centre.revision(rae)
        published = await rae.post(f"{PLACE}/1/publish", {"revision": revision})
        assert published.status_code == 200, published.text
        assert "french" in await centre.tables(rae, "skill")
        (done,) = await listed(sue)
        assert (done["state"], done["decided_by"]) == ("published", "rae")
        again = await rae.post(f"{PLACE}/1/publish", {"revision": await centre.revision(rae)})
        assert (again.status_code, again.json()["code"]) == (409, "decided")
        entries = (await rae.get("/api/v1/audit")).json()["entries"]
        told_of = [(each["actor"], each["action"], each["object"]) for each in entries]
        assert ("sue", "configuration.propose", "skill.french") in told_of
        assert ("rae", "configuration.change", "skill.french") in told_of
        assert "proposal 1 of sue" in entries[0]["reason"]
        assert verify(centre.audit_file).first_bad is None

    told(tmp_path, story)


def test_a_proposal_is_checked_as_a_change_is(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue, rae = await people(centre)
        wrong = {**FRENCH, "section": "reply", "table": {"text": {"en": "Hello {customr.name}"}}}
        refused = await sue.post(PLACE, wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "mistaken")
        assert refused.json()["errors"][0]["field"] == "reply.french.text.en"
        nothing = {**FRENCH, "section": "nonsense"}
        assert (await sue.post(PLACE, nothing)).status_code == 404
        assert (await sue.post(PLACE, {**FRENCH, "why": ""})).status_code == 422
        assert (await sue.post(PLACE, {**FRENCH, "name": ""})).status_code == 422
        assert (
            await sue.post(PLACE, {**FRENCH, "name": "no-such", "table": None})
        ).status_code == 404
        assert await listed(rae) == []

    told(tmp_path, story)


def test_a_stale_publisher_looks_again(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue, rae = await people(centre)
        await sue.post(PLACE, FRENCH)
        seen = await centre.revision(rae)
        assert (await centre.put(rae, "skill/polish", {})).status_code == 200
        stale = await rae.post(f"{PLACE}/1/publish", {"revision": seen})
        assert (stale.status_code, stale.json()["code"]) == (409, "stale")
        fresh = {"revision": await centre.revision(rae)}
        assert (await rae.post(f"{PLACE}/1/publish", fresh)).status_code == 200
        assert {"french", "polish"} <= (await centre.tables(rae, "skill")).keys()

    told(tmp_path, story)


def test_a_proposal_is_rejected_with_a_reason_or_taken_back(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue, rae = await people(centre)
        for name in ("french", "polish"):
            await sue.post(PLACE, {**FRENCH, "name": name})
        assert (await rae.post(f"{PLACE}/1/reject", {"why": ""})).status_code == 422
        assert (await rae.post(f"{PLACE}/1/reject", {"why": "no budget"})).status_code == 200
        assert (await rae.post(f"{PLACE}/2/withdraw", {})).status_code == 404
        assert (await sue.post(f"{PLACE}/2/withdraw", {})).status_code == 200
        states = [
            (each["number"], each["state"], each["decided_why"]) for each in await listed(sue)
        ]
        assert states == [(2, "withdrawn", ""), (1, "rejected", "no budget")]

    told(tmp_path, story)


def test_supervisors_propose_for_what_they_see_and_see_their_own_only(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue, _ = await people(centre)
        bob = await centre.world.sign_in("bob", Role.SUPERVISOR)
        wish = {"section": "queue", "name": "sales", "table": {"limit": 3}, "why": "calm"}
        assert "sales" not in await centre.tables(bob, "queue")
        assert (await bob.post(PLACE, wish)).status_code == 404
        assert (await sue.post(PLACE, FRENCH)).status_code == 201
        assert await listed(bob) == []
        mia = await centre.world.sign_in("mia")
        assert (await mia.get(PLACE)).status_code == 403

    told(tmp_path, story)


def test_nobody_publishes_their_own(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        _, rae = await people(centre)
        assert (await rae.post(PLACE, FRENCH)).status_code == 201
        body = {"revision": await centre.revision(rae)}
        assert (await rae.post(f"{PLACE}/1/publish", body)).status_code == 403

    told(tmp_path, story)


def test_proposals_made_in_the_same_moment_are_all_kept(tmp_path: Path) -> None:
    proposals = Proposals(tmp_path / "proposals", SystemClock())
    change = Change(section="skill", name="french", table={})
    with ThreadPoolExecutor(8) as people:
        made = [
            people.submit(proposals.add, change, "+", by=f"user {n}", why="") for n in range(40)
        ]
    numbers = {each.result().number for each in made}
    assert numbers == set(range(1, 41))
    assert {each.by for each in proposals.all(limit=100)} == {f"user {n}" for n in range(40)}


def test_a_proposal_is_decided_once(tmp_path: Path) -> None:
    proposals = Proposals(tmp_path / "proposals", SystemClock())
    change = Change(section="skill", name="french", table={})
    proposals.add(change, "+", by="sue", why="")

    def decide(state: State) -> bool:
        try:
            proposals.decide(1, state, by="rae", why="")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        decided = list(people.map(decide, [State.REJECTED, State.WITHDRAWN] * 10))
    assert sum(decided) == 1
