"""Ways to choose among the agents who could take an interaction, a file each."""
