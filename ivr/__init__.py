"""Self-service: flows as data, run step by step on a leg."""
