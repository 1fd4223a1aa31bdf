-- Why: the till. Tills and how they are paired; codes that change or count once, and which of them
-- a scan has used up.

-- family: merchant. A till at one place; a pairing code makes its token, which is kept as a hash.
CREATE TABLE till (
    merchant_id BIGINT NOT NULL,
    till_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    name TEXT NOT NULL,
    location_id TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    token_hash BLOB,
    created_at BIGINT NOT NULL,
    paired_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (merchant_id, till_id)
);

-- look-up: hash of a till's token → the till
CREATE TABLE till_by_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL,
    till_id BIGINT NOT NULL
);

-- look-up: keyed hash of a pairing code → the till it pairs; 10 minutes, one use
CREATE TABLE pairing_code (
    code_hash BLOB NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL,
    till_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- family: card. The secret of its rotating code, sealed; one a card.
CREATE TABLE card_secret (
    card_id BIGINT NOT NULL PRIMARY KEY,
    secret_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- family: card. A step of its rotating code that was used up: by whom, where, for which late ticket.
CREATE TABLE used_step (
    card_id BIGINT NOT NULL,
    step BIGINT NOT NULL,
    used_by TEXT NOT NULL,
    location_id TEXT,
    ticket_key BLOB,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, step)
);

-- family: card. A code that counts once, kept as a hash; the next one ends it.
CREATE TABLE one_time_code (
    card_id BIGINT NOT NULL,
    code_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by TEXT,
    location_id TEXT,
    ticket_key BLOB,
    used_at BIGINT,
    PRIMARY KEY (card_id, code_hash)
);

-- look-up: keyed hash of a one-time code → card
CREATE TABLE card_by_one_time_code (
    code_hash BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL
);

-- look-up: public id of a hold → its card, and which merchant's till asked for it
CREATE TABLE hold_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL,
    merchant_id BIGINT NOT NULL
);

-- look-up: slug of a merchant → a program in whose coalition it is a partner
CREATE TABLE program_by_partner (
    slug TEXT NOT NULL,
    program_id BIGINT NOT NULL,
    PRIMARY KEY (slug, program_id)
);
CREATE INDEX program_by_partner_program ON program_by_partner (program_id);
