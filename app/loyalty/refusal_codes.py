"""The closed list of what the engine refuses, for those who meet its codes over HTTP."""

from __future__ import annotations

# What the engine may say (specs/loyalty.md §1), with `-` for `_`, and when.
REFUSALS = {
    "not-allowed": "The rule's condition is not met.",
    "below-minimum": "The article, the units or the balance are under the rule's minimum.",
    "above-maximum": "More units than the rule takes at once.",
    "not-a-step": "Not one of the steps that the rule lists.",
    "out-of-stock": "Nothing is left of this reward.",
    "insufficient": "The balance, less what is owed, is smaller than what is asked.",
    "hold-closed": "The hold was captured, voided or has timed out.",
    "exceeds-hold": "More than was set aside.",
    "already-reversed": "That redemption was reversed before.",
    "already-used": "The voucher was used before.",
    "void": "The voucher is void.",
    "expired": "The voucher has expired.",
    "limit": "The plays of the local day are used up.",
    "over-refund": "More than is left of the ticket, or of one of its lines.",
    "self-referral": "A card cannot refer itself.",
}
