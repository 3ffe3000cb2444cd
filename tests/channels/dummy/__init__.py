"""Tests of the medium without wires."""
