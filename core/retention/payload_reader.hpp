#pragma once

// Makes records readable whose payload a log keeps encrypted: in clear while the payload is kept,
// without it afterwards. Remembers keys for a while, so that reading costs no question each time.
//
// Executor   The I/O thread.
// Bound      keys_cached_max keys; one is believed for key_cache, and longer while the store is
// away;
//            a destroyed one for ever.

#include "core/base/clock.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/payload_keys.hpp"
#include "core/retention/retention_rules.hpp"

#include <map>
#include <unordered_map>

namespace sealstream {

struct PayloadReaderOptions {
    std::size_t keys_cached_max{10'000};
    std::chrono::nanoseconds key_cache{std::chrono::seconds{60}};
};

class PayloadReader {
public:
    PayloadReader(PayloadKeys& keys, const Clock& clock, RetentionRulesPtr rules,
                  PayloadReaderOptions options);

    // Edited packs.
    void use(RetentionRulesPtr rules) { rules_ = std::move(rules); }
    [[nodiscard]] const RetentionRulesPtr& rules() const noexcept { return rules_; }

    // The same records; those with an encrypted payload say which key it has, and what was in it or
    // that it is gone. A payload counts as gone as soon as its time is over, destroyed or not.
    //   unavailable   the keys' store does not answer, or has lost a key
    //   corrupt       a payload is not what its key, event and stream say
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    open(std::vector<StoredRecord> records);

private:
    struct Known {
        std::optional<AesKey> secret; // none: destroyed
        Monotonic asked;
    };
    struct Answer {
        bool is_known{false};
        std::optional<AesKey> secret{}; // none of a known one: destroyed
    };
    using Keys = std::map<std::string, Answer>; // by name
    [[nodiscard]] boost::asio::awaitable<Result<Keys>> learn(std::vector<std::string> names);
    [[nodiscard]] bool is_believed(const Known& known) const;
    [[nodiscard]] bool is_over(const std::string& name) const;
    [[nodiscard]] Result<void> open_one(StoredRecord& record, Event event, const Keys& keys) const;

    PayloadKeys& keys_;
    const Clock& clock_;
    RetentionRulesPtr rules_;
    const PayloadReaderOptions options_;
    std::unordered_map<std::string, Known> known_;
};

} // namespace sealstream
