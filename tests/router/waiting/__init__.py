"""The index of who waits and who could take it."""
