"""What waits and who could take it, indexed so that no decision scans or sorts.

- ``classes``: agents of equal skills and interactions of equal needs, compared once per pair.
- ``lines``: the waiting interactions of equal needs, a heap on a key that time does not change.
- ``pool``: the lines and the idle agents of one medium, and the best pick between them.
- ``places``: the order within one queue, for positions and boards.

Nothing here is truth: all of it is rebuilt from the state's records at any time.
"""
