-- Made after a rebuild has filled the table. All but the last end in position, so that pages come out in order.

ALTER TABLE events ADD PRIMARY KEY (position);
CREATE INDEX events_by_stream ON events (stream_type, stream_id, position);
CREATE INDEX events_by_type ON events (type, position);
CREATE INDEX events_by_actor ON events (actor, position) WHERE actor <> '';
CREATE INDEX events_by_key ON events (key, position) WHERE key <> '';
CREATE INDEX events_by_time ON events USING brin (at_nanos) WITH (pages_per_range = 32);
CREATE INDEX events_by_words ON events USING gin (words);
