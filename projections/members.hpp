#pragma once

// What a projector knows about each of its projections beside their cursors: whether they run, and
// whether with the others. Pure but for the clock that is handed in.

#include "core/base/clock.hpp"
#include "projections/cursor_store.hpp"
#include "projections/lanes.hpp"
#include "projections/options.hpp"

#include <optional>

namespace sealstream {

struct Member {
    Projection declared;
    std::optional<Claimed> claimed{}; // none: not yet, or it can not be
    bool is_halted{false};
    bool is_paused{false};
    Monotonic not_before{};  // of its next try
    Monotonic apart_until{}; // on its own until then
    unsigned strikes{0};     // setbacks in a row
};

class Members {
public:
    Members(std::vector<Projection> projections, const ProjectorOptions& options);

    void declare(std::vector<Projection> projections);
    [[nodiscard]] std::vector<Member>& all() noexcept { return all_; }
    [[nodiscard]] const std::vector<Member>& all() const noexcept { return all_; }

    [[nodiscard]] std::vector<LaneMember> lane_members(Monotonic now) const;

    // It has a setback that is not for ever: the wait and the time apart double with each.
    void struck(std::size_t member, bool is_slow, Monotonic now);
    void moved(std::size_t member) { all_[member].strikes = 0; }

private:
    const ProjectorOptions& options_;
    std::vector<Member> all_;
};

// What operators have said about projections, as the database has it now.
struct Orders {
    struct Order {
        std::string name;
        int version{0}; // the active one; 0: none
        bool is_paused{false};
        bool is_halted{false};
    };
    std::vector<Order> orders;
    [[nodiscard]] const Order* find(std::string_view name) const noexcept;
};
[[nodiscard]] Result<Orders> read_orders(Connection& connection, const std::string& ledger);

} // namespace sealstream
