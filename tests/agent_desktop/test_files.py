"""Attack 36: files of strangers are drawn anew or only downloaded, and stay inside the store."""

import asyncio
import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from agent_desktop.permissions import Role
from agent_desktop.pictures import Pictures
from router.model.content import Content, FileRef
from router.model.errors import InvalidInput, StorageFailed
from router.model.ids import InteractionId
from router.seals import Address
from tests.agent_desktop.client import DeskClient, Refused
from tests.agent_desktop.world import MAIL, World, story

OCTETS = {"Content-Type": "application/octet-stream"}
SCRIPT = b"<script>alert(1)</script>"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(data, kind)
    return data.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


async def brought(desk: DeskClient, chat: str, name: str, data: bytes) -> dict[str, object]:
    response = await desk.person.request(
        "POST",
        f"/api/v1/interactions/{chat}/files",
        params={"name": name},
        content=data,
        headers=OCTETS,
    )
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.json()
    return body


def test_a_file_is_brought_sent_and_fetched_by_who_may(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        file = await brought(mia, chat, "terms.txt", b"plain words")
        assert (file["name"], file["media_type"], file["size_bytes"]) == (
            "terms.txt",
            "text/plain",
            11,
        )
        await mia.write(chat, "See the file.", files=[file["file_id"]])
        entry = (await mia.push("entry"))["entry"]
        assert entry["files"] == [file]
        fetched = await mia.person.get(str(file["url"]))
        assert fetched.content == b"plain words"
        eve = await world.sign_in("eve")
        assert (await eve.get(str(file["url"]))).status_code == 404
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        assert (await sue.get(str(file["url"]))).content == b"plain words"

    story(tmp_path, tell)


def test_a_file_not_yet_sent_is_its_bringers_alone_and_goes_after_a_day(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        file = await brought(mia, chat, "draft.txt", b"not sent")
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        assert (await sue.get(str(file["url"]))).status_code == 404
        assert (await mia.person.get(str(file["url"]))).status_code == 200
        stolen = await mia.answer("note", interaction_id=chat, text="x", entry_id="0" * 32)
        assert stolen["type"] == "done"
        await mia.leave()
        world.clock.pass_ms(25 * 3_600_000)
        await world.server.look_after()
        person = await world.sign_in("mia")
        assert (await person.get(str(file["url"]))).status_code == 404

    story(tmp_path, tell)


def test_file_1_a_file_that_was_sent_is_never_swept_away_as_unsent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        rows = world.server._stored
        mark = rows.mark_used

        async def fails(file_ids: Sequence[str], *, used: bool = True) -> None:
            raise StorageFailed("the disk is full")

        file = await brought(mia, chat, "offer.txt", b"as agreed")
        monkeypatch.setattr(rows, "mark_used", fails)
        with pytest.raises(Refused):
            await mia.write(chat, "Here it is.", files=[file["file_id"]])
        entries = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()["entries"]
        assert len(entries) == 1, "what was refused was not sent"
        monkeypatch.setattr(rows, "mark_used", mark)
        await mia.write(chat, "Here it is.", files=[file["file_id"]])
        world.clock.pass_ms(25 * 3_600_000)
        await world.server.look_after()
        person = await world.sign_in("mia")
        assert (await person.get(str(file["url"]))).content == b"as agreed"

    story(tmp_path, tell)


def test_a_file_of_a_reply_that_was_stopped_goes_after_a_day(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        file = await brought(mia, chat, "offer.txt", b"not sent")
        await world.says(InteractionId(chat), "One more thing")
        with pytest.raises(Refused) as caught:
            await mia.write(chat, "Here it is.", files=[file["file_id"]], seen=1)
        assert caught.value.code == "stale"
        await mia.leave()
        world.clock.pass_ms(25 * 3_600_000)
        await world.server.look_after()
        person = await world.sign_in("mia")
        assert (await person.get(str(file["url"]))).status_code == 404

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", SCRIPT),
        ("picture.svg", SVG),
        ("data.xml", b"<?xml version='1.0'?><x/>"),
        ("picture.png", SCRIPT),
        ("picture.png", SVG),
        ("script.js", b"alert(1)"),
        ("page.txt", SCRIPT),
        ("doc.pdf", b"%PDF-1.7 " + SCRIPT),
        ("cut.png", picture()[:60]),
        ("bomb.png", bomb(60_000, 60_000)),
        ("eicar.com", b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"),
        (".htaccess", b"AddType text/html .png"),
        (".ht\u200baccess", b"AddType text/html .png"),
        ("../../../../etc/cron.d/x", b"* * * * * root true"),
        ("..\\..\\windows\\x.bat", b"del"),
        ("invoice\u202efdp.exe", b"MZ"),
        ("x" * 400 + ".html", SCRIPT),
        ("a\r\nSet-Cookie: x=1", b"x"),
    ],
)
def test_attack_36_what_is_no_picture_is_only_ever_downloaded(
    tmp_path: Path, name: str, data: bytes
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        file = await brought(mia, chat, name, data)
        before = everything_below(tmp_path)
        loop = asyncio.get_running_loop()
        start = loop.time()
        answer = await mia.person.get(str(file["url"]))
        took = loop.time() - start
        assert answer.content == data
        headers = answer.headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert headers["content-disposition"].startswith('attachment; filename="')
        assert "set-cookie" not in headers
        shown = str(file["name"])
        assert not set(shown) & set('/\\\r\n\u200b\u202e:"')
        assert len(shown) <= 150
        assert everything_below(tmp_path) == before
        assert took < 15

    story(tmp_path, tell)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_file_1_a_picture_is_drawn_anew_without_what_hides_in_it(tmp_path: Path, kind: str) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        polyglot = picture(kind) + SCRIPT
        file = await brought(mia, chat, f"photo.{kind.lower()}", polyglot)
        answer = await mia.person.get(str(file["url"]))
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-disposition"].startswith("inline")
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert SCRIPT not in answer.content
        with Image.open(io.BytesIO(answer.content)) as drawn:
            assert drawn.size == (40, 30)
            assert drawn.convert("RGB").getpixel((5, 5))[0] > 150  # type: ignore[index]  # it is a triple
        original = await mia.person.get(str(file["url"]), params={"original": 1})
        assert original.content == polyglot
        assert original.headers["content-disposition"].startswith("attachment")

    story(tmp_path, tell)


def test_attack_36_a_thousand_ranges_are_one_whole_file(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        file = await brought(mia, chat, "a.bin", b"x" * 100_000)
        ranges = "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(1_000))
        answer = await mia.person.get(str(file["url"]), headers={"Range": ranges})
        assert (answer.status_code, len(answer.content)) == (200, 100_000)

    story(tmp_path, tell)


def test_file_1_files_have_a_limit_each_and_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        place = f"/api/v1/interactions/{chat}/files"
        empty = await mia.person.request("POST", place, params={"name": "a"}, headers=OCTETS)
        assert empty.status_code == 422
        over = bytes(25 * 1024 * 1024 + 1)
        big = await mia.person.request(
            "POST", place, params={"name": "a"}, content=over, headers=OCTETS
        )
        assert big.status_code == 413
        monkeypatch.setattr("agent_desktop.api.files.INTERACTION_BYTES_MAX", 20)
        await brought(mia, chat, "a.txt", b"1234567890")
        more = await mia.person.request(
            "POST", place, params={"name": "b"}, content=b"12345678901", headers=OCTETS
        )
        assert more.status_code == 422

    story(tmp_path, tell)


def test_nobody_sends_a_file_of_another(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        tom, other = await world.given("tom")
        file = await brought(mia, chat, "a.txt", b"x")
        for desk, place in ((tom, other), (mia, chat)):
            wanted = file["file_id"] if desk is tom else "0" * 32
            answer = await desk.answer(
                "send", interaction_id=place, text="x", seen=9, entry_id="1" * 32, files=[wanted]
            )
            assert (answer["code"], answer["details"]) == ("invalid_input", {"field": "files"})

    story(tmp_path, tell)


def test_attack_25_a_mails_html_has_a_policy_that_lets_nothing_out(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        subject = await world.customers.resolve(Address("mail", "ana@ruiz.example"), "Ana")
        html = (
            '<p>Hello</p><img src="cid:logo@x"><img src="cid:gone@x">'
            '<img data-remote-src="https://ads.example/p.png?a=1&amp;b=2">'
            '<img data-remote-src="http://plain.example/p.png">'
        )
        stored = await world.files.put(subject, html.encode(), "message.html", "text/html")
        logo = await world.files.put(subject, picture(), "logo.png", "image/png")
        inline = FileRef(
            logo.file_id, "logo.png", "image/png", logo.size_bytes, "logo@x", inline=True
        )
        content = Content(text="Hello", html_file=stored.file_id, files=(inline,))
        chat = await world.arrive(MAIL, content=content)
        boss = await world.sign_in("boss", Role.MANAGER)
        entry = (await boss.get(f"/api/v1/interactions/{chat}")).json()["entries"][0]
        page = await boss.get(entry["html"])
        policy = page.headers["content-security-policy"]
        assert policy == (
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
            "img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
            "frame-ancestors 'self'"
        )
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert '<img src="data:image/png;base64,' in page.text
        assert '<img src="">' in page.text
        assert 'src="https://ads' not in page.text.replace("data-remote-src", "")
        asked = await boss.get(entry["html"], params={"images": 1})
        assert "img-src data: https:;" in asked.headers["content-security-policy"]
        assert '<img src="https://ads.example/p.png?a=1&amp;b=2">' in asked.text
        assert 'src="http://plain' not in asked.text.replace("data-remote-src", "")
        absent = await boss.get(entry["html"] + "x")
        assert absent.status_code == 404

    story(tmp_path, tell)


def test_file_3_a_worker_that_is_given_a_bomb_says_no_and_the_next_picture_is_drawn() -> None:
    async def run() -> None:
        pictures = Pictures()
        for data in (bomb(60_000, 60_000), bomb(7_000, 7_000), b"", b"GIF89a", SVG, picture()[:50]):
            with pytest.raises(InvalidInput):
                await pictures.render(data)
        assert (await pictures.render(picture())).startswith(b"\x89PNG")

    asyncio.run(run())


def test_file_3_the_worker_can_open_neither_file_nor_socket() -> None:
    program = (
        "import socket, sys; from agent_desktop.picture_worker import confine; confine()\n"
        "for attempt in (lambda: open('/etc/hostname'), lambda: socket.socket()):\n"
        "    try:\n        attempt()\n    except OSError:\n        continue\n    sys.exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)  # noqa: S603 - our own text
    assert done.returncode == 0
