#pragma once

// What a relay tells Prometheus. Called on the I/O thread.

#include "postgres/outbox/outbox_statements.hpp"

#include <memory>

namespace prometheus {
class Registry;
}

namespace sealstream {

class OutboxMetrics {
public:
    explicit OutboxMetrics(prometheus::Registry& registry);
    ~OutboxMetrics();
    OutboxMetrics(const OutboxMetrics&) = delete;
    OutboxMetrics& operator=(const OutboxMetrics&) = delete;

    void lag_is(const OutboxLag& lag);
    void emitted(std::size_t events, std::size_t found_in_log); // the latter of these
    void known(std::size_t events);                             // by another way than the outbox
    void parked();
    void retried();
    void owner(bool is_owner);
    void halted(bool is_halted);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

} // namespace sealstream
