"""What Google Wallet shows of a card."""
