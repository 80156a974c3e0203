#pragma once

// Beside the projector of one ledger: its packs' invariants and schedules, run.

#include "core/packs/pack_set.hpp"
#include "node/stores.hpp"
#include "node/work/work_runner.hpp"
#include "projections/work/postgres_work_store.hpp"

namespace sealstream {

class WorkRole {
public:
    WorkRole(const Settings& settings, Stores& stores, StoresContext context, Stop& stop,
             http::AdmissionParts admission, const PackSet& packs);
    ~WorkRole();
    WorkRole(const WorkRole&) = delete;
    WorkRole& operator=(const WorkRole&) = delete;

    // Waits for Postgres, then runs what is due.
    [[nodiscard]] Task<void> run();
    void declare(const PackSet& packs);

private:
    [[nodiscard]] std::function<std::unique_ptr<PackReader>(const Pack&)> reader_maker();

    const Settings& settings_;
    Stores& stores_;
    StoresContext context_;
    Pool pool_; // of its own: a slow statement keeps nobody else from the database
    BlockingPool threads_;
    PostgresWorkStore store_;
    WorkRunner runner_;
};

} // namespace sealstream
