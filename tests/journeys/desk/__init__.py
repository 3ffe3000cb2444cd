"""The desk in a real browser on the real server: the acceptance list of its design, by number."""
