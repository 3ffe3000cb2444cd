"""The log's tables on SQLite. The number of steps made is the file's ``user_version``."""

from router.storage.migrations import Migration

APPLICATION_ID = 0x43524C4E
"""Written into the file ("CRLN"), so that no other SQLite file is taken for a log."""

MIGRATIONS = (
    Migration(
        number=1,
        name="the log, its lead and how far its followers are",
        statements=(
            f"PRAGMA application_id = {APPLICATION_ID}",
            """
            CREATE TABLE log (
                position INTEGER PRIMARY KEY,
                epoch INTEGER NOT NULL,
                tag TEXT NOT NULL,
                body BLOB NOT NULL,
                checksum INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE lead (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                epoch INTEGER NOT NULL,
                log_id TEXT NOT NULL
            ) STRICT
            """,
            "INSERT INTO lead VALUES (1, 0, lower(hex(randomblob(16))))",
            """
            CREATE TABLE followers (
                follower TEXT PRIMARY KEY,
                position INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log
            BEGIN SELECT RAISE(ABORT, 'the log is never changed'); END
            """,
            """
            CREATE TRIGGER log_is_never_cut BEFORE DELETE ON log
            BEGIN SELECT RAISE(ABORT, 'the log is never cut'); END
            """,
            """
            CREATE TRIGGER log_has_no_gaps BEFORE INSERT ON log
            WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM log)
            BEGIN SELECT RAISE(ABORT, 'the log has no gaps'); END
            """,
            """
            CREATE TRIGGER epochs_only_grow BEFORE UPDATE ON lead
            WHEN NEW.epoch <= OLD.epoch OR NEW.log_id <> OLD.log_id
            BEGIN SELECT RAISE(ABORT, 'epochs only grow'); END
            """,
            """
            CREATE TRIGGER lead_stays BEFORE DELETE ON lead
            BEGIN SELECT RAISE(ABORT, 'the lead stays'); END
            """,
        ),
    ),
)
