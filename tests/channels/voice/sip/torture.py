"""The torture messages of RFC 4475 and what must become of each, from the independent data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.support.oracles import oracle


@dataclass(frozen=True)
class Torture:
    """One message: its bytes, and what the data says about it."""

    name: str
    data: bytes
    parser: str
    answers: str
    must: tuple[str, ...]


def torture_messages() -> dict[str, Torture]:
    """All of them by name; skips the test where the data is missing."""
    folder: Path = oracle("sip-rfc4475")
    rows = msgspec.json.decode((folder / "expected.json").read_bytes())
    found = {}
    for row in rows:
        name = row["file"].removesuffix(".dat")
        data = (folder / "dat" / row["file"]).read_bytes()
        found[name] = Torture(
            name, data, row["parser"], row["allowed_uas_responses"], tuple(row["must"])
        )
    return found
