-- Tokens of claims, in order for ever: also for a group that is removed and made again under its old name, whose
-- consumers may still hold tokens of the first one.

CREATE SEQUENCE sealstream.group_tokens;
SELECT setval('sealstream.group_tokens', max(last_token)) FROM sealstream.groups HAVING max(last_token) > 0;
ALTER TABLE sealstream.groups DROP COLUMN last_token;
