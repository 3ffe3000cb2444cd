"""Identifiers and instants: strings and integers with a name for the type checker."""

from typing import NewType

Instant = NewType("Instant", int)
"""A moment: milliseconds since 1970-01-01T00:00:00Z, from the Clock port and nowhere else."""

Position = NewType("Position", int)
"""The place of an event in the log: 1 for the first one, without gaps. 0 means "before all"."""

InteractionId = NewType("InteractionId", str)
"""One contact of one customer: a mail, a chat, a call. 128 random bits, hexadecimal."""

CaseId = NewType("CaseId", str)
"""What joins interactions that belong together (a mail thread, a complaint)."""

EntryId = NewType("EntryId", str)
"""One message, note or file within an interaction. 128 random bits, hexadecimal."""

OfferId = NewType("OfferId", str)
"""One ring at one agent: the interaction's id, a dot and the running number of its offers."""

SubjectId = NewType("SubjectId", str)
"""The person a sealed part belongs to: 128 random bits, hexadecimal; never a name or a number."""

AgentId = NewType("AgentId", str)
"""An agent as the configuration names it, for example ``mia``."""

QueueName = NewType("QueueName", str)
"""A queue as the configuration names it, for example ``billing``."""

SkillName = NewType("SkillName", str)
"""A skill as the configuration names it, for example ``spanish``."""

TeamName = NewType("TeamName", str)
"""A team as the configuration names it."""

Medium = NewType("Medium", str)
"""The kind of contact: the name of a folder of ``channels`` such as ``mail`` or ``chat``."""

CatalogueVersion = NewType("CatalogueVersion", str)
"""The version of the configuration that decided something: a digest of its text."""

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
