"""What strangers send as files stays in the store, and is handed out so that nothing runs it."""

import time
from pathlib import Path

import httpx

from tests.channels.chat.centre import ORIGIN, SITE, ChatCentre, tell, uploaded

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HOSTILE = (
    ("eicar.com", EICAR),
    (".htaccess", b"AddType text/html .png"),
    (".ht\u200baccess", b"AddType text/html .png"),
    ("../../../../etc/cron.d/x", b"* * * * * root true"),
    ("..\\..\\windows\\x.bat", b"del"),
    ("invoice\u202efdp.exe", b"MZ"),
    ("picture.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("a\r\nSet-Cookie: x=1", b"x"),
)


def below(folder: Path) -> set[str]:
    """The names of all files in a folder."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_attack_36_a_visitors_hostile_files_stay_in_the_store_and_are_only_downloaded(
    tmp_path: Path,
) -> None:
    """A thousand ranges get the whole file; nothing is scanned for viruses, and nothing runs."""
    ranges = "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(1_000))

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            files = [(await uploaded(centre, visitor, *each)).json() for each in HOSTILE]
            assert all(not set(file["name"]) & set('/\\\r\n\u200b\u202e:"') for file in files)
            await visitor.wish("say", files=[file["file_id"] for file in files])
            assert not below(tmp_path) & {file["name"] for file in files}
            mine = {"Origin": ORIGIN, "Authorization": f"Bearer {visitor.token}", "Range": ranges}
            async with httpx.AsyncClient(base_url=centre.base) as client:
                for file, (_, data) in zip(files, HOSTILE, strict=True):
                    before = time.process_time()
                    down = await client.get(f"/chat/{SITE}/files/{file['file_id']}", headers=mine)
                    # Of both sides' processors, so that a busy neighbour counts for nothing.
                    assert time.process_time() - before <= 0.05
                    assert (down.status_code, down.content) == (200, data)
                    assert down.headers["content-type"] == "application/octet-stream"
                    assert down.headers["content-disposition"].startswith("attachment; ")
                    assert down.headers["x-content-type-options"] == "nosniff"
                    assert down.headers["content-security-policy"] == "sandbox; default-src 'none'"
                    assert "set-cookie" not in down.headers

    tell(tmp_path, story)
