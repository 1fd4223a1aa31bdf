-- Why: merchants' systems are told what happens to their cards (Standard Webhooks 1.0). A card's
-- events are turned into deliveries, one for each endpoint, and tried in order per card.

-- family: merchant. Where a merchant is told, and how that goes. Its secrets are sealed; after a
-- roll the former one signs too until previous_until. types NULL: all. failing_since, failures:
-- since the last success; slow_until: it asked for rest.
CREATE TABLE webhook (
    merchant_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    url TEXT NOT NULL,
    types TEXT,
    description TEXT,
    is_listener BIGINT NOT NULL,
    secret_sealed BLOB NOT NULL,
    previous_sealed BLOB,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    disabled_reason TEXT,
    failing_since BIGINT,
    failures BIGINT NOT NULL,
    warned_at BIGINT,
    slow_until BIGINT NOT NULL,
    slow_steps BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (merchant_id, webhook_id)
);

-- family: card. It has had events, from a number on, of which no deliveries were made yet. Written
-- only where the merchant has an endpoint; gone once they are made.
CREATE TABLE webhook_waiting (
    card_id BIGINT NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL,
    first_sequence BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX webhook_waiting_age ON webhook_waiting (at);

-- family: card. What is sent of an event, the same bytes to every endpoint at every try; 30 days.
CREATE TABLE webhook_body (
    card_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (card_id, sequence)
);

-- family: card. An event for one endpoint: pending, delivered, failed or skipped; 30 days.
-- tries: since it was made or replayed; attempts: in all; next_at NULL: it is not pending.
CREATE TABLE webhook_delivery (
    card_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    public_id BLOB NOT NULL,
    merchant_id BIGINT NOT NULL,
    event_id BLOB NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    tries BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (card_id, webhook_id, sequence)
);
CREATE INDEX webhook_delivery_of_merchant
    ON webhook_delivery (merchant_id, created_at, card_id, webhook_id, sequence);
CREATE INDEX webhook_delivery_by_status
    ON webhook_delivery (merchant_id, status, created_at, card_id, webhook_id, sequence);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (card_id, webhook_id, sequence)
    WHERE next_at IS NOT NULL;

-- family: card. The deliveries that wait for one endpoint, taken in order: when the first of them
-- is tried next. Gone when none waits.
CREATE TABLE webhook_lane (
    card_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    merchant_id BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (card_id, webhook_id)
);
CREATE INDEX webhook_lane_due ON webhook_lane (webhook_id, next_at);

-- family: card. One try: what the receiver answered, or why it did not.
CREATE TABLE webhook_attempt (
    card_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status_code BIGINT,
    error TEXT,
    milliseconds BIGINT NOT NULL,
    answer TEXT,
    PRIMARY KEY (card_id, webhook_id, sequence, number)
);

-- look-up: public id of an endpoint → the endpoint
CREATE TABLE webhook_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    merchant_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL
);

-- look-up: public id of a delivery, or of an event that has some (webhook_id 0) → where it stands
CREATE TABLE webhook_delivery_by_public (
    public_id BLOB NOT NULL PRIMARY KEY,
    card_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL
);
