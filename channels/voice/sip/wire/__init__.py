"""What moves bytes, on Twisted: datagrams, streams, TLS, and names."""
