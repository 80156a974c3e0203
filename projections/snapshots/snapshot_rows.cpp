#include "projections/snapshots/snapshot_rows.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream {

namespace {

constexpr char separator = '\x1f';
constexpr std::size_t parts_of_one = 3; // of a table, and of a sequence

constexpr const char* insert_row =
    "INSERT INTO sealstream.projection_snapshots (ledger, name, number, position, version,"
    "  schema_name, fold_digest, incarnation, skipped_types, schema_versions, folded_to, tables,"
    "  sequences, seal, bytes, took_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text[], $10::text[], $11, $12::text[],"
    "  $13::text[], $14, $15, $16)";

// What is no number becomes one that no seal fits.
template <class Number>
Number number_in(const std::string& text)
{
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

} // namespace

Snapshot snapshot_in(const SqlResult& rows, std::size_t row)
{
    Snapshot snapshot;
    snapshot.name = rows.text(row, 0);
    snapshot.number = static_cast<int>(rows.integer(row, 1));
    snapshot.position = Position{static_cast<std::uint64_t>(rows.integer(row, 2))};
    snapshot.version = static_cast<int>(rows.integer(row, 3));
    snapshot.schema_name = rows.text(row, 4);
    snapshot.fold_digest = rows.text(row, 5);
    snapshot.incarnation = rows.text(row, 6);
    snapshot.skipped_types = parts_in(rows.text(row, 7));
    snapshot.schema_versions = parts_in(rows.text(row, 8));
    snapshot.folded_to = rows.text(row, 9);
    const auto tables = parts_in(rows.text(row, 10));
    for (std::size_t at = 0; at + parts_of_one <= tables.size(); at += parts_of_one) {
        snapshot.tables.push_back(
            {tables[at], number_in<std::uint64_t>(tables[at + 1]), tables[at + 2]});
    }
    const auto sequences = parts_in(rows.text(row, 11));
    for (std::size_t at = 0; at + parts_of_one <= sequences.size(); at += parts_of_one) {
        snapshot.sequences.push_back({sequences[at], number_in<std::int64_t>(sequences[at + 1]),
                                      sequences[at + 2] == "called"});
    }
    snapshot.seal = rows.text(row, 12);
    snapshot.bytes = static_cast<std::uint64_t>(rows.integer(row, 13));
    return snapshot;
}

Result<void> insert_snapshot(Connection& connection, const std::string& ledger,
                             const Snapshot& snapshot, std::chrono::microseconds took)
{
    std::vector<std::string> tables;
    for (const TableDigest& table : snapshot.tables) {
        tables.insert(tables.end(), {table.table, std::to_string(table.rows), table.digest});
    }
    std::vector<std::string> sequences;
    for (const SequenceState& sequence : snapshot.sequences) {
        sequences.insert(sequences.end(), {sequence.name, std::to_string(sequence.last_value),
                                           sequence.is_called ? "called" : "fresh"});
    }
    SEAL_TRY(
        inserted,
        connection.run(insert_row,
                       {ledger, snapshot.name, std::to_string(snapshot.number),
                        std::to_string(snapshot.position.value), std::to_string(snapshot.version),
                        snapshot.schema_name, snapshot.fold_digest, snapshot.incarnation,
                        sql_array(snapshot.skipped_types), sql_array(snapshot.schema_versions),
                        snapshot.folded_to, sql_array(tables), sql_array(sequences), snapshot.seal,
                        std::to_string(snapshot.bytes), std::to_string(took.count())}));
    return {};
}

std::vector<std::string> parts_in(std::string_view text)
{
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto part = text.substr(0, text.find(separator));
        parts.emplace_back(part);
        text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
    return parts;
}

} // namespace sealstream
