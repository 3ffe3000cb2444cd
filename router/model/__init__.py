"""The vocabulary: ids, skills, catalogue, interactions, commands, events and effects."""
