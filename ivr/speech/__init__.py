"""From words to sound: voices, and what they said, kept. From sound to words: recognisers."""
