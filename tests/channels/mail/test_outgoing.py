"""Outgoing mail to a relay on loopback: tried again, given up, refused, never lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typing_extensions import override

from channels.mail.composing import Composed
from channels.mail.outgoing import OutgoingMail
from channels.mail.settings import Relay, Retry
from channels.mail.store import MailStore, Outgoing
from router.model.content import CONTENT_SCHEMA, Mark, Sealed
from router.model.errors import StorageFailed
from router.model.ids import HOUR_MS, MINUTE_MS, Instant, InteractionId, SubjectId
from tests.support.clock import StillClock

RETRY = Retry(first_ms=MINUTE_MS, last_ms=4 * MINUTE_MS, give_up_ms=HOUR_MS)
RECIPIENTS = ("ann@customer.example", "bob@customer.example")


class WatchedStore(MailStore):
    """Tells when a try was remembered, and when it was asked what is due next."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.moved = asyncio.Event()
        self.asked = asyncio.Event()

    @override
    async def move_outgoing(
        self, key: str, state: str, *, attempts: int, next_at: Instant, reason: str = ""
    ) -> None:
        await super().move_outgoing(key, state, attempts=attempts, next_at=next_at, reason=reason)
        self.moved.set()

    @override
    async def next_due(self) -> Instant | None:
        due = await super().next_due()
        self.asked.set()
        return due


async def within(event: asyncio.Event) -> None:
    """Wait for what must happen."""
    async with asyncio.timeout(10):
        await event.wait()


class Scene:
    """A relay that answers as told (by the word that starts a command), and what was reported."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, str] = {}
        self.hold: asyncio.Event | None = None
        self.taken: list[str] = []
        self.reports: list[tuple[Mark, str]] = []
        self.clock = StillClock()
        self.store = WatchedStore(f"sqlite+aiosqlite:///{folder}/mail.db")
        self.asked = asyncio.Event()
        self.relay: Relay | None = None
        self.patience_s = 10.0
        self.deaf = False

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the relay."""
        writer.write(b"220 relay\r\n")
        in_data = False
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            words = line.upper()
            answer = next((a for start, a in self.answers.items() if words.startswith(start)), "")
            if words == "DATA" and not answer:
                in_data = True
                writer.write(b"354 go\r\n")
                async with asyncio.timeout(10):
                    await reader.readuntil(b"\r\n.\r\n")
                self.asked.set()
                if self.hold is not None:
                    await self.hold.wait()
                answer = self.answers.get("END", "250 taken")
            if in_data and answer.startswith("250"):
                self.taken.append("message")
                in_data = False
            writer.write(f"{answer or '250 yes'}\r\n".encode())
            if words == "QUIT":
                break
        writer.close()

    def sender(self) -> OutgoingMail:
        """A queue on the store."""

        async def compose(message: Outgoing) -> Composed:
            return Composed(
                "help@c.example",
                "help@c.example",
                RECIPIENTS,
                "m@c",
                b"Subject: x\r\n\r\nhello\r\n",
            )

        async def report(message: Outgoing, mark: Mark, reason: str) -> None:
            if self.deaf:
                raise StorageFailed("the log is full")
            self.reports.append((mark, reason))

        return OutgoingMail(self.store, self.clock, RETRY, compose, report, self.patience_s)

    async def add(self, sender: OutgoingMail) -> None:
        """A message to be sent, kept."""
        now = self.clock.now()
        box = Sealed(SubjectId("s"), CONTENT_SCHEMA, b"box")
        await sender.add(Outgoing("k", InteractionId("i"), box, "queued", 0, now, now))

    async def rest(self, sender: OutgoingMail) -> int | None:
        """Try what is due now, once; the rest until the next try, None when it is over."""
        self.store.moved.clear()
        sender.start(self.relay)
        await within(self.store.moved)
        await sender.stop()
        due = await self.store.next_due()
        return None if due is None else due - self.clock.now()


def tell(folder: Path, story: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a story with a relay."""

    async def told() -> None:
        scene = Scene(folder)
        await scene.store.open()
        server = await asyncio.start_server(scene.talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        scene.relay = Relay(host="127.0.0.1", port=port, security="none", timeout_ms=5_000)
        try:
            await story(scene)
        finally:
            server.close()
            await scene.store.close()

    asyncio.run(told())


def test_rests_double_up_to_the_longest_and_then_it_is_given_up(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.answers["MAIL"] = "451 later"
        sender = scene.sender()
        await scene.add(sender)
        rests = []
        while (rest := await scene.rest(sender)) is not None:
            rests.append(rest // MINUTE_MS)
            assert "try later" in sender.trouble
            scene.clock.pass_ms(rest)
        assert rests[:4] == [1, 2, 4, 4]
        assert sum(rests) >= HOUR_MS // MINUTE_MS
        assert scene.reports == [(Mark.WAITING, "451 try later"), (Mark.FAILED, "451 try later")]

    tell(tmp_path, story)


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({"MAIL": "550 not you"}, "550 refused"),
        ({"RCPT": "550 5.1.1 <ann@customer.example>: unknown"}, "550 5.1.1 no such user"),
        ({"RCPT": "550 5.1.1 Ann Miller left; ann.miller@new.example"}, "550 5.1.1 no such user"),
        ({"DATA": "554 no"}, "554 refused"),
        ({"END": "554 5.7.1 looks like spam"}, "554 5.7.1 refused by policy"),
        ({"RCPT TO:<BOB": "550 no bob"}, "not taken for recipient 2: 550 refused"),
        ({"RCPT TO:<BOB": "451 bob later"}, "not taken for recipient 2: 451 try later"),
    ],
)
def test_priv_1_a_refusal_for_good_fails_at_once_with_a_reason_that_names_nobody(
    tmp_path: Path, answers: dict[str, str], word: str
) -> None:
    """PRIV-1: the reason is kept in clear for ever. A message taken for some recipients is not
    sent to these again."""

    async def story(scene: Scene) -> None:
        scene.answers = answers
        sender = scene.sender()
        await scene.add(sender)
        assert await scene.rest(sender) is None
        assert scene.reports == [(Mark.FAILED, word)]
        assert len(scene.taken) == ("RCPT TO:<BOB" in answers)

    tell(tmp_path, story)


def test_a_stop_in_mid_way_keeps_the_message_for_the_next_start(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.hold = asyncio.Event()
        scene.patience_s = 0.0
        first = scene.sender()
        await scene.add(first)
        first.start(scene.relay)
        await within(scene.asked)
        await first.stop()
        assert scene.reports == []
        assert await scene.store.next_due() == scene.clock.now()
        scene.hold.set()
        assert await scene.rest(scene.sender()) is None
        assert scene.reports == [(Mark.SENT, "")]

    tell(tmp_path, story)


def test_a_stop_lets_the_relay_finish_the_message_it_takes(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.hold = asyncio.Event()
        sender = scene.sender()
        await scene.add(sender)
        sender.start(scene.relay)
        await within(scene.asked)
        stopping = asyncio.create_task(sender.stop())
        asyncio.get_running_loop().call_soon(scene.hold.set)
        await stopping
        assert await scene.store.next_due() is None
        assert scene.taken == ["message"]
        again = scene.sender()
        scene.store.asked.clear()
        again.start(scene.relay)
        await within(scene.store.asked)
        await again.stop()
        assert scene.taken == ["message"]
        assert (Mark.SENT, "") in scene.reports

    tell(tmp_path, story)


def test_a_log_that_takes_no_marks_does_not_make_a_message_go_twice(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.deaf = True
        sender = scene.sender()
        await scene.add(sender)
        assert await scene.rest(sender) is None
        assert scene.taken == ["message"]
        scene.deaf = False
        scene.store.asked.clear()
        again = scene.sender()
        again.start(scene.relay)
        await within(scene.store.asked)
        await again.stop()
        assert scene.taken == ["message"]
        assert scene.reports == [(Mark.SENT, "")]

    tell(tmp_path, story)


def test_mail_7_a_relay_without_tls_gets_nothing_where_tls_is_wanted(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        assert scene.relay is not None
        port = scene.relay.port
        scene.relay = Relay(host="127.0.0.1", port=port, security="starttls", timeout_ms=5_000)
        sender = scene.sender()
        await scene.add(sender)
        assert await scene.rest(sender) == MINUTE_MS
        assert scene.taken == []

    tell(tmp_path, story)


def test_without_a_relay_a_message_waits_and_that_is_told(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        sender = scene.sender()
        await scene.add(sender)
        sender.start(None)
        await within(scene.store.asked)
        assert "no relay" in sender.trouble
        assert scene.reports == [(Mark.WAITING, "no relay is configured")]
        scene.store.moved.clear()
        sender.reconfigure(scene.relay, RETRY)
        await within(scene.store.moved)
        await sender.stop()
        assert scene.reports[1:] == [(Mark.SENT, "")]

    tell(tmp_path, story)
