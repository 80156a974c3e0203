#pragma once

// The temporary table `batch`, which folds of packs read: the events of a batch that are for this
// one, in the order of the log.
//
//   position, version               bigint
//   id                              uuid
//   stream_type, stream_id, type    text, bytewise order
//   schema_version                  integer; of the data, after upcasts
//   source, actor, key              text; '' when the event has none
//   category                        text; meta.category, or null
//   time, ingested                  timestamptz; `time` is the client's, or null
//   data, meta                      jsonb; meta may be null
//   hash, prev_hash                 bytea; null unless the stream is chained
//   payload_key                     text; the key of a payload that can be forgotten, else null
//   expired                         boolean; it is forgotten: data is null, meta absent
//   skipped                         boolean
//
// Texts for SQL, pure.

#include "projections/projection.hpp"

namespace sealstream {

// All made once a session, after create_incoming_table; they empty themselves at every commit.
// `aside` has events that had been parked and are tried again; `stuck` has the streams of which
// nothing may be folded now.
inline constexpr const char* create_batch_tables =
    "CREATE TEMPORARY TABLE IF NOT EXISTS batch ("
    " position bigint NOT NULL, id uuid NOT NULL,"
    " stream_type text COLLATE \"C\" NOT NULL, stream_id text COLLATE \"C\" NOT NULL,"
    " version bigint NOT NULL, type text COLLATE \"C\" NOT NULL, schema_version integer NOT NULL,"
    " source text COLLATE \"C\" NOT NULL, actor text COLLATE \"C\" NOT NULL,"
    " category text COLLATE \"C\", key text COLLATE \"C\" NOT NULL, \"time\" timestamptz,"
    " ingested timestamptz NOT NULL, data jsonb NOT NULL, meta jsonb, hash bytea,"
    " prev_hash bytea, payload_key text COLLATE \"C\", expired boolean NOT NULL,"
    " skipped boolean NOT NULL"
    ") ON COMMIT DELETE ROWS;"
    "CREATE TEMPORARY TABLE IF NOT EXISTS aside (LIKE pg_temp.batch) ON COMMIT DELETE ROWS;"
    "CREATE TEMPORARY TABLE IF NOT EXISTS stuck ("
    " stream_type text COLLATE \"C\" NOT NULL, stream_id text COLLATE \"C\" NOT NULL,"
    " position bigint NOT NULL, sqlstate text NOT NULL, reason text NOT NULL,"
    " PRIMARY KEY (stream_type, stream_id)) ON COMMIT DELETE ROWS;";

inline constexpr const char* batch_column_names =
    "position, id, stream_type, stream_id, version, type, schema_version, source, actor, category,"
    " key, \"time\", ingested, data, meta, hash, prev_hash, payload_key,"
    " expired, skipped";

// Positions from `first` to `last`, both inclusive.
struct EventRange {
    Position first;
    Position last;
};

// Whether an event of `incoming` is for this projection: a condition.
[[nodiscard]] std::string reaches(const Projection& projection);

// Fills the empty table `batch` from `source` ("incoming", "aside") with what reaches the
// projection, is in the range and not of a stuck stream.
[[nodiscard]] std::string fill_batch(const Projection& projection, std::string_view source,
                                     EventRange range);

} // namespace sealstream
