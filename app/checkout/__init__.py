"""The door of tills: who is this, what would it bring, set aside, sold, taken back."""
