-- Why: the merchant's messages and figures. A promotional message is one row and a cursor; a card
-- keeps which it shows. Of each pass it is kept when it came into a wallet and when it left; what
-- no row tells (views of a join page, answers to pushes) is summed by day.

-- family: program. A promotional message, and up to which card it was taken. `texts`, `segment`:
-- JSON. `reaches`, `capped`: counted when it was sent off; `sent`: who has got it.
CREATE TABLE promotion (
    program_id BIGINT NOT NULL,
    promotion_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    texts TEXT NOT NULL,
    segment TEXT NOT NULL,
    reaches BIGINT NOT NULL,
    capped BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_card_id BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (program_id, promotion_id)
);
CREATE INDEX promotion_due ON promotion (created_at) WHERE done_at IS NULL;

-- family: card. A promotion its member was sent (`user_id` 0: who has the claim token); the latest
-- is shown. Rows older than a year go when another comes.
CREATE TABLE card_promotion (
    card_id BIGINT NOT NULL,
    promotion_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, promotion_id)
);

-- For which of his cards a person was sent a promotion; NULL: before it was kept.
ALTER TABLE promotion_sent ADD COLUMN card_id BIGINT;

-- family: card. When and at which place a till last took a ticket of it.
CREATE TABLE card_visit (
    card_id BIGINT NOT NULL PRIMARY KEY,
    visited_at BIGINT NOT NULL,
    location_id TEXT NOT NULL
);

-- When a pass came into a wallet for the first time; when the last one lost it, NULL: somebody has.
ALTER TABLE pass ADD COLUMN added_at BIGINT;
ALTER TABLE pass ADD COLUMN removed_at BIGINT;
UPDATE pass SET added_at = created_at WHERE installed > 0;

-- family: program. What is counted by day, without anything personal: `day` in its time zone.
CREATE TABLE figure_day (
    program_id BIGINT NOT NULL,
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (program_id, day, name)
);
