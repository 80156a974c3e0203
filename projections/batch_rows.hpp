#pragma once

// Stored records as rows of the temporary table `incoming`: pure. Our own folds read it; folds of
// packs read `batch` (apart/batch_table.hpp), which holds what of it is for them.
//
//   position, version               bigint
//   id                              uuid
//   stream_type, stream_id, type    text, bytewise order
//   source                          text
//   actor, key                      text; '' when the event has none
//   category                        text; meta.category, or null
//   time, ingested                  timestamptz; `time` is the client's, or null
//   time_nanos, ingested_nanos      bigint; the same, exact
//   data, meta                      jsonb; meta may be null
//   data_exact, meta_exact          text; null wherever jsonb says it all
//   words                           text[]; of `data`, for search (words.hpp)
//   schema_version                  integer; of the type's schema at this position, from 1
//   hash, prev_hash                 bytea; null unless the stream is chained
//   payload_key                     text; the key of a payload that can be forgotten, else null
//   expired                         boolean; it is forgotten: data is null, meta absent
//   skipped                         boolean; the type is skip_in_projection at this position: a
//                                   fold that counts says WHERE NOT skipped
//
// jsonb can not hold everything that a record can: not \u0000, and not the form of numbers with an
// exponent (1e+21 would come back as 1000000000000000000000). Such an event is folded all the same:
// jsonb holds \ufffd for each \u0000, and the _exact column holds the canonical text. Timestamps
// are rounded down to microseconds.

#include "core/event/codec.hpp"
#include "postgres/copy_buffer.hpp"
#include "projections/skip_rules.hpp"

#include <optional>

namespace sealstream {

// Empties itself at every commit; made once a session.
inline constexpr const char* create_incoming_table =
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming ("
    " position bigint NOT NULL, id uuid NOT NULL,"
    " stream_type text COLLATE \"C\" NOT NULL, stream_id text COLLATE \"C\" NOT NULL,"
    " version bigint NOT NULL, type text COLLATE \"C\" NOT NULL,"
    " source text COLLATE \"C\" NOT NULL, actor text COLLATE \"C\" NOT NULL,"
    " category text COLLATE \"C\", \"time\" timestamptz, time_nanos bigint,"
    " ingested timestamptz NOT NULL, ingested_nanos bigint NOT NULL,"
    " key text COLLATE \"C\" NOT NULL, data jsonb NOT NULL, meta jsonb,"
    " data_exact text, meta_exact text, words text[] COLLATE \"C\" NOT NULL,"
    " schema_version integer NOT NULL, hash bytea, prev_hash bytea,"
    " payload_key text COLLATE \"C\", expired boolean NOT NULL, skipped boolean NOT NULL"
    ") ON COMMIT DELETE ROWS";
inline constexpr const char* copy_batch = "COPY pg_temp.incoming FROM STDIN (FORMAT binary)";
inline constexpr std::size_t batch_columns = 25;

struct BatchRows {
    Position first; // positions of the rows: first to last, without gap
    Position last;
    CopyBuffer rows;
    std::optional<Error> fault; // corrupt: the record after `last` does not decode; unsupported: it
                                // edits a policy in an unknown way
    std::vector<std::string> skipped_types{};   // SkipRules after `last`
    std::vector<std::string> schema_versions{}; // the same
    WallTime last_ingested{};
};

// `records` ascend without gap and are not empty; `rules` are those before the first, and then
// those after the last. Ends before the first record that is at fault; then `rows` may be empty.
[[nodiscard]] BatchRows encode_batch(const std::vector<StoredRecord>& records, SkipRules& rules);

} // namespace sealstream
