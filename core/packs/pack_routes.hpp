#pragma once

// What a pack says about HTTP: queries, commands, and the guards that stand before every append of
// an event type, whichever route it takes.

#include "core/packs/json_template.hpp"
#include "core/packs/sql_text.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

enum class PackMethod : std::uint8_t { get, post, put, patch, delete_ };
// As in security/caller.hpp; for all stream types of the pack.
enum class PackRole : std::uint8_t { anyone, reader, auditor, writer, admin };

// SQL knows the types as text, bigint, numeric, boolean, timestamptz, uuid, jsonb, bigint.
enum class ParameterType : std::uint8_t {
    text,
    integer,
    number,
    boolean,
    time,
    uuid,
    json,
    position
};

struct PackParameter {
    std::string name{};
    bool is_in_path{false}; // else in the query string
    ParameterType type{ParameterType::text};
    bool is_list{false};                   // a,b,c: an array in SQL
    bool is_required{false};               // always, in the path
    std::optional<std::string> fallback{}; // when it is not given; else SQL gets null
    std::optional<double> least{};         // numbers: the value; text: its bytes
    std::optional<double> most{};
    std::vector<std::string> choices{}; // text; empty: any
};

// Pages follow each other by the key: SQL gets the key of the row before as :after_<column> (null
// on the first page) and :limit. The client's `after` is opaque; `limit` is a number.
struct PagingKey {
    std::string column{};
    ParameterType type{ParameterType::position};
};
struct PackPaging {
    std::vector<PagingKey> key{};
    std::uint32_t limit{50};
    std::uint32_t limit_max{1000};
};

// What an answer is made of before SQL sees it; docs/packs.md has the arguments and what is found.
enum class QuerySource : std::uint8_t {
    sql,           // nothing: SQL alone
    events,        // events of the ledger by filter, oldest first; long-poll
    event,         // one by its id
    stream_events, // of one stream
    verify_stream, // its chain
    verify_ledger, // everything
    status,        // counts, times, sizes
};

enum class ResponseShape : std::uint8_t {
    list,   // all rows
    object, // the first row; none: 404
    scalar, // the first column of the first row; none: 404
};

struct PackQuery {
    std::string name{};
    std::string summary{};
    PackMethod method{PackMethod::get}; // or post, for documents that want it
    std::string route{};                // "/deals/{id}/events", below the pack's prefix
    PackRole role{PackRole::reader};
    std::vector<PackParameter> parameters{};

    QuerySource source{QuerySource::sql};
    std::optional<JsonTemplate> arguments{}; // of the source; sees path, query, caller
    // Sees the parameters, caller_source, caller_actor, caller_roles (text[]), the paging key, and
    // found (jsonb) where the source is not `sql`. Empty: what was found are the rows.
    BoundSql sql{};

    std::optional<PackPaging> paging{};
    ResponseShape shape{ResponseShape::list};
    std::optional<JsonTemplate> row{}; // one row; sees row. None: its columns as members
    std::optional<JsonTemplate>
        body{}; // the whole; sees rows, row, count, next, position, path, query
    int status{200};
    bool has_etag{true};  // by the cursor of the pack's projections
    bool has_as_of{true}; // takes ?as-of= (a position or a time)
};

// May this event happen now? Sees stream_type, stream_id, type, data, meta (jsonb), actor, source,
// roles (text[]), now (timestamptz; the node's). Gives at least one row:
//   version     bigint   of the stream, as the read model has it; 0: no event yet. It becomes the
//                        condition of the append
//   violation   jsonb    null: none; else {"code":…,"message":…,…} for the client (409)
// No row at all is a violation: a guard that says nothing allows nothing.
struct PackGuard {
    std::string name{};
    std::vector<std::string> event_types{};
    std::vector<std::string> commands{}; // further ones of the pack, whatever they append
    BoundSql sql{};
};

enum class CommandCondition : std::uint8_t { none, absent, exists, version };

struct CommandEvent {
    JsonTemplate type{};   // text; must come out as an event type of the pack
    JsonTemplate stream{}; // text: "deal/{path.id}"; a stream type of the pack
    JsonTemplate data{};
    std::optional<JsonTemplate> meta{};
    std::optional<JsonTemplate> actor{}; // text; none: the caller's
    std::optional<JsonTemplate> time{};  // text; RFC 3339
    CommandCondition expected{CommandCondition::none};
    std::optional<JsonTemplate> expected_version{}; // with `version`
};

struct PackCommand {
    std::string name{};
    std::string summary{};
    PackMethod method{PackMethod::post};
    std::string route{};
    PackRole role{PackRole::writer};
    std::vector<PackParameter> parameters{};
    std::optional<boost::json::value> body_schema{}; // none: no body is read
    std::vector<CommandEvent> events{};              // all or none of them; empty: `sql`
    // Rows are the events, as in PackSchedule. Sees the parameters, body (jsonb), now, caller_….
    BoundSql sql{};
    std::optional<JsonTemplate> key{}; // idempotency key where the client sends none
    int status{201};
    // Sees events, event (the first), path, query, body, caller, now, uuid. None: the receipt.
    std::optional<JsonTemplate> response{};
};

} // namespace sealstream
