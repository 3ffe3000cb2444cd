"""SPF (RFC 7208) by pyspf, over answers that are looked up elsewhere."""

import ipaddress
import warnings
from collections.abc import Mapping
from typing import Any

from channels.mail.verdicts import (
    LOOKUPS,
    RECORD_LENGTH,
    RECORDS,
    Answer,
    Ask,
    Envelope,
    Result,
    SpfResult,
    domain_of,
)

with warnings.catch_warnings():
    # The package's docstrings hold backslashes that newer Pythons complain about on first import.
    warnings.simplefilter("ignore")
    import spf  # type: ignore[import-untyped]  # the package has no types


class _Wanted(Exception):
    def __init__(self, name: str, kind: str) -> None:
        super().__init__(name)
        self.name = name
        self.kind = kind


class _TableQuery(spf.query):  # type: ignore[misc]  # the package has no types
    """pyspf's evaluation over known answers: stops at the first name it does not know."""

    def __init__(self, answers: Mapping[tuple[str, str], Answer], **values: Any) -> None:
        super().__init__(**values)
        self._answers = answers

    def dns(
        self,
        name: str,
        qtype: str,
        cnames: object = None,
        ignore_void: bool = False,  # noqa: FBT001, FBT002 - the signature of the package
    ) -> list[Any]:
        key = (str(name).lower().rstrip("."), qtype)
        if not all(0 < len(label) < 64 for label in key[0].split(".")):
            return []
        answer = self._answers.get(key)
        if answer is None:
            raise _Wanted(*key)
        if answer.failed:
            raise spf.TempError("DNS failed")
        if not answer.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many void lookups")
        return [_record(record, qtype) for record in answer.records[:RECORDS]]


def _record(record: str, kind: str) -> Any:
    """A record in the form pyspf expects of its resolver."""
    if kind == "TXT":
        return (record[:RECORD_LENGTH].encode("utf-8", "replace"),)
    if kind == "MX":
        preference, _, host = record.partition(" ")
        return int(preference) if preference.isdigit() else 0, host.strip()
    return record


async def check_spf(envelope: Envelope, ask: Ask) -> SpfResult:
    """Evaluate SPF by replaying it until every name it needs is known.

    The evaluation itself is bounded by RFC 7208 (10 mechanisms with lookups, 2 void ones).
    """
    try:
        ipaddress.ip_address(envelope.client)
    except ValueError:
        return SpfResult(Result.NONE)
    sender = envelope.sender.strip("<> ")
    domain = domain_of(sender) if "@" in sender else domain_of(envelope.greeting)
    if "." not in domain or len(domain) > 253:
        return SpfResult(Result.NONE, domain)
    local = sender.rpartition("@")[0] if "@" in sender else "postmaster"
    answers: dict[tuple[str, str], Answer] = {}
    for _ in range(LOOKUPS):
        query = _TableQuery(
            answers, i=envelope.client, s=f"{local[:64]}@{domain}", h=envelope.greeting[:253]
        )
        try:
            return SpfResult(_spf_result(query), domain)
        except _Wanted as wanted:
            answers[wanted.name, wanted.kind] = await ask(wanted.name, wanted.kind)
    return SpfResult(Result.PERMERROR, domain)


def _spf_result(query: _TableQuery) -> Result:
    try:
        word = query.check()[0]
    except _Wanted:
        raise
    except Exception:
        # The package lets errors of hostile records through (ValueError, RecursionError ...).
        return Result.PERMERROR
    return Result(word) if word in set(Result) else Result.PERMERROR
