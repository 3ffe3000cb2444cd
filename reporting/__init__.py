"""History and reports: folds of the event log, never of live state."""
