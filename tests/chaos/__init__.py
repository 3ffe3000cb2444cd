"""Kill -9 of the real process under load, again and again: nothing acknowledged may be lost.

- ``victim``: the process that is killed: hub, SQLite log, a medium, and a socket for its load.
- ``nursery``: starts victims quickly, by forking a process that has imported everything.
- ``world``: what customers and agents do, driven by what the victim tells them.
- ``ledger``: re-reads the log after each kill and says what is wrong with it.
- ``kills``: the rounds. ``python -m tests.chaos --runs 1000`` runs as many as asked.
"""
