#pragma once

// Destroys the keys of payloads whose time is over, and says so in the log. One runner works for a
// ledger, the others stand by: a lock of its database session decides.
//
// A key is first destroyed, in a transaction of its own, and then said to be, by an event
// retention.expired in the stream sealstream-retention/<class>: so what the log says is true, and a
// runner that dies in between is made good by the next. The folds of read models drop what the key
// has opened when they meet that event.

#include "core/async/backoff.hpp"
#include "core/async/stop.hpp"
#include "core/ports/event_log.hpp"
#include "core/retention/retention_rules.hpp"
#include "postgres/pool.hpp"
#include "postgres/retention/payload_key_statements.hpp"

#include <functional>

namespace sealstream {

struct ExpiryOptions {
    std::string ledger{"main"};
    std::chrono::milliseconds poll{10'000};
    std::size_t keys_max{100}; // destroyed in one transaction, and said before the next
};

class ExpiryRunner {
public:
    using Rules = std::function<RetentionRulesPtr()>; // those of now

    ExpiryRunner(EventLog& log, EventIdSource& ids, Pool& pool, BlockingPool& threads, Stop& stop,
                 Rules rules, ExpiryOptions options);

    // Until a stop is asked for. Troubles are logged, and tried again.
    [[nodiscard]] Task<void> run();

private:
    [[nodiscard]] Task<Result<void>> session();
    [[nodiscard]] Task<Result<bool>> round(Connection& connection); // whether more may be due
    [[nodiscard]] Task<Result<void>> tell(Connection& connection, UntoldKey key);
    [[nodiscard]] Task<Result<Position>> position_of(UntoldKey key);

    EventLog& log_;
    EventIdSource& ids_;
    Pool& pool_;
    BlockingPool& threads_;
    Stop& stop_;
    const Rules rules_;
    const ExpiryOptions options_;
    Backoff backoff_;
};

} // namespace sealstream
