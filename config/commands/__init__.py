"""One module per command of the command line, found by scanning this folder."""
