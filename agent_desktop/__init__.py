"""What agents, supervisors and managers see and touch: the desk, the board and their sockets."""
