SELECT d.id, d.state,
       CASE WHEN d.is_frozen THEN 'SM-3' WHEN d.is_distressed THEN 'SM-2' ELSE 'SM-0' END AS "stressMode",
       d.version AS "sequenceNumber", d.created AS "createdAt", d.changed AS "updatedAt",
       (SELECT coalesce(jsonb_agg(jsonb_build_object('actorId', actor_id, 'role', role) ORDER BY actor_id, role), '[]')
        FROM deal_role WHERE deal_id = d.id AND is_held) AS roles,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('action', action, 'actorId', actor_id, 'granted', is_granted)
                                  ORDER BY action, actor_id), '[]')
        FROM deal_approval WHERE deal_id = d.id) AS approvals,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('artifactId', artifact_id, 'type', type, 'truthLevel', truth_level)
                                  ORDER BY artifact_id), '[]')
        FROM deal_material WHERE deal_id = d.id) AS materials
FROM deal d
WHERE d.id = :dealId
