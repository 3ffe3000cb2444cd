"""A mail server in front of ours: its word about senders counts, and nobody else's (MAIL-3)."""

import asyncio
from pathlib import Path

import pytest

from router.model.events import Arrived
from tests.journeys.mail.town import AWAY, HELP, HOME, town
from tests.support import loop

ANA = "ana@example.test"
FRONT = f'front = {{ name = "mx.front.test", networks = ["{HOME}"] }}'
PASSED = "spf=pass smtp.mailfrom=ana@example.test; dmarc=pass header.from=example.test"
FAILED = "spf=fail smtp.mailfrom=ana@example.test; dmarc=fail header.from=example.test"


@pytest.mark.parametrize(
    ("place", "fields", "verified"),
    [
        (HOME, f"Authentication-Results: mx.front.test; {PASSED}\n", True),
        (HOME, f"Authentication-Results: mx.front.test; {FAILED}\n", False),
        # It said nothing: what the address of the front would prove about Ana is nothing.
        (HOME, "", False),
        (HOME, f"Authentication-Results: mx.evil.test; {PASSED}\n", False),
        (HOME, f"X: 1\nAuthentication-Results: mx.front.test; {FAILED}\n"
               f"Authentication-Results: mx.front.test; {PASSED}\n", False),
        # Somebody who reaches us around the front says so themselves.
        (AWAY, f"Authentication-Results: mx.front.test; {PASSED}\n", False),
    ],
)  # fmt: skip
def test_mail_3_only_the_server_in_front_is_believed(
    tmp_path: Path, place: str, fields: str, *, verified: bool
) -> None:
    async def story() -> None:
        async with town(tmp_path / "centre", limits=FRONT) as made:
            raw = f"{fields}From: {ANA}\nTo: {HELP}\nSubject: x\n\nHello.\n"
            await made.send(raw, sender=ANA, place=place)
            (one,) = (each for each in await made.events() if isinstance(each, Arrived))
            assert one.customer["verified"] is verified

    loop.run(asyncio.wait_for(story(), 60))
