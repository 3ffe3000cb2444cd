"""Journeys: whole stories with real programs at both ends."""
