"""Calls, from a caller who dials to what is on the desk and in the history."""
