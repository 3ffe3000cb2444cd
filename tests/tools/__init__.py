"""Set-up itself: each step runs for real, in a small project of its own."""
