-- Why: the first release. Users, merchants and programs, cards and their accounts, passes, devices,
-- the outbox, and the look-ups that point at them.
-- Each table names its family: its primary key begins with that family's id, so that one unit of
-- work stays within one card, user, device, program or merchant. A look-up is keyed by what is
-- looked up. Times are Unix microseconds, UTC.

-- family: user. A person with a wallet here; email NULL is a guest.
CREATE TABLE users (
    user_id BIGINT NOT NULL PRIMARY KEY,
    public_id BLOB NOT NULL,
    email TEXT,
    display_name TEXT,
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- family: user. One sign-in; 30 days, sliding.
CREATE TABLE session (
    user_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, session_id)
);

-- family: user. Which cards a user holds, in his order, with his own fields.
CREATE TABLE holding (
    user_id BIGINT NOT NULL,
    card_id BIGINT NOT NULL,
    access TEXT NOT NULL,
    position BIGINT NOT NULL,
    label TEXT,
    color TEXT,
    note TEXT,
    group_names TEXT NOT NULL,
    is_favorite BIGINT NOT NULL,
    is_archived BIGINT NOT NULL,
    last_used_at BIGINT,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, card_id)
);

-- family: user. At which merchants a user works; the role stands with the merchant.
CREATE TABLE workplace (
    user_id BIGINT NOT NULL,
    merchant_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, merchant_id)
);

-- look-up: public id → user
CREATE TABLE user_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL
);

-- look-up: address → user
CREATE TABLE user_by_email (
    email TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL
);

-- look-up: hash of a session token → session
CREATE TABLE session_by_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL
);

-- look-up: keyed hash of an address → its sign-in code
CREATE TABLE sign_in_code (
    address_hash BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

-- family: merchant. Who issues; merchant 0 is this server itself (its signers and issuers).
CREATE TABLE merchant (
    merchant_id BIGINT NOT NULL PRIMARY KEY,
    public_id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- family: merchant. An API key; after a roll the former token stays valid until previous_until.
CREATE TABLE merchant_key (
    merchant_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    ips TEXT,
    prefix TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    previous_hash BLOB,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (merchant_id, key_id)
);

-- family: merchant. Who works there, with which role (owner, staff, viewer).
CREATE TABLE staff (
    merchant_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, user_id)
);

-- family: merchant. A pass type with its team, certificates (PEM) and key (sealed PEM).
CREATE TABLE signer (
    merchant_id BIGINT NOT NULL,
    signer_id BIGINT NOT NULL,
    pass_type TEXT NOT NULL,
    team TEXT NOT NULL,
    certificate TEXT NOT NULL,
    wwdr TEXT NOT NULL,
    key_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, signer_id)
);

-- family: merchant. A Google issuer account with its service account (sealed JSON).
CREATE TABLE issuer (
    merchant_id BIGINT NOT NULL,
    issuer_id BIGINT NOT NULL,
    google_issuer TEXT NOT NULL,
    account_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, issuer_id)
);

-- look-up: hash of a merchant key → the key
CREATE TABLE key_by_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL
);

-- look-up: public id → merchant
CREATE TABLE merchant_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL
);

-- look-up: slug → merchant
CREATE TABLE merchant_by_slug (
    slug TEXT NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL
);

-- family: program. The document in force (JSON); revision rises with whatever a pass shows of it.
CREATE TABLE program (
    program_id BIGINT NOT NULL PRIMARY KEY,
    public_id BLOB NOT NULL,
    merchant_id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    authority TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    signer_id BIGINT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX program_of_merchant ON program (merchant_id, program_id);

-- family: program. Every version ever in force.
CREATE TABLE program_version (
    program_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (program_id, version)
);

-- family: program. Which picture stands in which place (logo, strip, icon, hero).
CREATE TABLE program_image (
    program_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (program_id, role)
);

-- family: program. The same picture at each size a pass wants (icon@2x.png …).
CREATE TABLE program_artwork (
    program_id BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (program_id, file_name)
);

-- family: program. A change of all its passes: one row and a cursor, never a row a card.
CREATE TABLE campaign (
    program_id BIGINT NOT NULL,
    campaign_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    next_card_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (program_id, campaign_id)
);
CREATE INDEX campaign_due ON campaign (next_at) WHERE done_at IS NULL;

-- look-up: content hash → picture, public
CREATE TABLE image (
    sha256 BLOB NOT NULL PRIMARY KEY,
    png BLOB NOT NULL
);

-- look-up: public id → program
CREATE TABLE program_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    program_id BIGINT NOT NULL
);

-- look-up: slug → program
CREATE TABLE program_by_slug (
    slug TEXT NOT NULL PRIMARY KEY,
    program_id BIGINT NOT NULL
);

-- family: card. One membership in one program; program_id NULL is a number-only card.
-- merged, deleted or erased: voided_at is set.
CREATE TABLE card (
    card_id BIGINT NOT NULL PRIMARY KEY,
    public_id BLOB NOT NULL,
    program_id BIGINT,
    authority TEXT NOT NULL,
    shop_name TEXT NOT NULL,
    number TEXT NOT NULL,
    barcode_value TEXT NOT NULL,
    barcode_format TEXT NOT NULL,
    own_value TEXT,
    own_currency TEXT,
    valid_from BIGINT,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    voided_at BIGINT
);
CREATE INDEX card_of_program ON card (program_id, card_id) WHERE program_id IS NOT NULL;

-- family: card. Its change count, and how many webhook events it has had.
CREATE TABLE card_revision (
    card_id BIGINT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    events BIGINT NOT NULL
);

-- family: card. Who holds it: owner, full or read.
CREATE TABLE holder (
    card_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    access TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (card_id, user_id)
);

-- family: card. The contact on file, told by the merchant or by who joined.
CREATE TABLE contact (
    card_id BIGINT NOT NULL PRIMARY KEY,
    email TEXT,
    phone TEXT,
    display_name TEXT,
    birthday TEXT,
    enrolled_at BIGINT NOT NULL
);

-- family: card. The claim token of a card without an account (hash only).
CREATE TABLE claim (
    card_id BIGINT NOT NULL,
    token_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (card_id, token_hash)
);

-- family: card. The code mailed to the contact on file: 10 minutes, 5 tries.
CREATE TABLE link_code (
    card_id BIGINT NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

-- family: card. A pass link somebody opened: one client, 60 seconds from its first GET.
CREATE TABLE pass_link (
    card_id BIGINT NOT NULL,
    nonce BLOB NOT NULL,
    client_hash BLOB NOT NULL,
    first_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, nonce)
);

-- family: card. What the merchant told last, or the engine computed: balances {unit: value}.
CREATE TABLE account (
    card_id BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    balances TEXT NOT NULL,
    tier TEXT,
    fields TEXT NOT NULL,
    next_expiry_at BIGINT,
    next_expiry_units BIGINT,
    message TEXT,
    is_message_new BIGINT NOT NULL DEFAULT 0,
    as_of BIGINT,
    received_at BIGINT NOT NULL
);

-- family: card. Every statement taken, as it changed the card.
CREATE TABLE statement (
    card_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    balances TEXT NOT NULL,
    tier TEXT,
    message TEXT,
    PRIMARY KEY (card_id, sequence)
);

-- family: card. The card as drawn in one wallet of one user (0: of whoever has the claim token).
CREATE TABLE pass (
    card_id BIGINT NOT NULL,
    serial BLOB NOT NULL,
    user_id BIGINT NOT NULL,
    wallet TEXT NOT NULL,
    signer_id BIGINT NOT NULL,
    pass_key BIGINT NOT NULL,
    served_card_revision BIGINT NOT NULL,
    served_program_revision BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    pulled_at BIGINT,
    installed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    voided_at BIGINT,
    PRIMARY KEY (card_id, serial)
);

-- family: card. This device holds this pass; at most 32 a pass, the oldest goes.
CREATE TABLE registration (
    card_id BIGINT NOT NULL,
    serial BLOB NOT NULL,
    device_id BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, serial, device_id)
);

-- family: card. Work for the outside world, level-triggered: told when done reaches wanted.
CREATE TABLE outbox (
    card_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    done BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    merchant_id BIGINT NOT NULL,
    content_hash BLOB,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (card_id, channel)
);
CREATE INDEX outbox_due ON outbox (channel, priority, merchant_id, next_at) WHERE wanted > done;

-- family: card. What merchants' webhooks will be told, +1 each, no gap; pruned after 30 days.
CREATE TABLE event (
    card_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (card_id, sequence)
);

-- look-up: public id → card
CREATE TABLE card_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL
);

-- look-up: (program, number) and (program, barcode value) → card
CREATE TABLE card_by_number (
    program_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    card_id BIGINT NOT NULL,
    PRIMARY KEY (program_id, kind, value)
);

-- look-up: serial number → card of that pass
CREATE TABLE pass_by_serial (
    serial BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL
);

-- look-up: hash of a claim token → card
CREATE TABLE claim_by_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL
);

-- family: device. An iPhone's push token; its library id is kept as a hash only.
CREATE TABLE device (
    device_id BIGINT NOT NULL PRIMARY KEY,
    library_hash BLOB NOT NULL,
    push_token TEXT,
    token_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- family: device. The feed number of one pass type, which is the tag an iPhone hands back.
CREATE TABLE device_feed (
    device_id BIGINT NOT NULL,
    pass_type TEXT NOT NULL,
    feed BIGINT NOT NULL,
    pushed BIGINT NOT NULL,
    pushed_at BIGINT,
    listed BIGINT NOT NULL,
    listed_at BIGINT,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    parked TEXT,
    PRIMARY KEY (device_id, pass_type)
);
CREATE INDEX device_feed_due ON device_feed (next_at) WHERE feed > pushed AND parked IS NULL;

-- family: device. A pass it holds, and the feed number at which its last change was told.
CREATE TABLE device_pass (
    device_id BIGINT NOT NULL,
    pass_type TEXT NOT NULL,
    serial BLOB NOT NULL,
    card_id BIGINT NOT NULL,
    told BIGINT NOT NULL,
    told_at BIGINT,
    told_revision BIGINT NOT NULL,
    PRIMARY KEY (device_id, pass_type, serial)
);

-- look-up: hash of a device library id → device
CREATE TABLE device_by_library (
    library_hash BLOB NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL
);

-- look-up: (moment, id) → a line a device logged; 30 days
CREATE TABLE apple_log (
    at BIGINT NOT NULL,
    log_id BIGINT NOT NULL,
    library_hash BLOB,
    serial BLOB,
    line TEXT NOT NULL,
    PRIMARY KEY (at, log_id)
);

-- look-up: (keyed hash of an address, id) → a mail to be sent; deleted once it is
CREATE TABLE mail (
    address_hash BLOB NOT NULL,
    mail_id BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (address_hash, mail_id)
);
CREATE INDEX mail_due ON mail (next_at);

-- look-up: (caller, Idempotency-Key) → the first answer, sealed; 30 days
CREATE TABLE idempotency (
    scope BLOB NOT NULL,
    key_hash BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    status BIGINT NOT NULL,
    answer_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key_hash)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- look-up: public id of a user or card → when it was erased; a restored backup erases again
CREATE TABLE erased (
    kind TEXT NOT NULL,
    public_id BLOB NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, public_id)
);
