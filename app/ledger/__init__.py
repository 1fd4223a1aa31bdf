"""Records what happens to hosted cards, and keeps each card's account."""
