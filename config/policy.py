"""The settings of log-ins and of the desk's load, as the desk takes them."""

from agent_desktop.settings import Policy
from config.settings_types import Settings


def policy_of(settings: Settings) -> Policy:
    """``[users]``, ``[recordings]`` and the desk's part of ``[limits]``."""
    users, limits, recordings = settings.users, settings.limits, settings.recordings
    return Policy(
        password_min_length=users.password_min_length,
        breached_passwords=users.breached_passwords,
        session_idle_ms=users.session_idle_ms,
        session_idle_supervisor_ms=users.session_idle_supervisor_ms,
        session_total_ms=users.session_total_ms,
        sessions=users.sessions,
        failures_until_locked=users.failures_until_locked,
        locked_ms=users.locked_ms,
        desks=limits.desks,
        requests_per_s=limits.requests_per_s,
        request_burst=limits.request_burst,
        recordings_kept_ms=recordings.kept_ms,
        recordings_agents_listen_ms=recordings.agents_listen_ms,
    )
