"""State: records, folds, index, deadlines, snapshots."""
