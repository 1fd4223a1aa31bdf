-- Why: promotional messages are capped per person across all merchants (specs: loyalty §14).

-- family: user. A promotion sent to a person; rows older than the window are pruned.
CREATE TABLE promotion_sent (
    user_id BIGINT NOT NULL,
    promotion_id BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, promotion_id)
);
