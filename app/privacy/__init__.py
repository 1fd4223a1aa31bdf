"""Export and erasure of everything that is held about a user."""
