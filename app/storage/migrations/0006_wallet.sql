-- Why: the consumer's wallet. Passkeys, a changed address, invitations to a card, pictures of cards,
-- and who was erased (a restored backup erases them again).

-- family: user. A passkey (WebAuthn credential): its public key, how often it signed.
CREATE TABLE passkey (
    user_id BIGINT NOT NULL,
    passkey_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    credential_id BLOB NOT NULL,
    public_key BLOB NOT NULL,
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (user_id, passkey_id)
);

-- look-up: hash of a credential's id → the passkey
CREATE TABLE passkey_by_credential (
    credential_hash BLOB NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    passkey_id BIGINT NOT NULL
);

-- look-up: hash of a challenge we made → until when it may be answered; user_id NULL: to sign in
CREATE TABLE passkey_challenge (
    challenge_hash BLOB NOT NULL PRIMARY KEY,
    user_id BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_challenge_old ON passkey_challenge (expires_at);

-- family: user. The address a user wants instead, until he types the code mailed to it.
CREATE TABLE email_change (
    user_id BIGINT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

-- family: user. An account that goes into this user's, until all of it has arrived.
CREATE TABLE user_merge (
    user_id BIGINT NOT NULL,
    from_user BIGINT NOT NULL,
    email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, from_user)
);

-- family: card. An invitation to hold a card: one use, 7 days; its token is kept as a hash only.
CREATE TABLE share (
    card_id BIGINT NOT NULL,
    share_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    access TEXT NOT NULL,
    made_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by BIGINT,
    used_at BIGINT,
    PRIMARY KEY (card_id, share_id)
);

CREATE INDEX share_old ON share (expires_at);

-- look-up: hash of an invitation's token → its card
CREATE TABLE share_by_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL,
    share_id BIGINT NOT NULL
);

-- family: user. A holder's own picture of a card: front, back or icon.
CREATE TABLE card_picture (
    user_id BIGINT NOT NULL,
    card_id BIGINT NOT NULL,
    side TEXT NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (user_id, card_id, side)
);

-- look-up: a user who was erased → when; a restored backup erases him again
CREATE TABLE erased_user (
    user_id BIGINT NOT NULL PRIMARY KEY,
    public_id BLOB NOT NULL,
    erased_at BIGINT NOT NULL
);

-- family: user. A message that an erasure left for a card, a device …: gone once it was obeyed.
-- An erased user has no other rows; what a crash interrupts is found here.
CREATE TABLE erasure (
    user_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind, target_id)
);
CREATE INDEX erasure_due ON erasure (due_at);

-- Whether anybody still has a card of a shop is asked by its class (erasure).
CREATE INDEX google_object_class ON google_object (issuer_id, class_suffix);
