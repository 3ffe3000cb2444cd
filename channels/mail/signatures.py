"""DKIM signatures of a mail: which keys they need, and whether they hold. Runs in the worker."""

import logging
import re
from collections.abc import Mapping

import dkim  # type: ignore[import-untyped]  # the package has no types

from channels.mail.headers import Headers
from channels.mail.verdicts import DkimResult, Result

SIGNATURES = 5
"""Signatures checked of one mail at most, from the top."""
_KEY_BITS = 1_024
_TAG = re.compile(rb"(?:\A|;)\s*([a-z]{1,10})\s*=\s*([^;]{0,4000})")
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,250}[A-Za-z0-9_])?\Z")
_SILENT = logging.getLogger("channels.mail.signatures")


def _tags(value: bytes) -> dict[str, str]:
    return {
        name.decode("ascii"): re.sub(rb"\s+", b"", content).decode("ascii", "replace")
        for name, content in _TAG.findall(value[:20_000])
    }


def dkim_queries(headers: Headers) -> tuple[str, ...]:
    """The names under which the keys of the first signatures are published."""
    found: list[str] = []
    for value in headers.all_raw("dkim-signature")[:SIGNATURES]:
        name = _query_name(_tags(value))
        if name:
            found.append(name)
    return tuple(dict.fromkeys(found))


def _query_name(tags: Mapping[str, str]) -> str:
    domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
    if not _NAME.match(domain) or not _NAME.match(selector) or "." not in domain:
        return ""
    return f"{selector}._domainkey.{domain}"


def verify_signatures(raw: bytes, keys: Mapping[str, str]) -> tuple[DkimResult, ...]:
    """Check the first signatures of a mail with the given keys (name to TXT record).

    A signature that covers only part of the body, or that uses SHA-1 (RFC 8301), does not count:
    others could add to the mail or forge it. Never raises for anything in ``raw``.
    """
    try:
        message = dkim.DKIM(raw, logger=_SILENT, minkey=_KEY_BITS)
    except Exception:
        # dkimpy gives up on header blocks that no signature could have covered.
        return ()
    values = [value for name, value in message.headers if name.lower() == b"dkim-signature"]
    return tuple(
        _verify(raw, index, _tags(value), keys) for index, value in enumerate(values[:SIGNATURES])
    )


def _verify(raw: bytes, index: int, tags: dict[str, str], keys: Mapping[str, str]) -> DkimResult:
    name = _query_name(tags)
    domain, selector = tags.get("d", "").lower()[:253], tags.get("s", "").lower()[:253]

    def lookup(_name: bytes, timeout: float = 0) -> bytes:
        return keys.get(name, "").encode("utf-8", "replace")

    if not name:
        return DkimResult(Result.PERMERROR, domain, selector, "no usable domain or selector")
    if name not in keys:
        return DkimResult(Result.PERMERROR, domain, selector, "no key published")
    try:
        holds = dkim.DKIM(raw, logger=_SILENT, minkey=_KEY_BITS).verify(index, dnsfunc=lookup)
    except Exception as error:
        # Whatever a hostile signature makes the package raise, it is a signature that is broken.
        return DkimResult(Result.PERMERROR, domain, selector, type(error).__name__)
    if not holds:
        return DkimResult(Result.FAIL, domain, selector)
    if "l" in tags:
        return DkimResult(Result.POLICY, domain, selector, "covers part of the body")
    if tags.get("a", "").lower().endswith("-sha1"):
        return DkimResult(Result.POLICY, domain, selector, "SHA-1")
    return DkimResult(Result.PASS, domain, selector)
