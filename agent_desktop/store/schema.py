"""The desk's tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

META = Table(
    "desk_meta",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""``revision`` grows when a user or a session was ended."""

USERS = Table(
    "desk_user",
    METADATA,
    Column("user", String(64), primary_key=True),
    Column("name", String(150), nullable=False),
    Column("role", String(20), nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("teams", Text, nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

SESSIONS = Table(
    "desk_session",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("last_active", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Index("desk_session_by_user", "user"),
)
"""``token_hash`` is SHA-256 of the cookie's token; ``confirmed`` when the password was typed."""

DEVICES = Table(
    "desk_device",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("expires", BigInteger, nullable=False),
)

FAILURES = Table(
    "desk_failure",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("desk_failure_by_key", "key", "at"),
)
"""Failed log-ins by digest of what they count against."""

LOCKS = Table(
    "desk_lock",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("until", BigInteger, nullable=False),
)

TICKETS = Table(
    "desk_ticket",
    METADATA,
    Column("ticket_hash", String(64), primary_key=True),
    Column("session_hash", String(64), nullable=False),
    Column("expires", BigInteger, nullable=False),
)

SETTINGS = Table(
    "desk_settings",
    METADATA,
    Column("user", String(64), primary_key=True),
    Column("settings", Text, nullable=False),
)

DRAFTS = Table(
    "desk_draft",
    METADATA,
    Column("agent_id", String(64), primary_key=True),
    Column("interaction_id", String(64), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

READ_MARKS = Table(
    "desk_read",
    METADATA,
    Column("agent_id", String(64), primary_key=True),
    Column("interaction_id", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

UPLOADS = Table(
    "desk_upload",
    METADATA,
    Column("file_id", String(64), primary_key=True),
    Column("interaction_id", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False),
    Index("desk_upload_by_interaction", "interaction_id"),
)
"""Files agents brought, before and after they were sent; name and type are sealed."""
