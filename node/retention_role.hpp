#pragma once

// Payloads of one ledger that can be forgotten: puts the encryption between the log and its
// readers, and runs what destroys keys.

#include "config/settings.hpp"
#include "core/packs/pack_set.hpp"
#include "core/retention/payload_log.hpp"
#include "node/stores.hpp"
#include "postgres/retention/expiry_runner.hpp"
#include "postgres/retention/postgres_payload_keys.hpp"

namespace sealstream {

class RetentionRole {
public:
    // Checks the wrapping key against the keys that are there, and replaces stores.log.
    //   malformed                  retention.key_file without Postgres, or it holds no key
    //   not_found, forbidden       the file
    //   unsupported                another file has wrapped the keys that are there
    [[nodiscard]] static Task<Result<std::unique_ptr<RetentionRole>>>
    open(const Settings& settings, const PackSet& packs, Stores& stores, StoresContext context);

    // Edited packs.
    void use(const PackSet& packs);

    // Destroys keys whose time is over, until `stop`.
    [[nodiscard]] Task<void> run(EventIdSource& ids, Stop& stop);

    RetentionRole(const Settings& settings, WrappingKey key, const PackSet& packs, Stores& stores,
                  StoresContext context);
    RetentionRole(const RetentionRole&) = delete;
    RetentionRole& operator=(const RetentionRole&) = delete;

private:
    const RetentionSettings settings_;
    const std::string ledger_;
    Pool& pool_;
    BlockingPool& threads_;
    PostgresPayloadKeys keys_;
    PayloadLog* log_{nullptr}; // in Stores
};

// What SQL can not append.
[[nodiscard]] Result<void> tell_encrypted_types(Connection& connection, const std::string& ledger,
                                                const RetentionRules& rules);

} // namespace sealstream
