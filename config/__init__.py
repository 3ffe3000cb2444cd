"""The outermost ring: settings, wiring and the command line. Nobody imports it."""
