#include "projections/apart/setback.hpp"

#include <array>

namespace sealstream {

namespace {

struct Row {
    std::string_view sqlstate; // five characters, or the two of its class
    Setback setback;
};

// PostgreSQL manual, appendix A; the first match decides.
constexpr std::array rows{
    Row{"57014", Setback::slow}, // query_canceled: statement_timeout
    Row{"08", Setback::again},   Row{"40", Setback::again}, Row{"53", Setback::again},
    Row{"55", Setback::again},   Row{"57", Setback::again}, Row{"58", Setback::again},
    Row{"21", Setback::poison}, // cardinality: ON CONFLICT met a row twice
    Row{"22", Setback::poison}, // data exceptions
    Row{"23", Setback::poison}, // constraints
    Row{"44", Setback::poison}, // WITH CHECK OPTION
    Row{"54", Setback::poison}, // program limits: too large
    Row{"P0", Setback::poison}, // RAISE, ASSERT, no row, too many rows
};

} // namespace

// Whatever is not in the table (syntax, missing tables, rights, transaction control, our own
// refusals) does not depend on the event.
Setback setback_of(std::string_view sqlstate) noexcept
{
    for (const Row& row : rows) {
        if (sqlstate.starts_with(row.sqlstate)) {
            return row.setback;
        }
    }
    return Setback::halt;
}

} // namespace sealstream
