#include "projections/members.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr unsigned doublings_max = 6;

constexpr const char* select_orders =
    "SELECT name, version, paused_at IS NOT NULL, halted IS NOT NULL FROM sealstream.projections"
    " WHERE ledger = $1 AND state = 'active'"
    " UNION ALL SELECT name, 0, false, true FROM sealstream.projection_faults AS f WHERE ledger = "
    "$1"
    " AND NOT EXISTS (SELECT FROM sealstream.projections AS p WHERE p.ledger = f.ledger"
    "  AND p.name = f.name AND p.state = 'active')";

} // namespace

Members::Members(std::vector<Projection> projections, const ProjectorOptions& options)
    : options_{options}
{
    declare(std::move(projections));
}

void Members::declare(std::vector<Projection> projections)
{
    all_.clear();
    for (Projection& one : projections) {
        all_.push_back(Member{std::move(one)});
    }
}

std::vector<LaneMember> Members::lane_members(Monotonic now) const
{
    std::vector<LaneMember> members;
    for (const Member& one : all_) {
        const bool is_out = !one.claimed || one.is_halted || one.is_paused || now < one.not_before;
        members.push_back({one.claimed ? one.claimed->version.cursor : Position{}, is_out,
                           now < one.apart_until});
    }
    return members;
}

void Members::struck(std::size_t member, bool is_slow, Monotonic now)
{
    Member& one = all_[member];
    const unsigned factor = 1U << std::min(one.strikes, doublings_max);
    ++one.strikes;
    one.apart_until = now + options_.apart_for * factor;
    if (!is_slow) {
        one.not_before = now + options_.retry.first * factor;
    }
}

const Orders::Order* Orders::find(std::string_view name) const noexcept
{
    const auto found = std::find_if(orders.begin(), orders.end(),
                                    [name](const Order& one) { return one.name == name; });
    return found != orders.end() ? &*found : nullptr;
}

Result<Orders> read_orders(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(rows, connection.run(select_orders, {ledger}));
    Orders read;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        read.orders.push_back({std::string{rows.text(row, 0)},
                               static_cast<int>(rows.integer(row, 1)), rows.boolean(row, 2),
                               rows.boolean(row, 3)});
    }
    return read;
}

} // namespace sealstream
