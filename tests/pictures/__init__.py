"""The pictures of README and manual, taken of the demonstration at work."""
