#include "projections/snapshots/forgotten.hpp"

#include "projections/snapshots/past_versions.hpp"
#include "projections/snapshots/snapshot_store.hpp"
#include "projections/versions.hpp"

namespace sealstream {

namespace {

constexpr const char* select_forgotten =
    "SELECT 'snapshot', s.name, s.number FROM sealstream.projection_snapshots AS s"
    " WHERE s.ledger = $1 AND sealstream.may_hold_forgotten(s.ledger, (SELECT definition FROM"
    "  sealstream.projections AS p WHERE p.ledger = s.ledger AND p.name = s.name"
    "  AND p.fold_digest = s.fold_digest LIMIT 1), s.position, '-infinity')"
    " UNION ALL SELECT 'retired', p.name, p.version FROM sealstream.projections AS p"
    " WHERE p.ledger = $1 AND p.state = 'retired'"
    "  AND sealstream.may_hold_forgotten(p.ledger, p.definition, p.cursor, '-infinity')"
    " UNION ALL SELECT 'past', h.name, h.version FROM sealstream.past_versions AS h"
    " JOIN sealstream.projections AS p USING (ledger, name, version)"
    " WHERE h.ledger = $1"
    "  AND sealstream.may_hold_forgotten(h.ledger, p.definition, 0, h.made_at)"
    " LIMIT $2::bigint";

} // namespace

Result<std::size_t> drop_forgotten(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(rows,
             connection.run(select_forgotten, {ledger, std::to_string(forgotten_copies_max)}));
    std::size_t dropped = 0;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        const std::string_view kind = rows.text(row, 0);
        const std::string name{rows.text(row, 1)};
        const auto number = static_cast<int>(rows.integer(row, 2));
        auto gone = kind == "snapshot"  ? drop_snapshot(connection, ledger, name, number)
                    : kind == "retired" ? drop_retired(connection, ledger, name, number)
                                        : drop_past(connection, ledger, name, number);
        if (!gone) {
            return gone.error();
        }
        dropped += *gone ? 1U : 0U;
    }
    return dropped;
}

} // namespace sealstream
