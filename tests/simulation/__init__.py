"""The core under random commands: a seeded centre, a naive model, and what must always hold."""
