"""The desk's server: log-in, permissions, sockets, pages, in front of a real hub."""
