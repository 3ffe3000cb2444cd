"""The simulator: the production core on a virtual clock, fed by a scenario.

``scenario`` reads the text, ``sampling`` draws times, ``day`` runs one day event by event through
``router.core.decide``, ``figures`` sums days up with confidence intervals.
"""
