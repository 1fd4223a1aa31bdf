"""An example of each route's body: what /docs shows as curl, what tests send to the running app.

A new route's body is made up from its schema; where that is not enough, it is written down here.
Ids are the samples below: whoever sends an example puts his own in their place.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
CARD = "card_" + "0" * 31 + "1"
OTHER_CARD = "card_" + "0" * 31 + "5"
PROGRAM = "prog_" + "0" * 31 + "2"
SCAN = "scan_" + "0" * 31 + "3"
HOLD = "hold_" + "0" * 31 + "4"
NUMBER = "4006381333931"
CLAIM_TOKEN = "pcc_test_" + "A" * 43  # nobody's
NOW = "2026-11-21T20:05:00Z"
_JSON, _LINES, _CSV = "application/json", "application/x-ndjson", "text/csv"
_PUBLISHED: Json = {
    "name": "Maison Verte",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "tiers": [{"id": "gold", "name": {"fr": "Or", "en": "Gold"}}],
    "design": {"background_color": "#2e7d32", "foreground_color": "#ffffff"},
    "barcode": {"format": "EAN_13"},
    "locations": [{"id": "paris", "name": "Paris", "latitude": 48.8566, "longitude": 2.3522}],
    "languages": ["fr", "en"],
}
_STATEMENT: Json = {"sequence": 13, "as_of": NOW, "balance": 1300, "tier": "gold"}
_BASKET: Json = {"lines": [{"unit_minor": 2995, "qty": 1, "sku": "tea"}]}
_PASSKEY: Json = {"id": "YQ", "rawId": "YQ", "type": "public-key"}
_CODE = "12345678"
_EMAIL = "ana@example.org"

EXAMPLES: dict[str, Any] = {
    "post /v1/sign-in": {"email": _EMAIL, "code": _CODE},
    "patch /v1/me": {"display_name": "Ana", "language": "fr"},
    "put /v1/me/email": {"email": _EMAIL, "code": _CODE},
    "post /v1/passkeys/registrations": {
        "name": "Phone",
        "credential": _PASSKEY | {"response": {"clientDataJSON": "e30", "attestationObject": "oA"}},
    },
    "post /v1/passkeys/sign-ins": {
        "credential": _PASSKEY
        | {"response": {"clientDataJSON": "e30", "authenticatorData": "oA", "signature": "oA"}}
    },
    "post /v1/partner/programs": _PUBLISHED,
    "put /v1/partner/programs/{program_id}": _PUBLISHED,
    "post /v1/partner/previews": _PUBLISHED,
    "post /v1/partner/keys": {"name": "Web shop", "scopes": ["read", "write"]},
    "post /v1/partner/keys/{key_id}/roll": {"overlap_seconds": 3600},
    "post /v1/partner/tills": {"name": "Till 1", "location_id": "paris"},
    "post /v1/checkout/pair": {"code": "ABCD2345"},
    "post /v1/cards": {"shop_name": "Bakery", "number": NUMBER, "barcode_format": "EAN_13"},
    "patch /v1/cards/{card_id}": {"label": "Bread", "color": "#2e7d32", "is_favorite": True},
    "post /v1/programs/{program_id}/join": {"display_name": "Ana", "email": _EMAIL},
    "post /v1/cards/{card_id}/redemptions": {"type": "convert"},
    "post /v1/cards/{card_id}/shares": {"access": "read"},
    "post /v1/link-codes": {"program_id": PROGRAM, "number": NUMBER},
    "post /v1/claims": {"claim_token": CLAIM_TOKEN},
    "post /v1/barcodes/draw": {"number": NUMBER, "barcode_format": "EAN_13"},
    "post /v1/partner/programs/{program_id}/cards": {
        "number": NUMBER,
        "display_name": "Ana",
        "email": _EMAIL,
        "birthday": "05-31",
    },
    "post /v1/partner/programs/{program_id}/cards/searches": {"text": "Ana"},
    "put /v1/partner/programs/{program_id}/cards/{number}/statement": _STATEMENT,
    "post /v1/partner/programs/{program_id}/statements": (
        f'{{"number": "{NUMBER}", "sequence": 14, "as_of": "{NOW}", "balance": 1310}}\n'
    ),
    "post /v1/partner/programs/{program_id}/events": {
        "id": "A-1042",
        "type": "purchase",
        "card_number": NUMBER,
        "occurred_at": NOW,
        **_BASKET,
    },
    "post /v1/partner/programs/{program_id}/cards/{number}/renumber": {"number": "2000000000053"},
    "post /v1/partner/programs/{program_id}/cards/{number}/merge": {"into": OTHER_CARD},
    "post /v1/partner/programs/{program_id}/missing-points/{request_id}/adjust": {
        "unit": "pts",
        "units": 30,
        "reason": "The receipt is right.",
    },
    "post /v1/partner/programs/{program_id}/missing-points/{request_id}/decline": {
        "reason": "No such receipt."
    },
    "post /v1/partner/programs/{program_id}/members/imports": (
        "number;name;email;balance\n2000000000060;Ana;ana@example.org;120\n"
    ),
    "post /v1/partner/webhooks": {
        "url": "https://example.org/hooks",
        "types": ["balance.updated", "tier.changed"],
    },
    "post /v1/partner/webhooks/{webhook_id}/roll": {"overlap_seconds": 86_400},
    "post /v1/cards/{card_id}/receipt-codes": {"code": "7K3M-9QXT-2BVD"},
    "put /v1/cards/{card_id}/consents": {"promotions": False},
    "post /v1/checkout/scans": {"code": NUMBER},
    "post /v1/checkout/searches": {"name": "Ana"},
    "post /v1/checkout/quotes": {"card_id": CARD, "basket": _BASKET},
    "post /v1/checkout/holds": {"card_id": CARD, "burn": {"rule": "pay", "units": 100}},
    "post /v1/checkout/holds/{hold_id}/capture": {"units": 100},
    "post /v1/checkout/holds/{hold_id}/void": {},
    "post /v1/checkout/tickets": {"id": "T-1", "card_id": CARD, "occurred_at": NOW, **_BASKET},
    "post /v1/checkout/tickets/{ticket_id}/refunds": {"id": "R-1", "lines": [[0, 1]]},
    "post /v1/checkout/tickets/{ticket_id}/move": {"card_id": OTHER_CARD, "new_id": "T-2"},
    "post /v1/checkout/receipt-codes": {"id": "T-3", "occurred_at": NOW, **_BASKET},
    "post /v1/imports": {"link": "https://example.org/shared"},
    "post /google/callbacks": {},
}
# A value for a field of that name; what a schema cannot say of it.
_FIELDS: dict[str, Any] = {
    "email": _EMAIL,
    "name": "Maison Verte",
    "number": NUMBER,
    "text": "A gift waits for you.",
    "notice": "The program ends with the year; use your points before.",
    "reason": "Shop's mistake",
    "card_id": CARD,
    "program_id": PROGRAM,
    "code": NUMBER,
    "id": "A-1",
    "new_id": "A-2",
    "into": NUMBER,
    "url": "https://example.org/webhooks",
    "last_day": "2027-12-31",
    "occurred_at": NOW,
    "unit": "pts",
    "units": 10,
    "amount_minor": 2995,
    "receipt": "2026-11-0042",
    "purchased_on": "2026-11-20",
    "voucher": "bon5",
    "role": "staff",
    "language": "fr",
}
_OF_LINES = {name: value for name, value in EXAMPLES.items() if isinstance(value, str)}


def example_of(name: str, kind: str, schema: Json, schemas: Json) -> Any:
    """Return an example of a body; None for bytes. `name`: method in small letters and path."""
    if kind in {_LINES, _CSV}:
        return _OF_LINES.get(name)
    if kind != _JSON:
        return None
    return EXAMPLES[name] if name in EXAMPLES else made_up(schema, schemas)


def made_up(schema: Json, schemas: Json, field: str = "") -> Any:
    """Make a value that fits a schema: of an object the needed fields, or else its first."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if field in _FIELDS and schema.get("type") not in {"object", "array"}:
        return _FIELDS[field]
    for stated in ("examples", "enum"):
        if schema.get(stated):
            return schema[stated][0]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return made_up(schema[union][0], schemas, field)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            wanted = schema.get("required") or list(fields)[:1]
            return {each: made_up(fields[each], schemas, each) for each in wanted if each in fields}
        case "array":
            few = range(schema.get("minItems", 0))
            return [made_up(schema.get("items", {}), schemas, field) for _ in few]
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    return "text"
