"""The demonstration's letters go by real SMTP, and its own server takes what is sent back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from channels.dummy.post import Answers, Letters, send
from router.model.errors import CannotListen
from tests.journeys.mail.test_answer import configured, smtp_port
from tests.support import loop
from tests.support.centre import running_centre
from tests.support.programs import free_port

DEADLINE_S = 30


def test_a_letter_is_handed_over_and_counted() -> None:
    async def tell() -> None:
        answers = Answers(0)
        port = answers.start()
        letters = Letters("127.0.0.1", port, "help@mail.localhost", 0)
        async with asyncio.timeout(DEADLINE_S):
            await send(letters, "Ana Ruiz", "ana.ruiz@example.invalid", "Where is my parcel?")
        assert answers.taken == 1
        answers.stop()

    loop.run(tell())


def test_the_same_words_again_are_another_letter(tmp_path: Path) -> None:
    async def tell() -> None:
        async with running_centre(configured(tmp_path)) as centre:
            letters = Letters("127.0.0.1", smtp_port(centre), "help@carillon.test", 0)
            for _ in range(2):
                await send(letters, "Ana Ruiz", "ana.ruiz@example.invalid", "Where is it?")
            assert centre.hub.conservation().accepted == 2

    loop.run(tell())


def test_nobody_there_is_an_error_the_demonstration_goes_on_after() -> None:
    async def tell() -> None:
        letters = Letters("127.0.0.1", free_port(), "help@mail.localhost", 0)
        with pytest.raises(OSError, match="connect"):
            await send(letters, "Ana Ruiz", "ana.ruiz@example.invalid", "Hello?")

    loop.run(tell())


def test_a_taken_port_of_its_server_is_named() -> None:
    async def tell() -> None:
        first = Answers(0)
        port = first.start()
        with pytest.raises(CannotListen, match="the demonstration's mail server"):
            Answers(port).start()
        first.stop()

    loop.run(tell())
