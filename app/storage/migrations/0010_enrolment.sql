-- Why: what a program asks when somebody joins, and to what he agreed; the end of a program; and
-- purchases of which a holder says that their units are missing.

-- family: program. Each text of a consent that was ever asked, by number from 1, so that a consent
-- names the words it was given to. `text`: JSON, a text or one per language.
CREATE TABLE consent_text (
    program_id BIGINT NOT NULL,
    consent_key TEXT NOT NULL,
    text_version BIGINT NOT NULL,
    text TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    asked_since BIGINT NOT NULL,
    PRIMARY KEY (program_id, consent_key, text_version)
);

-- family: card. One consent, to which text, when; withdrawn when. Given again: another row.
CREATE TABLE consent (
    card_id BIGINT NOT NULL,
    consent_key TEXT NOT NULL,
    number BIGINT NOT NULL,
    text_version BIGINT NOT NULL,
    text_hash BLOB NOT NULL,
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (card_id, consent_key, number)
);

-- The last day of a program (YYYY-MM-DD, in its zone), the notice its passes show (JSON, a text or
-- one per language), the first moment after that day, and when its passes were sent to expire.
ALTER TABLE program ADD COLUMN last_day TEXT;
ALTER TABLE program ADD COLUMN ending_notice TEXT;
ALTER TABLE program ADD COLUMN closes_at BIGINT;
ALTER TABLE program ADD COLUMN ended_at BIGINT;
CREATE INDEX program_closing ON program (closes_at)
WHERE closes_at IS NOT NULL AND ended_at IS NULL;

-- family: card. A purchase that earned nothing, as its holder tells it, and the merchant's answer.
-- `status`: open, adjusted or declined; `reason`: the merchant's words.
CREATE TABLE missing_points (
    card_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    program_id BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    purchased_on TEXT,
    amount_minor BIGINT,
    note TEXT,
    status TEXT NOT NULL,
    unit TEXT,
    units BIGINT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    PRIMARY KEY (card_id, request_id)
);
CREATE INDEX missing_points_queue ON missing_points (program_id, status, request_id);
CREATE INDEX missing_points_receipt ON missing_points (program_id, receipt);

-- look-up: public id → a request about missing points
CREATE TABLE missing_points_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL
);
