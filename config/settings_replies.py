"""Canned replies: their references and their ``{fields}`` checked."""

import re

import msgspec

from config.catalogue_text import CentreText
from config.findings import FieldPath, Findings, did_you_mean
from config.settings_types import Reply, ReplyText

REPLY_FIELDS = frozenset(
    {
        "customer.name",
        "customer.address",
        "agent.name",
        "queue.title",
        "site.name",
        "interaction.subject",
        "case",
        "today",
    }
)
"""What ``{...}`` in a canned reply can stand for."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def replies_of(centre: CentreText, findings: Findings, *, whole: bool = True) -> tuple[Reply, ...]:
    """All canned replies in the order of the text; mistakes are noted."""
    made = []
    for name, text in centre.reply.items():
        path: FieldPath = ("reply", name)
        if not any(text.text.values()):
            findings.mistake((*path, "text"), 'has no words; write text = { en = "..." }')
        for language, words in text.text.items():
            _check_fields((*path, "text", language), words, findings)
        if whole:
            _check_references(path, text, centre, findings)
        made.append(Reply(name=name, **msgspec.structs.asdict(text)))
    return tuple(made)


def _check_fields(path: FieldPath, words: str, findings: Findings) -> None:
    for field in _FIELD.findall(words):
        if field not in REPLY_FIELDS:
            hint = did_you_mean(field, REPLY_FIELDS)
            findings.mistake(path, f'there is no field "{{{field}}}"{hint}')
    if words.count("{") != words.count("}"):
        findings.mistake(path, "has a { or } without its partner")


def _check_references(
    path: FieldPath, text: ReplyText, centre: CentreText, findings: Findings
) -> None:
    for section, names, known in (
        ("queues", text.queues, centre.queue),
        ("teams", text.teams, centre.team),
    ):
        for index, each in enumerate(names):
            if each not in known:
                hint = did_you_mean(each, known)
                findings.mistake(
                    (*path, section, index), f'no {section[:-1]} is named "{each}"{hint}'
                )
