-- One row for what was looked at, and one for each thing that is missing. An override that was attested after the
-- reason to act arose takes the place of approvals and materials, never of authority.
WITH g AS (
    SELECT * FROM gate WHERE type = :type
), now_is AS (
    SELECT coalesce(max(version), 0) AS version, coalesce(max(distress_version), 0) AS distress_version
    FROM deal WHERE id = :stream_id
), since AS ( -- approvals before that do not count
    SELECT CASE WHEN :type = 'DistressResolved' THEN distress_version ELSE 0 END AS version FROM now_is
), override AS (
    SELECT count(*) > 0 AS is_there
    FROM deal_override o, g, since s
    WHERE o.deal_id = :stream_id AND o.action = g.action AND o.version > s.version
), held AS (
    SELECT array_agg(role) AS roles FROM deal_role
    WHERE deal_id = :stream_id AND actor_id = :actor AND is_held
), approved AS (
    SELECT count(DISTINCT a.actor_id) AS approvals
    FROM deal_approval a
    JOIN deal_role r ON r.deal_id = a.deal_id AND r.actor_id = a.actor_id AND r.is_held
    JOIN g ON r.role = ANY (g.approver_roles), since s
    WHERE a.deal_id = :stream_id AND a.action = g.action AND a.is_granted AND a.version > s.version
), denied AS (
    SELECT count(*) AS denials
    FROM deal_approval a, g, since s
    WHERE a.deal_id = :stream_id AND a.action = g.action AND NOT a.is_granted AND a.version > s.version
), violations AS (
    SELECT jsonb_build_object('code', 'no_authority', 'roles', to_jsonb(g.roles),
               'message', :type || ' needs the role ' || array_to_string(g.roles, ' or ')) AS violation
    FROM g, held WHERE NOT coalesce(held.roles && g.roles, false)
    UNION ALL
    SELECT jsonb_build_object('code', 'claimed_role', 'message',
               'authorityContext.role is ' || (:meta #>> '{authorityContext,role}') || ', which the actor does not have')
    FROM held
    WHERE :meta #>> '{authorityContext,role}' IS NOT NULL
      AND NOT coalesce((:meta #>> '{authorityContext,role}') = ANY (held.roles), false)
    UNION ALL
    SELECT jsonb_build_object('code', 'approvals_missing', 'action', g.action, 'have', a.approvals, 'need', g.approvals,
               'message', g.action || ' has ' || a.approvals || ' of ' || g.approvals || ' approvals')
    FROM g, approved a, override o WHERE a.approvals < g.approvals AND NOT o.is_there
    UNION ALL
    SELECT jsonb_build_object('code', 'approval_denied', 'action', g.action,
               'message', g.action || ' was denied by ' || d.denials)
    FROM g, denied d, override o WHERE d.denials > 0 AND NOT o.is_there
    UNION ALL
    SELECT jsonb_build_object('code', 'material_missing', 'material', m.material, 'truthLevel', m.truth_level,
               'message', :type || ' needs ' || m.material || ' at truth level ' || m.truth_level)
    FROM material_rule m JOIN truth_level need ON need.name = m.truth_level, override o
    WHERE m.type = :type AND NOT o.is_there
      AND NOT EXISTS (
          SELECT 1 FROM deal_material d JOIN truth_level have ON have.name = d.truth_level
          WHERE d.deal_id = :stream_id AND d.type = m.material AND have.rank >= need.rank)
)
SELECT version, NULL::jsonb AS violation FROM now_is
UNION ALL
SELECT n.version, v.violation FROM now_is n, violations v
