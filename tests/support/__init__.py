"""Builders, clocks and real programs that tests share."""
