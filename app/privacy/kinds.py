"""The kinds of messages that an erasure leaves: what has to forget somebody, and when."""

from __future__ import annotations

CARD = "card"  # forget him: his own card is gone for good, a shared one he leaves
CONTACT = "contact"  # a card that has his address on file and that he does not hold
HOLDER = "holder"  # somebody with whom a card was shared that has ended
LOGS = "logs"  # what devices logged of his passes
STAFF = "staff"  # a merchant he works for
PHONES = "phones"  # forget which devices hold a card, once they were told
DEVICE = "device"  # forget the push token, once the phone was told
LIBRARY = "library"  # forget the device itself, when its passes are served no more
REMAINS = "remains"  # forget what Google was told of a card, when it is served no more
USER = "user"  # look again for what a request that ran meanwhile has left

AT_ONCE = (CARD, CONTACT, HOLDER, LOGS, STAFF, PHONES, DEVICE)  # in this order
OF_PHONES = (PHONES, DEVICE)
KINDS = (*AT_ONCE, LIBRARY, REMAINS, USER)
