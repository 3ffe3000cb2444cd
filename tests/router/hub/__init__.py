"""The hub, tested through its ports."""
