#include "projections/snapshots/snapshot.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"

#include <algorithm>
#include <set>

namespace sealstream {

namespace {

void add_digest_part(Sha256& hasher, std::string_view text)
{
    Bytes size;
    append_big_endian(size, static_cast<std::uint64_t>(text.size()));
    hasher.update(size);
    hasher.update(as_bytes(text));
}

void add_count(Sha256& hasher, std::size_t count)
{
    add_digest_part(hasher, std::to_string(count));
}

void add_list(Sha256& hasher, const std::vector<std::string>& texts)
{
    add_count(hasher, texts.size());
    for (const std::string& text : texts) {
        add_digest_part(hasher, text);
    }
}

} // namespace

std::string seal_of(const std::string& ledger, const Snapshot& snapshot)
{
    Sha256 hasher;
    hasher.update(as_bytes(std::string_view{"sealstream/snapshot/v1\0", 23}));
    add_digest_part(hasher, ledger);
    add_digest_part(hasher, snapshot.name);
    add_digest_part(hasher, std::to_string(snapshot.number));
    add_digest_part(hasher, std::to_string(snapshot.position.value));
    add_digest_part(hasher, std::to_string(snapshot.version));
    add_digest_part(hasher, snapshot.fold_digest);
    add_digest_part(hasher, snapshot.incarnation);
    add_list(hasher, snapshot.skipped_types);
    add_list(hasher, snapshot.schema_versions);
    add_digest_part(hasher, snapshot.folded_to);
    add_count(hasher, snapshot.tables.size());
    for (const TableDigest& table : snapshot.tables) {
        add_digest_part(hasher, table.table);
        add_digest_part(hasher, std::to_string(table.rows));
        add_digest_part(hasher, table.digest);
    }
    add_count(hasher, snapshot.sequences.size());
    for (const SequenceState& sequence : snapshot.sequences) {
        add_digest_part(hasher, sequence.name);
        add_digest_part(hasher, std::to_string(sequence.last_value));
        add_digest_part(hasher, sequence.is_called ? "called" : "fresh");
    }
    return to_hex(hasher.finish().view());
}

Result<std::vector<std::string>>
order_tables(const std::vector<std::string>& tables,
             const std::vector<std::pair<std::string, std::string>>& child_and_parent)
{
    std::vector<std::string> ordered;
    std::set<std::string> placed;
    while (ordered.size() < tables.size()) {
        const std::size_t before = ordered.size();
        for (const std::string& table : tables) {
            const auto waits = [&](const auto& reference) {
                return reference.first == table && reference.second != table &&
                       !placed.contains(reference.second);
            };
            if (!placed.contains(table) &&
                std::none_of(child_and_parent.begin(), child_and_parent.end(), waits)) {
                ordered.push_back(table);
                placed.insert(table);
            }
        }
        if (ordered.size() == before) {
            return Error{Errc::unsupported, "its tables refer to each other in a ring; tables that "
                                            "a snapshot is to copy need an order"};
        }
    }
    return ordered;
}

} // namespace sealstream
