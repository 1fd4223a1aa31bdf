"""The worker: takes work from the outbox and tells Apple and mail, outside of units of work."""
