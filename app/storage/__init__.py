"""The database port, its two engines, and migrations."""
