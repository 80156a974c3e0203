SELECT id, deal_id AS "dealId", type, actor_id AS "actorId", payload,
       authority_context AS "authorityContext", evidence_refs AS "evidenceRefs",
       sequence_number AS "sequenceNumber", previous_event_hash AS "previousEventHash", event_hash AS "eventHash",
       created_at AS "createdAt"
FROM deal_event
WHERE deal_id = :dealId AND (:after_sequenceNumber IS NULL OR sequence_number > :after_sequenceNumber)
ORDER BY sequence_number
LIMIT :limit
