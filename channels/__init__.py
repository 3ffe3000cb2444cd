"""One folder is one medium. ``channels.api`` says what a medium owes and finds the folders."""
