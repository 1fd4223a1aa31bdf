"""What all controllers share: who calls, idempotency, paging, limits and problem answers."""
