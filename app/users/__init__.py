"""People: guests and users, their mailed codes, their sessions, their profile."""
