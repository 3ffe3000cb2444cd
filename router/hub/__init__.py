"""The hub: the single writer around the pure core.

- ``hub``: takes commands, decides, makes durable, answers, acts, tells; leads and mends.
- ``inbox``, ``batch``: what waits to be decided, and what is decided together.
- ``effects``: what media have to carry out, a line each.
- ``tail``: what followers read. ``floor``: the live state, to be looked at.
- ``recovery``, ``keeping``: from the log to the state, and what makes that quick.
- ``collector``: how the process's garbage collector is told to leave the state alone.
"""

from router.hub.collector import settle
from router.hub.hub import Hub
from router.hub.settings import HubSettings

__all__ = ["Hub", "HubSettings", "settle"]
