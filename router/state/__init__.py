"""The live state of the router and the only way it changes.

- ``records``: what state is made of. ``books``: all of them. ``live``: books, index and timers.
- ``fold`` (and ``fold_interactions``, ``fold_work``, ``fold_agents``, ``moves``): events into it.
- ``index``, ``timers``, ``capacity``: what is made from the records to decide quickly.
- ``deadlines``: when something must happen. ``expectation``: what waits have taught.
- ``snapshot``: to bytes and back, and the digest.
"""
