-- What read models do not count, at the cursor beside it (projections/skip_rules.hpp).
ALTER TABLE sealstream.projections
    ADD COLUMN skipped_types text[] COLLATE "C" NOT NULL DEFAULT '{}';
