CREATE INDEX entity_changed ON entity (kind, changed, id);
CREATE INDEX entity_state ON entity (kind, state, changed);
CREATE INDEX entity_project ON entity ((doc->>'project'));
CREATE INDEX entity_words ON entity USING gin (words);
CREATE INDEX decision_name ON decision (kind, name, position);
CREATE INDEX decision_words ON decision USING gin (words);
