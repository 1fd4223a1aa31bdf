-- Why: the page of the till. What each till has sold today, tickets on their way to another card,
-- and sales without a card, whose receipt carries a code that brings the units later.

-- look-up: (till, when it was sold, ticket) → its card; card_id NULL: a receipt nobody claimed yet.
-- `units`: what it earned and what it burned (JSON), as the till was told. `is_voided`: such a
-- receipt was taken back.
CREATE TABLE till_ticket (
    till_id BIGINT NOT NULL,
    sold_at BIGINT NOT NULL,
    program_id BIGINT NOT NULL,
    own_id TEXT NOT NULL,
    card_id BIGINT,
    amount_minor BIGINT NOT NULL,
    units TEXT NOT NULL,
    is_voided BIGINT NOT NULL,
    PRIMARY KEY (till_id, sold_at, program_id, own_id)
);
CREATE INDEX till_ticket_old ON till_ticket (sold_at);

-- family: card. A ticket taken back here, on its way to another card: a message, applied there once
-- under `new_id`. `merchant`: the slug of who sold it; `body_hash`: of what the till asked for.
CREATE TABLE ticket_move (
    card_id BIGINT NOT NULL,
    own_id TEXT NOT NULL,
    new_id TEXT NOT NULL,
    to_card_id BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    till_id BIGINT,
    body_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    applied_at BIGINT,
    PRIMARY KEY (card_id, own_id)
);
CREATE INDEX ticket_move_waiting ON ticket_move (created_at) WHERE applied_at IS NULL;

-- family: program. A sale without a card (`basket`: JSON), claimed once by the code on its receipt,
-- which is kept as a keyed hash; then it is a message to the card that claimed it.
CREATE TABLE receipt_code (
    program_id BIGINT NOT NULL,
    code_hash BLOB NOT NULL,
    own_id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    till_id BIGINT,
    basket TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    sold_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    card_id BIGINT,
    claimed_at BIGINT,
    applied_at BIGINT,
    voided_at BIGINT,
    PRIMARY KEY (program_id, code_hash)
);
CREATE INDEX receipt_code_old ON receipt_code (expires_at);
CREATE INDEX receipt_code_waiting ON receipt_code (claimed_at)
    WHERE claimed_at IS NOT NULL AND applied_at IS NULL;
