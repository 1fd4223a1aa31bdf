"""Other apps' files: what they hold is read, judged row by row and put into a user's wallet."""
