"""Rules about the source text itself: who imports whom, names, sizes, words, supply."""
