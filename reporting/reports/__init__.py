"""A file per report."""
