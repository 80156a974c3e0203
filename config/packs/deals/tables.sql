CREATE TABLE deal (
    id text COLLATE "C" PRIMARY KEY,
    moved_to text,           -- by the last event that moves a deal; null: none has
    said_distressed boolean, -- what was said last: declared or resolved; null: nothing
    said_frozen boolean,     -- imposed or lifted
    state text NOT NULL GENERATED ALWAYS AS (coalesce(moved_to, 'Draft')) STORED,
    is_distressed boolean NOT NULL GENERATED ALWAYS AS (coalesce(said_distressed, false)) STORED,
    is_frozen boolean NOT NULL GENERATED ALWAYS AS (coalesce(said_frozen, false)) STORED,
    distress_version bigint NOT NULL, -- of the latest declaration; 0: never
    version bigint NOT NULL,          -- of its stream
    created timestamptz NOT NULL,
    changed timestamptz NOT NULL
);

-- The envelopes.
CREATE TABLE deal_event (
    deal_id text COLLATE "C" NOT NULL,
    sequence_number bigint NOT NULL,
    id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    actor_id text,
    payload jsonb NOT NULL,
    authority_context jsonb NOT NULL,
    evidence_refs jsonb NOT NULL,
    previous_event_hash text,
    event_hash text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (deal_id, sequence_number)
);

CREATE TABLE deal_role (
    deal_id text COLLATE "C" NOT NULL,
    actor_id text COLLATE "C" NOT NULL,
    role text NOT NULL,
    is_held boolean NOT NULL,
    PRIMARY KEY (deal_id, actor_id, role)
);

-- What each actor last said about an action.
CREATE TABLE deal_approval (
    deal_id text COLLATE "C" NOT NULL,
    action text NOT NULL,
    actor_id text COLLATE "C" NOT NULL,
    is_granted boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (deal_id, action, actor_id)
);

CREATE TABLE deal_override (
    deal_id text COLLATE "C" NOT NULL,
    action text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (deal_id, action)
);

CREATE TABLE deal_material (
    deal_id text COLLATE "C" NOT NULL,
    artifact_id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    truth_level text NOT NULL,
    PRIMARY KEY (deal_id, artifact_id)
);

-- ---- the rules -------------------------------------------------------------------------------

-- Any state that is not final leads to the states of events that have no row for `from_state`.
CREATE TABLE transition (type text PRIMARY KEY, from_state text, to_state text NOT NULL);
INSERT INTO transition VALUES
    ('ReviewOpened', 'Draft', 'UnderReview'),
    ('DealApproved', 'UnderReview', 'Approved'),
    ('ClosingReadinessAttested', 'Approved', 'ReadyToClose'),
    ('ClosingFinalized', 'ReadyToClose', 'Closed'),
    ('OperationsActivated', 'Closed', 'Operating'),
    ('MaterialChangeDetected', 'Operating', 'Changed'),
    ('ChangeReconciled', 'Changed', 'Operating'),
    ('ExitFinalized', NULL, 'Exited'),
    ('DealTerminated', NULL, 'Terminated');

-- Who may, and how many must have approved.
CREATE TABLE gate (
    type text PRIMARY KEY,
    action text NOT NULL,
    roles text[] NOT NULL,     -- one of them
    approvals bigint NOT NULL, -- of different actors
    approver_roles text[] NOT NULL
);
INSERT INTO gate VALUES
    ('DealApproved', 'APPROVE_DEAL', '{GP}', 1, '{GP,LP,LENDER}'),
    ('ClosingReadinessAttested', 'ATTEST_READINESS', '{GP,COUNSEL}', 1, '{GP,LENDER,COUNSEL}'),
    ('ClosingFinalized', 'FINALIZE_CLOSING', '{GP,LENDER}', 2, '{GP,LENDER}'),
    ('OperationsActivated', 'ACTIVATE_OPERATIONS', '{GP,OPERATOR}', 1, '{GP,OPERATOR}'),
    ('DistressResolved', 'RESOLVE_DISTRESS', '{GP,LENDER}', 2, '{GP,LENDER}');

CREATE TABLE truth_level (name text PRIMARY KEY, rank bigint NOT NULL);
INSERT INTO truth_level VALUES ('AI', 1), ('HUMAN', 2), ('DOC', 3);

-- Materials that must exist, at this level at least.
CREATE TABLE material_rule (type text NOT NULL, material text NOT NULL, truth_level text NOT NULL, PRIMARY KEY (type, material));
INSERT INTO material_rule VALUES
    ('DealApproved', 'UnderwritingSummary', 'HUMAN'),
    ('ClosingReadinessAttested', 'FinalUnderwriting', 'DOC'),
    ('ClosingFinalized', 'WireConfirmation', 'DOC'),
    ('ClosingFinalized', 'EntityFormation', 'DOC'),
    ('OperationsActivated', 'PropertyManagementAgreement', 'HUMAN');
