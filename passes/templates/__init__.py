"""Our own artwork, for programs and shops that bring none; and pictures fitted to a pass."""
