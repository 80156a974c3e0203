#pragma once

// A log, a Postgres and one pack, for tests of what the tables were at a position.

#include "integration/support/pack_samples.hpp"
#include "projections/snapshots/past_states.hpp"
#include "projections/snapshots/snapshot_store.hpp"

namespace sealstream::testing {

class SnapshotHome : public ProjectorHome {
public:
    using ProjectorHome::ProjectorHome;
    ~SnapshotHome();

    void append_transfers(std::mt19937_64& random, std::size_t count);
    // Folds everything that is in the log, and stops.
    void fold(std::vector<Projection> folds = {bank()});

    [[nodiscard]] static Projection bank() { return balances("bank", FoldForm::set); }

    // "a=5 b=7" of the log up to a position: the specification.
    [[nodiscard]] std::string expected_at(Position position);
    // The same from tables in this schema.
    [[nodiscard]] std::string stored_in(const std::string& schema_name);

    [[nodiscard]] Result<Snapshot> take(const std::string& projection = "bank");
    // Of the bank at this position, from whatever it begins with.
    [[nodiscard]] Result<PastVersion> past(Position position);
    [[nodiscard]] std::string base_of(Position position); // of the last that was made there

    [[nodiscard]] PastStates& states(); // with past_options, as they are at the first call
    [[nodiscard]] FoldContext fold_context();

    PastStatesOptions past_options{};
    Stop stop{context.get_executor()};
    FoldFaults no_faults;

private:
    [[nodiscard]] Task<void> wait_for_tasks();

    std::unique_ptr<PastStates> states_;
};

} // namespace sealstream::testing
