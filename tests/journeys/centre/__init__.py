"""Journeys through the running program itself, killed and started again on the way."""
