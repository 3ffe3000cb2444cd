"""Tests of the history and the reports."""
