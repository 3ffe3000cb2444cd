"""The configuration by HTTP on a real desk server: read, changed, refused, undone, audited."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent_desktop.permissions import Role
from config.audit import verify
from router.model.ids import QueueName, TeamName
from tests.agent_desktop.client import Person
from tests.config.centre import API, Centre, told
from tests.config.support import CENTRE, with_line, write

SUPPORT = QueueName("support")


def test_a_manager_changes_a_queue_and_it_is_in_force_when_the_answer_comes(
    tmp_path: Path,
) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        table = (await centre.tables(rae, "queue"))["support"]
        assert table == {"needs": ["german >= 3"]}
        table["needs"] = ["german >= 4"]
        response = await centre.put(rae, "queue/support", table, why="harder questions")
        assert response.status_code == 200, response.text
        assert response.json()["version"] == centre.catalogue.version
        assert centre.catalogue.queues[SUPPORT].requirement.all_of[0].level == 4
        assert 'needs = ["german >= 4"]' in (centre.folder / "queues.toml").read_text()

    told(tmp_path, story)


def test_comments_of_the_file_are_kept(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.ADMINISTRATOR)
        path = centre.folder / "skills.toml"
        path.write_text("# ask Ruth\n[skill.german] # spoken well\n", encoding="utf-8")
        response = await centre.put(rae, "skill/german", {"title": {"en": "German"}})
        assert response.status_code == 200, response.text
        assert path.read_text().startswith("# ask Ruth\n[skill.german] # spoken well\n")
        assert await centre.tables(rae, "skill") == {"german": {"title": {"en": "German"}}}

    told(tmp_path, story)


def test_a_change_with_mistakes_is_refused_with_their_places_and_writes_nothing(
    tmp_path: Path,
) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        before = (centre.folder / "queues.toml").read_text()
        table = {"needs": ["germann"], "plan": "hasty", "limit": -1}
        response = await centre.put(rae, "queue/support", table)
        assert response.status_code == 422
        problem = response.json()
        assert problem["code"] == "mistaken"
        assert [(each["field"], each["message"]) for each in problem["errors"]] == [
            ("queue.support.needs[0]", 'no skill is named "germann"; did you mean "german"?'),
            ("queue.support.plan", 'no plan is named "hasty"; known: patient'),
            ("queue.support.limit", "must be at least 0, not -1"),
        ]
        assert {each["file"] for each in problem["errors"]} == {"queues.toml"}
        assert all(each["line"] > 0 for each in problem["errors"])
        assert (centre.folder / "queues.toml").read_text() == before
        assert verify(centre.audit_file).entries == 0

    told(tmp_path, story)


def test_a_draft_is_checked_without_being_written(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        sue = await centre.world.sign_in("sue", Role.SUPERVISOR)
        draft = {"section": "queue", "name": "fax", "table": {"needs": ["german >= 9"]}}
        response = await sue.post(f"{API}/check", draft)
        assert response.status_code == 200, response.text
        assert response.json()["ok"] is True
        warned = {each["message"] for each in response.json()["warnings"]}
        assert "no agent serves this queue" in warned
        assert "fax" not in (centre.folder / "queues.toml").read_text()

    told(tmp_path, story)


def test_a_change_over_somebody_elses_is_stale(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        seen = await centre.revision(rae)
        assert (await centre.put(rae, "skill/french", {})).status_code == 200
        body = {"table": {}, "revision": seen}
        response = await rae.request("PUT", f"{API}/skill/dutch", json=body)
        assert (response.status_code, response.json()["code"]) == (409, "stale")
        write(
            centre.folder,
            {"teams.toml": "# by hand\n" + (centre.folder / "teams.toml").read_text()},
        )
        body["revision"] = await centre.revision(rae)
        assert (await rae.request("PUT", f"{API}/skill/dutch", json=body)).status_code == 200

    told(tmp_path, story)


def test_a_table_goes_only_when_nothing_refers_to_it(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)

        async def remove(path: str) -> httpx.Response:
            query = {"revision": await centre.revision(rae), "why": "gone"}
            return await rae.request("DELETE", f"{API}/{path}", params=query)

        refused = await remove("skill/german")
        assert refused.status_code == 422
        assert "queue.support.needs[0]" in {each["field"] for each in refused.json()["errors"]}
        assert (await remove("skill/klingon")).status_code == 404
        assert (await centre.put(rae, "skill/french", {})).status_code == 200
        assert (await remove("skill/french")).status_code == 200
        assert "french" not in await centre.tables(rae, "skill")

    told(tmp_path, story)


def test_rules_change_as_a_whole(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        tables = await centre.tables(rae, "rules")
        tables["rule"].insert(
            0, {"name": "gold", "when": 'customer.tier == "gold"', "credit": "1 min"}
        )
        tables["rules"]["mode"] = "accumulate"
        body = {**tables, "revision": await centre.revision(rae)}
        response = await rae.request("PUT", f"{API}/rules", json=body)
        assert response.status_code == 200, response.text
        assert [rule.name for rule in centre.catalogue.rules.rules] == ["gold", "problems"]
        assert centre.catalogue.rules.mode == "accumulate"

    told(tmp_path, story)


def test_every_version_is_kept_with_who_and_why_and_can_come_back(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        first = centre.catalogue.version
        table = {"needs": ["german >= 5"]}
        assert (await centre.put(rae, "queue/support", table, why="trial")).status_code == 200
        new, old = (await rae.get(f"{API}/versions")).json()["versions"]
        assert (new["by"], new["why"], new["version"]) == ("rae", "trial", centre.catalogue.version)
        assert (old["by"], old["version"]) == ("", first)
        shown = (await rae.get(f"{API}/versions/{new['number']}")).json()
        assert '+needs = ["german >= 5"]' in shown["difference"]
        body = {"revision": await centre.revision(rae), "why": "trial over"}
        response = await rae.post(f"{API}/versions/{old['number']}/restore", body)
        assert response.status_code == 200, response.text
        assert centre.catalogue.version == first
        heads = (await rae.get(f"{API}/versions")).json()["versions"]
        assert [head["why"] for head in heads] == ["trial over", "trial", ""]
        assert (await rae.get(f"{API}/versions/99")).status_code == 404

    told(tmp_path, story)


def test_every_change_stands_in_the_audit_before_it_is_made(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        assert (await centre.put(rae, "skill/french", {}, why="Lyon")).status_code == 200
        entries = (await rae.get("/api/v1/audit")).json()["entries"]
        entry = entries[0]
        assert (entry["actor"], entry["role"], entry["action"]) == (
            "rae",
            "manager",
            "configuration.change",
        )
        assert (entry["object"], entry["reason"]) == ("skill.french", "Lyon")
        assert "+[skill.french]" in entry["detail"]
        assert entry["address"] == "127.0.0.1"
        assert verify(centre.audit_file).first_bad is None

    told(tmp_path, story)


def test_log_3_without_its_audit_nothing_is_changed(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        before = (centre.folder / "skills.toml").read_text()
        centre.audit_file.unlink()
        centre.audit_file.mkdir()
        response = await centre.put(rae, "skill/french", {})
        assert (response.status_code, response.json()["code"]) == (503, "storage_failed")
        assert (centre.folder / "skills.toml").read_text() == before

    told(tmp_path, story)


def test_a_supervisor_closes_the_hours_of_their_queues_at_once_and_opens_them(
    tmp_path: Path,
) -> None:
    async def story(centre: Centre) -> None:
        sue = await centre.world.sign_in("sue", Role.SUPERVISOR, teams=[TeamName("south")])
        path = f"{API}/hours/office/close"
        assert centre.world.hub.is_open("office")
        response = await sue.post(path, {"closed": True, "why": "fire alarm"})
        assert response.status_code == 200, response.text
        assert not centre.world.hub.is_open("office")
        entry = (await centre.world.sign_in("rae", Role.MANAGER)).get("/api/v1/audit")
        assert (await entry).json()["entries"][0]["action"] == "hours.close"
        assert (await sue.post(path, {"closed": False, "why": "over"})).status_code == 200
        assert centre.world.hub.is_open("office")
        assert (await sue.post(path, {"closed": True, "why": ""})).status_code == 422
        bob = await centre.world.sign_in("bob", Role.SUPERVISOR)
        refused = await bob.post(path, {"closed": True, "why": "prank"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        nowhere = f"{API}/hours/nowhere/close"
        ann = await centre.world.sign_in("ann", Role.MANAGER)
        assert (await ann.post(nowhere, {"closed": True, "why": "x"})).status_code == 404

    always = 'every_day = ["00:00-24:00"]'
    told(
        tmp_path,
        story,
        with_line("hours.toml", 'workdays = ["08:00-12:00", "13:00-18:00"]', always),
    )


@pytest.mark.parametrize(
    ("role", "reads", "checks", "writes"),
    [
        (Role.AGENT, 403, 403, 403),
        (Role.SUPERVISOR, 200, 200, 403),
        (Role.MANAGER, 200, 200, 200),
        (Role.ADMINISTRATOR, 200, 200, 200),
    ],
)
def test_who_may_what_is_as_the_role_table_says(
    tmp_path: Path, role: Role, reads: int, checks: int, writes: int
) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        revision = await centre.revision(rae)
        someone = await centre.world.sign_in("someone", role)
        assert (await someone.get(f"{API}/rules")).status_code == reads
        draft = {"section": "skill", "name": "french", "table": {}}
        assert (await someone.post(f"{API}/check", draft)).status_code == checks
        body = {"table": {}, "revision": revision}
        put = await someone.request("PUT", f"{API}/skill/french", json=body)
        assert put.status_code == writes
        assert (await someone.get(f"{API}/versions")).status_code == writes
        stranger = Person(rae.origin, rae.http)
        assert (await stranger.get(f"{API}/rules")).status_code == 401

    told(tmp_path, story)


def test_a_supervisor_sees_the_queues_and_agents_of_their_teams_only(tmp_path: Path) -> None:
    files = dict(CENTRE)
    files["more.toml"] = (
        '[queue.vip]\n[team.north]\nqueues = ["vip"]\n[agent.bo]\nteams = ["north"]\n'
    )

    async def story(centre: Centre) -> None:
        sue = await centre.world.sign_in("sue", Role.SUPERVISOR, teams=[TeamName("south")])
        assert set(await centre.tables(sue, "queue")) == {"sales", "support"}
        assert set(await centre.tables(sue, "agent")) == {"ana"}
        assert set(await centre.tables(sue, "team")) == {"south"}
        assert set(await centre.tables(sue, "skill")) == {"german"}
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        assert set(await centre.tables(rae, "queue")) == {"sales", "support", "vip"}

    told(tmp_path, story, files)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"table": {}, "revision": "x", "extra": 1}, 422),
        ({"table": {}}, 422),
        ({"table": [], "revision": "x"}, 422),
        ({"table": {"needs": None}, "revision": "@"}, 422),
        (
            {
                "table": {"title": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}},
                "revision": "@",
            },
            422,
        ),
        ({"table": {"limit": 10**30}, "revision": "@"}, 422),
    ],
)
def test_bad_input_is_refused_and_never_breaks_anything(
    tmp_path: Path, body: dict[str, Any], status: int
) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        if body.get("revision") == "@":
            body["revision"] = await centre.revision(rae)
        response = await rae.request(
            "PUT",
            f"{API}/queue/support",
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == status, response.text
        for path in (
            "queue/" + "x" * 65,
            "nonsense/a",
            "site/name",
            "channels/mail",
            "queue/a%20b",
        ):
            refused = await centre.put(rae, path, {})
            assert refused.status_code in {404, 422}, path

    told(tmp_path, story)


def test_the_demonstration_becomes_the_folders_own_with_its_first_change(tmp_path: Path) -> None:
    async def story(centre: Centre) -> None:
        rae = await centre.world.sign_in("rae", Role.MANAGER)
        assert "mia" in await centre.tables(rae, "agent")
        table = (await centre.tables(rae, "queue"))["general"] | {"goal": "90 %"}
        response = await centre.put(rae, "queue/general", table)
        assert response.status_code == 200, response.text
        assert sorted(os.listdir(centre.folder)) == [
            "agents.toml",
            "hours.toml",
            "plans.toml",
            "queues.toml",
            "replies.toml",
            "rules.toml",
            "skills.toml",
            "teams.toml",
        ]
        assert set(centre.catalogue.queues) == {"general", "billing"}
        assert centre.catalogue.queues[QueueName("general")].goal == 0.9

    told(tmp_path, story, {})
