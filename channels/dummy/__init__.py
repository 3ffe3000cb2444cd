"""A medium without wires, for tests, simulation and demonstration."""
