"""What leaves us is signed, and a verifier nobody here wrote finds it true."""

import asyncio
from pathlib import Path

from tests.channels.mail.test_signing import a_key
from tests.journeys.mail.town import HOME, town
from tests.support import loop
from tests.support.programs_clients import dkim_verdict


def test_an_acknowledgement_bears_a_signature_that_others_believe(tmp_path: Path) -> None:
    key, record = a_key()
    secret = tmp_path / "dkim.pem"
    secret.write_text(key.private_key.reveal())
    secret.chmod(0o600)
    middle = len(record) // 2
    published = f'"{record[:middle]}" "{record[middle:]}"'
    lines = (
        "acknowledge = true",
        '[channels.mail.dkim."carillon.test"]',
        'selector = "s1"',
        f'private_key = "file:{secret}"',
    )

    async def story() -> None:
        records = {("s1._domainkey.carillon.test.", "TXT"): [published]}
        async with town(tmp_path / "centre", *lines, records=records) as made:
            mail = "From: Ann <ann@example.test>\nTo: help@carillon.test\nSubject: Hi\n\nHello\n"
            await made.send(mail, sender="ann@example.test", place=HOME)
            await made.relay.has(1)
            raw = made.relay.raw[0]
            said = await asyncio.to_thread(dkim_verdict, raw, made.names)
            assert said == "pass carillon.test"
            changed = raw.replace(b"To: ann@", b"To: eve@", 1)
            assert changed != raw
            said = await asyncio.to_thread(dkim_verdict, changed, made.names)
            assert said.startswith("fail")

    loop.run(story())
