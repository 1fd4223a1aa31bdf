-- Why: the merchant looks after its members: lost cards, duplicates, and what was done to a card.

-- family: card. A number it had until it was lost. The look-ups of number and barcode value stay,
-- with card 0: nobody has that number again but this very card, when it is found.
CREATE TABLE former_number (
    card_id BIGINT NOT NULL,
    former_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    barcode_value TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, former_id)
);

-- family: card. It was closed in favour of another: a message, kept until all of it has arrived.
-- `note_id`: of the note that it makes at the other card.
CREATE TABLE card_merge (
    card_id BIGINT NOT NULL PRIMARY KEY,
    into_card_id BIGINT NOT NULL,
    note_id BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    applied_at BIGINT
);
CREATE INDEX card_merge_into ON card_merge (into_card_id);
CREATE INDEX card_merge_waiting ON card_merge (created_at) WHERE applied_at IS NULL;

-- family: card. What was done to it that no entry, statement, voucher or pass tells: renumbered,
-- merged, imported, a voucher given by hand. `about`: facts (JSON); `made_by`: a key, a user …
CREATE TABLE card_note (
    card_id BIGINT NOT NULL,
    note_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (card_id, note_id)
);
