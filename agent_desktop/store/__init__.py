"""The desk's own tables, on SQLite or PostgreSQL: users, sessions, drafts, settings.

Nothing of the router's is in here: the log is elsewhere and is the only truth about interactions.
What customers and agents wrote (drafts, names of uploaded files) is kept sealed.
"""
