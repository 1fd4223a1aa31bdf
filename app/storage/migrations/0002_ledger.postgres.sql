-- Why: the ledger of hosted programs. Of each card the facts as they came (journal), what they moved
-- (transfer, entry), and caches made of them (account, lots, tickets …); of each program what its
-- cards share: reached challenges, stock and instants.
-- Nothing of journal, transfer and entry is ever changed: the triggers below refuse it.

-- family: card. Its running sums: `state` is the engine's account (JSON), a cache that a replay of
-- the journal makes again. `seed`: what its voucher codes are drawn from. `merged_into`: closed, the
-- card that gets what it held. `next_due_at`: when time brings something, NULL for never.
CREATE TABLE ledger_account (
    card_id BIGINT NOT NULL PRIMARY KEY,
    program_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    seed BLOB NOT NULL,
    state TEXT NOT NULL,
    next_due_at BIGINT,
    updated_at BIGINT NOT NULL,
    merged_into BIGINT
);
CREATE INDEX ledger_account_due ON ledger_account (next_due_at) WHERE next_due_at IS NOT NULL;

-- Hosted cards of the first release held nothing; each begins with an empty account.
INSERT INTO ledger_account
SELECT card_id, program_id, 0, 0, decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
    '{"opened_at":' || created_at || ',"caught_up_at":' || created_at || '}',
    NULL, created_at, NULL
FROM card WHERE authority = 'ledger' AND program_id IS NOT NULL AND voided_at IS NULL;

-- family: card. What happened, in order of processing; no steps: time passed. Without anything
-- personal. `body`: [newest version of the rules, steps, claims]; `results`: what each step gave.
CREATE TABLE journal (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    results TEXT NOT NULL,
    PRIMARY KEY (card_id, number)
);

-- family: card. The double-entry row: units go from `debit` to `credit`. `entry` 0: no entry shows
-- it; `reverses`: the transfer it takes back; `redeemer`: the merchant where units were spent.
CREATE TABLE transfer (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    unit TEXT NOT NULL,
    units BIGINT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    lot BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    reverses BIGINT,
    redeemer TEXT,
    PRIMARY KEY (card_id, number)
);

-- family: card. What a person sees: one signed change of units, with the facts that explain it.
CREATE TABLE entry (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT NOT NULL,
    units BIGINT NOT NULL,
    at BIGINT NOT NULL,
    rule TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (card_id, number)
);

-- family: card. Why somebody corrected a balance, in words; may be deleted.
CREATE TABLE reason_text (
    card_id BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (card_id, journal)
);

-- family: card. The birthday that counts from a journal row on ("MM-DD"); may be deleted.
CREATE TABLE ledger_birthday (
    card_id BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    birthday TEXT NOT NULL,
    PRIMARY KEY (card_id, journal)
);

-- family: card. Units earned together, expiring together; `dies_at` 2**62: never.
CREATE TABLE lot (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL,
    source TEXT NOT NULL,
    issuer TEXT NOT NULL,
    earned_at BIGINT NOT NULL,
    available_at BIGINT NOT NULL,
    dies_at BIGINT NOT NULL,
    is_available BIGINT NOT NULL,
    units_left BIGINT NOT NULL,
    held BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    owed BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    granted_by BIGINT NOT NULL,
    PRIMARY KEY (card_id, number)
);
CREATE INDEX lot_spendable ON lot (card_id, dies_at, earned_at, number) WHERE units_left > 0;
CREATE INDEX lot_pending ON lot (card_id, available_at) WHERE is_available = 0;
CREATE INDEX lot_by_time ON lot (card_id, earned_at, number);

-- family: card. A purchase as refunds have left it. `id`: the merchant's own; `body`: its context.
CREATE TABLE ticket (
    card_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    net BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (card_id, id)
);
CREATE INDEX ticket_by_time ON ticket (card_id, occurred_at, id);

-- family: card. Units spent on a reward, by the lots they came from (JSON).
CREATE TABLE burn (
    card_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    burned_by BIGINT NOT NULL,
    redeemer TEXT,
    PRIMARY KEY (card_id, id)
);

-- family: card. Units set aside until a moment (JSON).
CREATE TABLE hold (
    card_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (card_id, id)
);

-- family: card. What a message gave it, so that it can be taken back (JSON).
CREATE TABLE gift (
    card_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (card_id, id)
);

-- family: card. One issued right, in order of issue; its code is drawn from the account's seed.
CREATE TABLE voucher (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    template TEXT NOT NULL,
    kind TEXT NOT NULL,
    value BIGINT NOT NULL,
    min_basket_minor BIGINT NOT NULL,
    source TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT,
    status TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (card_id, number)
);

-- family: card. Counts that limits and challenges keep.
CREATE TABLE tally (
    card_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    units BIGINT NOT NULL,
    PRIMARY KEY (card_id, name)
);

-- family: card. What must reach another card, applied there once by its id.
CREATE TABLE message (
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    id TEXT NOT NULL,
    to_card_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    applied_at BIGINT,
    PRIMARY KEY (card_id, number)
);
CREATE INDEX message_waiting ON message (to_card_id, created_at) WHERE applied_at IS NULL;
CREATE INDEX message_age ON message (created_at) WHERE applied_at IS NULL;

-- family: card. How far it stands in a collective challenge, until its program was told.
CREATE TABLE challenge_news (
    card_id BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    value BIGINT NOT NULL,
    tickets BIGINT NOT NULL,
    number BIGINT NOT NULL,
    told BIGINT NOT NULL,
    PRIMARY KEY (card_id, challenge)
);
CREATE INDEX challenge_news_waiting ON challenge_news (card_id, challenge) WHERE number > told;

-- look-up: (program, hash of an event's own id) → what it did; kept for ever
CREATE TABLE event_id (
    program_id BIGINT NOT NULL,
    key_hash BLOB NOT NULL,
    card_id BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    body_hash BLOB NOT NULL,
    PRIMARY KEY (program_id, key_hash)
);

-- look-up: (program, voucher code) → voucher
CREATE TABLE voucher_by_code (
    program_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    card_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (program_id, code)
);

-- family: program. A card's part in a collective challenge; `number`: the card's journal then.
CREATE TABLE challenge_part (
    program_id BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    card_id BIGINT NOT NULL,
    value BIGINT NOT NULL,
    tickets BIGINT NOT NULL,
    number BIGINT NOT NULL,
    granted_at BIGINT,
    PRIMARY KEY (program_id, challenge, card_id)
);

CREATE INDEX challenge_part_waiting ON challenge_part (program_id, challenge) WHERE granted_at IS NULL;

-- family: program. The parts of a share of the cards, summed, so that no row is every card's.
CREATE TABLE challenge_sum (
    program_id BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    shard BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (program_id, challenge, shard)
);

-- family: program. A collective challenge whose target is reached; `event`: what each card gets.
CREATE TABLE challenge_reached (
    program_id BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    reached_at BIGINT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (program_id, challenge)
);

-- family: program. How many of a reward were claimed of its stock.
CREATE TABLE stock (
    program_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (program_id, rule)
);

-- family: program. One of a stock, claimed for an event before its card decides; then confirmed.
CREATE TABLE stock_claim (
    program_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    event_key BLOB NOT NULL,
    card_id BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    deadline BIGINT,
    PRIMARY KEY (program_id, rule, event_key)
);
CREATE INDEX stock_claim_open ON stock_claim (deadline) WHERE deadline IS NOT NULL;

-- family: program. A winning instant, claimed for a play before its card decides; then confirmed.
CREATE TABLE instant_claim (
    program_id BIGINT NOT NULL,
    campaign TEXT NOT NULL,
    instant TEXT NOT NULL,
    event_key BLOB NOT NULL,
    card_id BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    deadline BIGINT,
    PRIMARY KEY (program_id, campaign, instant)
);
CREATE INDEX instant_claim_open ON instant_claim (deadline) WHERE deadline IS NOT NULL;

-- family: program. Up to which version its cards know when they are due, and how far the next is.
CREATE TABLE renewal (
    program_id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    next_card_id BIGINT NOT NULL
);

-- look-up: name of a job → who does it, until when
CREATE TABLE sweep_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder BLOB NOT NULL,
    until BIGINT NOT NULL
);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger rows are only added';
END;
$$;
CREATE TRIGGER journal_is_kept BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER transfer_is_kept BEFORE UPDATE OR DELETE ON transfer
FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER entry_is_kept BEFORE UPDATE OR DELETE ON entry
FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
