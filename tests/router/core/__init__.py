"""The core, asked as the hub asks it."""
