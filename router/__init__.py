"""The router: one queue for every medium, decided by a pure core and kept by one writer.

Map of the folder, from the middle outwards:

- ``model``: the words everything else is written in (ids, skills, catalogue, commands, events).
- ``ports``: what the core and the hub need from outside, as Protocols.
- ``waiting``, ``state``, ``rules``, ``plan``, ``strategies``, ``matching``, ``core``: pure.
- ``hub``: the single writer: decide, append, run effects, publish.
- ``storage``: adapters of the ports on memory, SQLite and PostgreSQL.
"""
