"""Programs and cards of every authority, as cards hands them to passes."""

from __future__ import annotations

from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from passes.apple.document import Issue, Issuer
from passes.content import (
    Balance,
    ExtraField,
    FeaturedAction,
    Link,
    Location,
    NextExpiry,
    NextTier,
    Nfc,
    PassContent,
    ProgramContent,
    Tier,
    Unit,
)
from tests.passes.apple.chain import PASS_TYPE, TEAM

ISSUER = Issuer(pass_type=PASS_TYPE, team=TEAM, web_service_url="https://wallet.example.com/apple")
ISSUE = Issue(serial_number="5f0c2ab9d1e84c37", authentication_token="dG9rZW4gb2YgYSB0ZXN0IHBhc3M")

# A picture of one pixel, written out, so that hashes do not change with a drawing library.
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
IMAGES = dict.fromkeys(("icon.png", "icon@2x.png", "icon@3x.png", "logo.png"), PIXEL)

SECOND = 1_000_000
AT = 1_795_291_200 * SECOND  # 2026-11-21T20:00:00Z
EXPIRY = 1_801_436_400 * SECOND  # 2027-01-31T23:00:00Z, midnight in Paris

POINTS = Unit(id="pts", name={"fr": "Points", "en": "Points"})
STAMPS = Unit(id="stamps", name={"fr": "Tampons", "en": "Stamps"})
MONEY = Unit(id="cash", name={"fr": "Cagnotte", "en": "Cashback"}, currency="EUR")
SILVER = Tier(id="silver", name={"fr": "Argent", "en": "Silver"})
GOLD = Tier(id="gold", name={"fr": "Or", "en": "Gold"})


def hosted(*languages: str) -> ProgramContent:
    """Make a program whose balances the engine computes."""
    return ProgramContent(
        name="Boulangerie du Coin",
        description={"fr": "Carte de fidélité", "en": "Loyalty card"},
        languages=languages or ("fr", "en"),
        logo_text="Boulangerie",
        units=(POINTS, STAMPS, MONEY),
        tiers=(SILVER, GOLD),
        background_color="#2e7d32",
        foreground_color="#ffffff",
        label_color="#c8e6c9",
        terms={"fr": "Un point par euro.", "en": "One point per euro."},
        links=(
            Link(label={"fr": "Site", "en": "Website"}, url="https://boulangerie.example"),
            Link(label={"fr": "Téléphone", "en": "Telephone"}, url="tel:+33123456789"),
        ),
        how_to_leave={"fr": "Sur votre page.", "en": "On your page."},
        locations=(Location(name="Bastille", latitude=48.853, longitude=2.369),),
        max_distance_metres=200,
        time_zone="Europe/Paris",
    )


def hosted_card(program: ProgramContent | None = None, **changes: object) -> PassContent:
    """Make a card of it that shows everything."""
    keys: dict = {
        "program": program or hosted(),
        "number": "4006381333931",
        "barcode_value": "4006381333931",
        "barcode_format": "EAN_13",
        "balances": (
            Balance(unit=POINTS, value=1250, pending=30),
            Balance(unit=STAMPS, value=4),
            Balance(unit=MONEY, value=1205),
        ),
        "tier": SILVER,
        "next_tier": NextTier(tier=GOLD, missing=7950, currency="EUR"),
        "next_expiry": NextExpiry(at=EXPIRY, units=120, unit=POINTS),
        "vouchers": 2,
        "keep_by": EXPIRY,
        "card_url": "https://wallet.example.com/cards/card_1",
    }
    return PassContent(**keys | changes)


def mirrored(*languages: str) -> ProgramContent:
    """Make a program whose balances its merchant tells."""
    return ProgramContent(
        name="Grand Magasin",
        description={"fr": "Carte Grand Magasin", "en": "Grand Magasin card"},
        languages=languages or ("fr", "en"),
        headline={"fr": "Bienvenue", "en": "Welcome"},
        units=(POINTS,),
        tiers=(GOLD,),
        accepts=("CODE_128", "EAN_13"),
        sharing_prohibited=True,
    )


def mirrored_card(program: ProgramContent | None = None, **changes: object) -> PassContent:
    """Make a card of it whose statement came with a message."""
    keys: dict = {
        "program": program or mirrored(),
        "number": "9 123 456",
        "barcode_value": "0009123456",
        "barcode_format": "CODE_128",
        "balances": (Balance(unit=POINTS, value=1300),),
        "tier": GOLD,
        "as_of": AT,
        "fields": (ExtraField(key="cheque", label="Chèque", value="5 €"),),
        "message": "Votre chèque de 5 € est arrivé",
        "is_message_new": True,
        "expires_at": EXPIRY,
    }
    return PassContent(**keys | changes)


def shop(*languages: str) -> ProgramContent:
    """Make a shop of which only a number is known."""
    return ProgramContent(
        name="Fnac",
        description={"fr": "Carte Fnac", "en": "Fnac card"},
        languages=languages or ("fr",),
    )


def shop_card(program: ProgramContent | None = None, **changes: object) -> PassContent:
    """Make a card of it."""
    keys: dict = {
        "program": program or shop(),
        "number": "12345670",
        "barcode_value": "12345670",
        "barcode_format": "EAN_8",
    }
    return PassContent(**keys | changes)


def nfc(**changes: object) -> Nfc:
    """Make an NFC dictionary with a fresh key of the right curve."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys: dict = {"message": "4006381333931", "public_key": base64_of(encoded)}
    return Nfc(**keys | changes)


def base64_of(data: bytes) -> str:
    """Write bytes as NFC dictionaries want keys."""
    return b64encode(data).decode()


ACTION = FeaturedAction(id="benefits", url="https://boulangerie.example/benefits")
CARDS = {"ledger": hosted_card, "merchant": mirrored_card, "none": shop_card}
PROGRAMS = {"ledger": hosted, "merchant": mirrored, "none": shop}
