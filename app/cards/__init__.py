"""Who holds which card, what a card shows, and how a card comes to its user."""
