"""Adapters of the router's ports: memory, SQL, files, seals."""
