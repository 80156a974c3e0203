#pragma once

// The tables of a pack on Postgres (core/ports/pack_reader.hpp has the contract). Each read sees
// one snapshot of all projections of its pack.

#include "core/ports/pack_reader.hpp"
#include "postgres/pool.hpp"

#include <mutex>

namespace sealstream {

class PastStates;

struct PackReaderOptions {
    std::string ledger{"main"};
    std::string pack;
    std::vector<std::string> projections; // as the projector names them: "deals", "deals_board"
    std::vector<std::string> digests{};   // Projection::digest() of each, as the pack is now
};

// The statement around a pack's own: rows become JSON, and both limits hold in the database; pure.
// A row beyond bytes_max is null.
[[nodiscard]] std::string bounded_statement(const PackQuestion& question);

// The tables that the pack's role may already read, by their versions; shared by threads.
class PackReaderRights {
public:
    [[nodiscard]] bool hold_for(const std::string& versions) const
    {
        const std::lock_guard lock{mutex_};
        return !versions.empty() && versions_ == versions;
    }
    [[nodiscard]] bool hold_for_any() const
    {
        const std::lock_guard lock{mutex_};
        return !versions_.empty();
    }
    void set(std::string versions)
    {
        const std::lock_guard lock{mutex_};
        versions_ = std::move(versions);
    }

private:
    mutable std::mutex mutex_;
    std::string versions_; // empty: of none
};

class PostgresPackReader final : public PackReader {
public:
    PostgresPackReader(PackReaderOptions options, Pool& pool, BlockingPool& threads);

    // Answers questions as of a position from these states, which outlive it.
    void use_past(PastStates& past) { past_ = &past; }

    [[nodiscard]] boost::asio::awaitable<Result<PackRows>> read(PackQuestion question) override;
    // Of the projection that is furthest behind; 0 while one is not made yet.
    [[nodiscard]] boost::asio::awaitable<Result<Position>> cursor() override;

private:
    [[nodiscard]] Task<Result<PackRows>> read_past(PackQuestion question);

    const PackReaderOptions options_;
    PastStates* past_{nullptr};
    PackReaderRights rights_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
