-- Why: the same cards in Google Wallet. What Google was told of each class and object, how fast a
-- service account may be used, and which callbacks were seen.

-- NULL: the server's first issuer.
ALTER TABLE program ADD COLUMN issuer_id BIGINT;

-- family: card. A loyaltyObject: the pass of this serial as Google knows it. told: what was said of
-- each member (passes/google/difference.py), NULL: unknown, say all. A save link is kept for the
-- revisions it shows. pushed_at, spoken_at: when its last changes and messages made a phone speak.
CREATE TABLE google_object (
    card_id BIGINT NOT NULL,
    serial BLOB NOT NULL,
    issuer_id BIGINT NOT NULL,
    class_suffix TEXT NOT NULL,
    is_inserted BIGINT NOT NULL,
    told BLOB,
    told_at BIGINT,
    link TEXT,
    link_card_revision BIGINT NOT NULL,
    link_program_revision BIGINT NOT NULL,
    is_link_fat BIGINT NOT NULL,
    pushed_at TEXT NOT NULL,
    spoken_at TEXT NOT NULL,
    refused TEXT,
    PRIMARY KEY (card_id, serial)
);
CREATE INDEX google_object_refused ON google_object (issuer_id, class_suffix)
    WHERE refused IS NOT NULL;

-- look-up: (issuer, class id's suffix) → the program or shop it shows, and what Google was told.
-- wanted and done count; cards_page: how far the nightly list of its objects came.
CREATE TABLE google_class (
    issuer_id BIGINT NOT NULL,
    suffix TEXT NOT NULL,
    program_id BIGINT,
    shop_name TEXT,
    is_inserted BIGINT NOT NULL,
    told BLOB,
    wanted BIGINT NOT NULL,
    done BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    refused TEXT,
    listed_at BIGINT NOT NULL,
    list_page TEXT,
    PRIMARY KEY (issuer_id, suffix)
);
CREATE INDEX google_class_due ON google_class (issuer_id, next_at) WHERE wanted > done;
CREATE INDEX google_class_listed ON google_class (issuer_id, listed_at);

-- look-up: service account (its address) → when it may be used next. interval: µs between calls.
CREATE TABLE google_pace (
    account TEXT NOT NULL PRIMARY KEY,
    next_at BIGINT NOT NULL,
    interval_us BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    stopped TEXT
);

-- look-up: (issuer, hash of a callback's nonce) → until when the callback would be believed
CREATE TABLE google_nonce (
    issuer_id BIGINT NOT NULL,
    nonce_hash BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, nonce_hash)
);
CREATE INDEX google_nonce_old ON google_nonce (expires_at);
