"""Logs: one line per event whatever is in it (LOG-1), without secrets (LOG-2), bounded (LOG-3)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from config.logs import Limit, Logs, about
from config.redaction import Redactor, luhn, secrets_of
from config.settings_types import LogSettings, StorageSettings
from router.model.secret import Secret

log = logging.getLogger("carillon.test")


def written(say: Callable[[], object], form: Any = "json", secrets: tuple[str, ...] = ()) -> str:
    """What a log call writes."""
    stream = io.StringIO()
    logs = Logs(LogSettings(format=form), stream)
    logs.configure(LogSettings(format=form), secrets)
    logs.start()
    try:
        say()
    finally:
        logs.stop()
    return stream.getvalue()


def line(say: Callable[[], object], **more: Any) -> dict[str, Any]:
    """The one JSON line a log call writes."""
    text = written(say, **more)
    assert text.count("\n") == 1
    found: dict[str, Any] = json.loads(text)
    return found


def test_log_1_a_line_has_time_level_logger_message_and_its_fields() -> None:
    found = line(lambda: log.info("taken %s", "up", extra={"event": "taken", "count": 3}))
    assert found["utc"].endswith("Z")
    assert len(found["utc"]) == len("2026-11-22T01:02:03.456Z")
    assert (found["level"], found["logger"], found["message"]) == (
        "info",
        "carillon.test",
        "taken up",
    )
    assert (found["event"], found["count"]) == ("taken", 3)


def test_log_1_what_is_logged_about_an_interaction_bears_its_id() -> None:
    async def work() -> None:
        with about("i1"):
            await asyncio.sleep(0)
            log.info("one")
        log.info("two")
        with about("i2"):
            log.info("three", extra={"interaction": "i3"})

    rows = [json.loads(row) for row in written(lambda: asyncio.run(work())).splitlines()]
    assert [row.get("interaction") for row in rows] == ["i1", None, "i3"]


FORGED = 'a\r\n{"level":"error"}\x1b[31m\x00\x7f\x9b\u2028\u202ecod\u200b'


@pytest.mark.parametrize("form", ["json", "text"])
def test_log_1_no_text_can_begin_a_line_of_its_own(form: str) -> None:
    """A customer chooses every byte of a name; it stays within its line."""
    text = written(lambda: log.info("name %s", FORGED, extra={"field": FORGED}), form)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    for character in FORGED:
        assert character.isascii() is False or character.isprintable() or character not in text[:-1]
    for character in "\x1b\x00\x7f\x9b\u2028\u202e\u200b\r":
        assert character not in text


@given(st.text())
def test_log_1_any_text_is_one_json_line_that_says_the_same(text: str) -> None:
    stream = io.StringIO()
    logs = Logs(LogSettings(format="json"), stream)
    record = logging.LogRecord("x", 20, "", 0, text.replace("%", ""), None, None)
    (only,) = [logs._writer.format(record)]
    assert "\n" not in only
    json.loads(only)


def test_an_exception_is_told_within_the_same_line() -> None:
    def fail() -> None:
        try:
            raise ValueError("token=abcdef123456")
        except ValueError:
            log.exception("it failed")

    found = line(fail)
    assert "ValueError" in found["exception"]
    assert "abcdef123456" not in found["exception"]


HIDDEN_THINGS = [
    ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
    ('Authorization: Digest username="7", response="6629fae49393"', "6629fae49393"),
    ("Proxy-Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("header authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("Cookie: a=1; __Host-carillon=Zm9vYmFy", "Zm9vYmFy"),
    ("Set-Cookie: __Host-carillon-chat=Zm9vYmFy; Path=/", "Zm9vYmFy"),
    ("got __Host-carillon=Zm9vYmFy there", "Zm9vYmFy"),
    ("password=hunter2-hunter2", "hunter2-hunter2"),
    ('{"password": "hunter \\" two"}', "hunter"),
    ("imap_password = 'hunter2'", "hunter2"),
    ("?token=9f8e7d6c&x=1", "9f8e7d6c"),
    ("postgresql://carillon:hunter2@db/centre", "hunter2"),  # pragma: allowlist secret
    ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwg", "WVNfX19zZW1jdGwg"),
    ("a=ice-pwd:asd88fgpdd777uzjYhagZg", "asd88fgpdd777uzjYhagZg"),
    ("sent cri_ABCDEFGHIJKLMNOP today", "cri_ABCDEFGHIJKLMNOP"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIiOiIxIn0"),  # pragma: allowlist secret
    ("card 4111 1111 1111 1111 please", "4111 1111 1111"),
    ("card 5500-0055-5555-5559", "5500-0055-5555"),
    ("378282246310005", "378282246310"),
    ("Signal=5\r\nDuration=160", "Signal=5"),
    ("digits=4711", "4711"),
    ("PIN: 8154", "8154"),
]


@pytest.mark.parametrize(("text", "secret"), HIDDEN_THINGS, ids=[each[0] for each in HIDDEN_THINGS])
def test_log_2_what_must_not_be_written_is_not(text: str, secret: str) -> None:
    for form in ("json", "text"):
        assert secret not in written(lambda: log.warning("it said %s", text), form)
        assert secret not in written(lambda: log.warning("x", extra={"said": text}), form)
        assert secret not in written(lambda: log.warning("x", extra={"deep": {"er": [text]}}), form)


@pytest.mark.parametrize(
    "name", ["password", "imap_password", "token", "Cookie", "authorization", "digits", "pin"]
)
def test_log_2_a_field_with_a_telling_name_is_hidden_whatever_it_holds(name: str) -> None:
    found = line(lambda: log.info("x", extra={name: "hunter2", "more": {name: ["hunter2", 4711]}}))
    assert found[name] == "[hidden]"
    assert found["more"][name] == "[hidden]"


def test_log_2_secrets_this_process_was_given_are_hidden_by_value() -> None:
    settings = StorageSettings(password=Secret("env:P", "k2Jd-93ja"))
    assert secrets_of(settings) == {"k2Jd-93ja"}
    found = line(lambda: log.info("wrote k2Jd-93ja!"), secrets=("k2Jd-93ja",))
    assert found["message"] == "wrote [hidden]!"
    told = line(lambda: log.info("x", extra={"password": settings.password}))
    assert told["password"] == "Secret(env:P)"


ORDINARY = [
    "configuration in force",
    "queue billing has 12 waiting, 3 offered",
    "order 1234567890123 shipped",
    "at 1764550923456 ms",
    "https://desk.example.org/api/v1/session?x=1",
    "call-id 3848276298220188511@atlanta.example.com",
    "the password was wrong",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_log_2_what_is_harmless_stays_readable(text: str) -> None:
    assert line(lambda: log.info("%s", text))["message"] == text


def test_cards_are_known_by_their_check_digit() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert Redactor().text("4111111111111112") == "4111111111111112"
    assert Redactor().text("x" * 9_000).endswith("[1000 more characters]")


def test_log_3_a_flood_of_one_kind_is_cut_and_counted_and_others_pass() -> None:
    limit = Limit(rate=100)

    def record(second: int, message: str) -> logging.LogRecord:
        made = logging.LogRecord("x", 20, "", 0, message, None, None)
        made.created = float(second)
        return made

    passed = sum(limit.filter(record(1, "flood")) for _ in range(5_000))
    assert passed == 100
    assert limit.filter(record(1, "something else"))
    later = record(2, "flood")
    assert limit.filter(later)
    assert vars(later)["suppressed_before"] == 4_900
    assert limit.suppressed == 4_900
    assert limit.lines["info"] == 102


def test_log_3_many_kinds_at_once_are_bounded_too() -> None:
    limit = Limit(rate=1)
    records = [logging.LogRecord("x", 20, "", 0, f"kind {n}", None, None) for n in range(3_000)]
    for record in records:
        record.created = 1.0
    assert sum(limit.filter(record) for record in records) == 1_001


class Stuck(io.StringIO):
    """A pipe nobody reads, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    @override
    def write(self, text: str) -> int:
        self.go.wait(10)
        return super().write(text)


def test_a_stream_nobody_reads_stops_nobody_and_what_is_lost_is_told() -> None:
    stream = Stuck()
    logs = Logs(LogSettings(format="json"), stream)
    logs.limit._rate = 100_000
    logs.start()
    try:
        for number in range(11_000):
            log.info("line", extra={"number": number})
        assert logs.limit.suppressed >= 900
        stream.go.set()
    finally:
        stream.go.set()
        logs.stop()
    rows = stream.getvalue().splitlines()
    assert len(rows) + logs.limit.suppressed == 11_000


def test_a_terminal_gets_plain_lines_and_a_pipe_json() -> None:
    class Terminal(io.StringIO):
        @override
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    logs = Logs(LogSettings(), stream)
    logs.start()
    log.warning("slow %s", "disk", extra={"wait_ms": 5})
    logs.stop()
    assert stream.getvalue().endswith(" warning carillon.test: slow disk  wait_ms=5\n")
    assert written(lambda: log.info("x"), "auto").startswith("{")


def test_levels_change_live_and_libraries_keep_their_inner_life_to_themselves() -> None:
    stream = io.StringIO()
    logs = Logs(LogSettings(format="json", level="warning"), stream)
    logs.start()
    try:
        log.info("not yet")
        logs.configure(LogSettings(format="json", level="debug"))
        log.debug("now")
        logging.getLogger("sqlalchemy.engine").info("SELECT secret")
    finally:
        logs.stop()
        logging.getLogger().setLevel(logging.WARNING)
    assert [json.loads(row)["message"] for row in stream.getvalue().splitlines()] == ["now"]
