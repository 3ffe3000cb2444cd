"""The customers' tables: what could tell who somebody is, is sealed or a keyed digest."""

from router.storage.migrations import Migration

MIGRATIONS = (
    Migration(
        number=1,
        name="cards, the blind index of their addresses, and their history",
        statements=(
            """
            CREATE TABLE {schema}cards (
                subject VARCHAR(64) PRIMARY KEY,
                revision BIGINT NOT NULL,
                merged_into VARCHAR(64) REFERENCES {schema}cards (subject),
                sealed {bytes} NOT NULL
            )
            """,
            """
            CREATE TABLE {schema}addresses (
                digest {bytes} PRIMARY KEY,
                subject VARCHAR(64) NOT NULL REFERENCES {schema}cards (subject)
            )
            """,
            """
            CREATE TABLE {schema}card_changes (
                subject VARCHAR(64) NOT NULL REFERENCES {schema}cards (subject),
                number BIGINT NOT NULL,
                sealed {bytes} NOT NULL,
                PRIMARY KEY (subject, number)
            )
            """,
            "CREATE INDEX cards_merged_into ON {schema}cards (merged_into)",
            "CREATE INDEX addresses_subject ON {schema}addresses (subject)",
        ),
    ),
)
