"""The built pages, and what stands in their place where none were built."""

from __future__ import annotations

from pathlib import Path

from tests.agent_desktop.world import World, story


def test_an_unbuilt_desk_says_so_and_everything_else_answers(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        for path in ("/", "/work"):
            answer = await world.http.get(path)
            assert answer.status_code == 503
            assert "make run" in answer.text
            assert answer.headers["cache-control"] == "no-store"
        assert (await world.http.get("/api/v1/session")).status_code == 401
        assert (await world.http.get("/assets/index.js")).status_code == 404

    story(tmp_path, tell)


def test_a_built_desk_is_one_page_for_every_address_and_files_for_ever(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Desk</title>")
    (static / "assets" / "a.js").write_text("1")

    async def tell(world: World) -> None:
        for path in ("/", "/work"):
            answer = await world.http.get(path)
            assert (answer.status_code, "Desk" in answer.text) == (200, True)
        script = await world.http.get("/assets/a.js")
        assert "immutable" in script.headers["cache-control"]

    story(tmp_path, tell)
