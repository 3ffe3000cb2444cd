"""From words to sound: voices that are installed, and what they said, kept."""
