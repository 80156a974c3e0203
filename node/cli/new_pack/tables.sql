CREATE TABLE item (
    id text COLLATE "C" PRIMARY KEY,
    title text,
    is_removed boolean NOT NULL,
    version bigint NOT NULL,      -- of its stream
    changed timestamptz NOT NULL
);
