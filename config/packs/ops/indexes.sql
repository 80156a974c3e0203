CREATE INDEX event_category ON event (category, position);
CREATE INDEX event_actor ON event (actor, position);
CREATE INDEX event_recorded ON event (category, recorded);
