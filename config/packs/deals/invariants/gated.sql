-- Less than what guards/gate.sql asks for, so it holds whenever that has agreed: who has a role, and who took an approval
-- back, is left out.
SELECT e.deal_id, e.sequence_number, e.type, g.approvals AS needs, count(DISTINCT a.actor_id) AS has
FROM deal_event e
JOIN gate g ON g.type = e.type
LEFT JOIN deal_event a ON a.deal_id = e.deal_id AND a.sequence_number < e.sequence_number
    AND a.type = 'ApprovalGranted' AND a.payload->>'action' = g.action
WHERE NOT EXISTS (
    SELECT FROM deal_event o
    WHERE o.deal_id = e.deal_id AND o.sequence_number < e.sequence_number
      AND o.type = 'OverrideAttested' AND o.payload->>'action' = g.action)
GROUP BY e.deal_id, e.sequence_number, e.type, g.approvals
HAVING count(DISTINCT a.actor_id) < g.approvals
ORDER BY e.deal_id, e.sequence_number
