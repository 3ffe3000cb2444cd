"""A file per metric: formula, population and version."""
