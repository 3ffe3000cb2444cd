"""The key store's tables, apart from the log: ``{schema}`` and ``{bytes}`` are the database's."""

from router.storage.migrations import Migration

MIGRATIONS = (
    Migration(
        number=1,
        name="keys of subjects, who was forgotten, and the centre's own secret",
        statements=(
            """
            CREATE TABLE {schema}subject_keys (
                subject VARCHAR(64) PRIMARY KEY,
                version INTEGER NOT NULL,
                wrapped {bytes} NOT NULL
            )
            """,
            """
            CREATE TABLE {schema}forgotten (
                subject VARCHAR(64) PRIMARY KEY,
                at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE {schema}own_secrets (
                name VARCHAR(64) PRIMARY KEY,
                version INTEGER NOT NULL,
                wrapped {bytes} NOT NULL
            )
            """,
            "CREATE INDEX subject_keys_version ON {schema}subject_keys (version)",
        ),
    ),
)
