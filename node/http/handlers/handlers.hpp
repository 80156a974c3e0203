#pragma once

// Every handler; each has a file of its own whose first lines are its contract.

#include "node/http/request_context.hpp"

namespace sealstream::http {

// Writing.
Task<Response> append_to_stream(RequestContext& request);
Task<Response> append_mixed(RequestContext& request);
Task<Response> append_transaction(RequestContext& request);

// Reading.
Task<Response> read_events(RequestContext& request);
Task<Response> read_stream(RequestContext& request);
Task<Response> get_event(RequestContext& request);
Task<Response> follow_feed(RequestContext& request);

// Reading under names and paths that other systems know.
Task<Response> tail_events(RequestContext& request);
Task<Response> follow_aggregates(RequestContext& request);
Task<Response> read_aggregates(RequestContext& request);

// What events must look like, and what of them is secret.
Task<Response> put_schema(RequestContext& request);
Task<Response> list_schemas(RequestContext& request);
Task<Response> get_schema(RequestContext& request);
Task<Response> get_schema_version(RequestContext& request);
Task<Response> put_redaction(RequestContext& request);
Task<Response> list_redactions(RequestContext& request);
Task<Response> get_redaction(RequestContext& request);

// Proving.
Task<Response> verify_stream(RequestContext& request);
Task<Response> get_proof(RequestContext& request);
Task<Response> get_checkpoint(RequestContext& request);

// Groups of competing consumers.
Task<Response> put_group(RequestContext& request);
Task<Response> get_group(RequestContext& request);
Task<Response> list_groups(RequestContext& request);
Task<Response> delete_group(RequestContext& request);
Task<Response> claim_events_of_group(RequestContext& request);
Task<Response> ack_claim(RequestContext& request);
Task<Response> nack_claim(RequestContext& request);
Task<Response> extend_claim(RequestContext& request);
Task<Response> list_parked(RequestContext& request);
Task<Response> retry_parked_stream(RequestContext& request);
Task<Response> skip_parked_event(RequestContext& request);

// Read models, for operators.
Task<Response> list_projections(RequestContext& request);
Task<Response> get_projection(RequestContext& request);
Task<Response> list_parked_folds(RequestContext& request);
Task<Response> list_foreign_writes(RequestContext& request);
Task<Response> list_snapshots(RequestContext& request);
Task<Response> take_snapshot_of_projection(RequestContext& request);
Task<Response> pause_projection(RequestContext& request);
Task<Response> resume_projection(RequestContext& request);
Task<Response> retry_projection(RequestContext& request);
Task<Response> rebuild_projection_of_ledger(RequestContext& request);
Task<Response> pause_rebuild(RequestContext& request);
Task<Response> resume_rebuild(RequestContext& request);
Task<Response> swap_rebuild(RequestContext& request);
Task<Response> cancel_rebuild(RequestContext& request);
Task<Response> roll_back_projection(RequestContext& request);

// Invariants and schedules of packs.
Task<Response> list_invariants(RequestContext& request);
Task<Response> get_invariant(RequestContext& request);
Task<Response> run_invariant(RequestContext& request);
Task<Response> list_schedules(RequestContext& request);
Task<Response> get_schedule(RequestContext& request);

// Who may append what.
Task<Response> list_policies(RequestContext& request);
Task<Response> get_policy(RequestContext& request);
Task<Response> put_policy(RequestContext& request);
Task<Response> delete_policy(RequestContext& request);
Task<Response> explain_policy(RequestContext& request);
Task<Response> dry_run_policies(RequestContext& request);
Task<Response> list_rejections(RequestContext& request);
Task<Response> list_emission_policies(RequestContext& request);
Task<Response> get_emission_policy(RequestContext& request);
Task<Response> put_emission_policy(RequestContext& request);

// About the node.
Task<Response> get_limits(RequestContext& request);
Task<Response> get_health(RequestContext& request);
Task<Response> get_discovery(RequestContext& request);
Task<Response> get_openapi(RequestContext& request);
Task<Response> get_openapi_json(RequestContext& request);
Task<Response> get_openapi_yaml(RequestContext& request);
Task<Response> get_asyncapi(RequestContext& request);

// For operators, on the admin listener.
Task<Response> get_livez(RequestContext& request);
Task<Response> get_readyz(RequestContext& request);
Task<Response> get_startupz(RequestContext& request);
Task<Response> get_metrics(RequestContext& request);
Task<Response> get_version(RequestContext& request);
Task<Response> post_drain(RequestContext& request);

} // namespace sealstream::http
