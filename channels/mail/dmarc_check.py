"""DMARC (RFC 7489) with organisational domains found by walking up the tree of names."""

from collections.abc import Mapping, Sequence

from channels.mail.verdicts import (
    RECORD_LENGTH,
    RECORDS,
    Ask,
    DkimResult,
    DmarcResult,
    Result,
    SpfResult,
)

_WALK_LABELS = 8


async def check_dmarc(
    from_domain: str, spf_result: SpfResult, signatures: Sequence[DkimResult], ask: Ask
) -> DmarcResult:
    """Evaluate DMARC for the author's domain.

    Organisational domains are found by walking up the tree of names (RFC 9989, 4.10), which needs
    no list of public suffixes.
    """
    if "." not in from_domain:
        return DmarcResult()
    try:
        record, organisation = await _policy_record(from_domain, ask)
    except _LookupFailed:
        return DmarcResult(Result.TEMPERROR)
    if record is None:
        return DmarcResult()
    policy = record.get("p", "none").lower()
    if organisation != from_domain and "sp" in record and record.get("_at") != from_domain:
        policy = record["sp"].lower()
    passed = False
    for domain, mode in _candidates(record, spf_result, signatures):
        passed = passed or await _aligned(from_domain, organisation, domain, mode, ask)
    errors = spf_result.result is Result.TEMPERROR or any(
        signature.result is Result.TEMPERROR for signature in signatures
    )
    result = Result.PASS if passed else Result.TEMPERROR if errors else Result.FAIL
    return DmarcResult(result, policy, organisation)


class _LookupFailed(Exception):
    pass


def _candidates(
    record: Mapping[str, str], spf_result: SpfResult, signatures: Sequence[DkimResult]
) -> list[tuple[str, str]]:
    """Authenticated domains with the alignment each one needs (``r`` or ``s``)."""
    found = [
        (signature.domain, record.get("adkim", "r"))
        for signature in signatures
        if signature.result is Result.PASS
    ]
    if spf_result.result is Result.PASS:
        found.append((spf_result.domain, record.get("aspf", "r")))
    return found


async def _aligned(from_domain: str, organisation: str, domain: str, mode: str, ask: Ask) -> bool:
    if domain == from_domain:
        return True
    if mode.lower() == "s" or not _shares_end(domain, organisation):
        return False
    try:
        _, other = await _policy_record(domain, ask)
    except _LookupFailed:
        return False
    return other == organisation


def _shares_end(domain: str, organisation: str) -> bool:
    return domain == organisation or domain.endswith("." + organisation)


async def _policy_record(domain: str, ask: Ask) -> tuple[dict[str, str] | None, str]:
    """The record that applies to ``domain`` (the nearest one above it) and its organisation."""
    labels = domain.split(".")
    names = [domain]
    start = 1 if len(labels) <= _WALK_LABELS else len(labels) - _WALK_LABELS + 1
    names += [".".join(labels[index:]) for index in range(start, len(labels))]
    found: list[tuple[str, dict[str, str]]] = []
    for name in names[:_WALK_LABELS]:
        answer = await ask(f"_dmarc.{name}", "TXT")
        if answer.failed:
            raise _LookupFailed
        record = _read_record(answer.records)
        if record is None:
            continue
        found.append((name, {**record, "_at": name}))
        if record.get("psd", "u").lower() == "n":
            break
    if not found:
        return None, domain
    return found[0][1], _organisation(domain, found)


def _organisation(domain: str, found: list[tuple[str, dict[str, str]]]) -> str:
    for name, record in found:
        if record.get("psd", "u").lower() == "n":
            return name
        if record.get("psd", "u").lower() == "y" and name != domain:
            below = domain[: -len(name) - 1].rpartition(".")[2]
            return f"{below}.{name}"
    return found[-1][0]


def _read_record(records: Sequence[str]) -> dict[str, str] | None:
    """The tags of the one DMARC record; None for none or several (RFC 7489, 6.6.3)."""
    texts = [text for text in records[:RECORDS] if text[:8].lower().startswith("v=dmarc1")]
    if len(texts) != 1:
        return None
    pairs = [part.partition("=") for part in texts[0][:RECORD_LENGTH].split(";")]
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
