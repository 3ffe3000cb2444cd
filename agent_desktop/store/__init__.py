"""The desk's own tables, on SQLite or PostgreSQL: users, sessions, drafts, settings.

Nothing of the router's is in here: the log is elsewhere and is the only truth about interactions.
What customers and agents wrote (drafts, names of uploaded files) is kept sealed.
"""

from agent_desktop.store.schema import METADATA
from router.database import Database

__all__ = ["Database", "desk_database"]


def desk_database(url: str) -> Database:
    """The database of the desk's tables, still closed. InvalidInput for no database's URL."""
    return Database(url, "desk", METADATA)
