"""The log's tables on PostgreSQL, in the schema ``carillon_log``."""

from router.storage.migrations import Migration

MIGRATIONS = (
    Migration(
        number=1,
        name="the log, its lead, snapshots and how far its followers are",
        statements=(
            """
            CREATE TABLE carillon_log.log (
                position bigint PRIMARY KEY CHECK (position > 0),
                epoch bigint NOT NULL,
                tag text NOT NULL,
                body bytea NOT NULL,
                checksum bigint NOT NULL
            )
            """,
            """
            CREATE TABLE carillon_log.lead (
                only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
                epoch bigint NOT NULL
            )
            """,
            "INSERT INTO carillon_log.lead (epoch) VALUES (0)",
            """
            CREATE TABLE carillon_log.followers (
                follower text PRIMARY KEY,
                position bigint NOT NULL
            )
            """,
            """
            CREATE TABLE carillon_log.snapshots (
                only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
                position bigint NOT NULL,
                version bigint NOT NULL,
                state bytea NOT NULL,
                checksum bigint NOT NULL
            )
            """,
            "ALTER TABLE carillon_log.snapshots ALTER COLUMN state SET STORAGE EXTERNAL",
            """
            CREATE FUNCTION carillon_log.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the log is never changed and never cut'; END $$
            """,
            """
            CREATE TRIGGER log_is_never_changed
            BEFORE UPDATE OR DELETE OR TRUNCATE ON carillon_log.log
            FOR EACH STATEMENT EXECUTE FUNCTION carillon_log.refuse()
            """,
            """
            CREATE FUNCTION carillon_log.refuse_gaps() RETURNS trigger LANGUAGE plpgsql AS
            $$
            DECLARE lowest bigint; highest bigint; many bigint;
            BEGIN
                SELECT min(position), max(position), count(*)
                INTO lowest, highest, many FROM fresh;
                IF many > 0 AND (
                    highest - lowest + 1 <> many
                    OR highest <> (SELECT max(position) FROM carillon_log.log)
                    OR (lowest > 1 AND NOT EXISTS
                        (SELECT FROM carillon_log.log WHERE position = lowest - 1))
                ) THEN RAISE EXCEPTION 'the log has no gaps';
                END IF;
                RETURN NULL;
            END $$
            """,
            """
            CREATE TRIGGER log_has_no_gaps AFTER INSERT ON carillon_log.log
            REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION carillon_log.refuse_gaps()
            """,
            """
            CREATE FUNCTION carillon_log.refuse_old_epochs() RETURNS trigger LANGUAGE plpgsql AS
            $$
            BEGIN
                IF TG_OP = 'DELETE' OR NEW.epoch <= OLD.epoch THEN
                    RAISE EXCEPTION 'epochs only grow';
                END IF;
                RETURN NEW;
            END $$
            """,
            """
            CREATE TRIGGER epochs_only_grow BEFORE UPDATE OR DELETE ON carillon_log.lead
            FOR EACH ROW EXECUTE FUNCTION carillon_log.refuse_old_epochs()
            """,
        ),
    ),
    Migration(
        number=2,
        name="a snapshot in pages",
        statements=(
            "DELETE FROM carillon_log.snapshots",
            "ALTER TABLE carillon_log.snapshots DROP COLUMN state",
            """
            CREATE TABLE carillon_log.snapshot_pages (
                number bigint PRIMARY KEY CHECK (number >= 0),
                page bytea NOT NULL
            )
            """,
            "ALTER TABLE carillon_log.snapshot_pages ALTER COLUMN page SET STORAGE EXTERNAL",
        ),
    ),
)
