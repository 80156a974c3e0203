#pragma once

// PayloadKeys in the table sealstream.payload_keys of one database, wrapped by the key in a file.
// What races is settled by the table's primary key: the key that is there is everybody's.

#include "core/ports/payload_keys.hpp"
#include "core/retention/wrapping_key.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresPayloadKeys final : public PayloadKeys {
public:
    PostgresPayloadKeys(std::string ledger, WrappingKey wrapping, Pool& pool, BlockingPool& threads)
        : ledger_{std::move(ledger)},
          wrapping_{wrapping},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] Task<Result<CurrentPayloadKey>> current(std::string retention_class,
                                                          std::chrono::seconds length) override;
    [[nodiscard]] Task<Result<std::vector<FoundPayloadKey>>>
    find(std::vector<std::string> names) override;

private:
    const std::string ledger_;
    const WrappingKey wrapping_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
