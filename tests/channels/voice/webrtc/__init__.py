"""Tests of the legs of browsers."""
