#pragma once

// The layer below, as fast as we can drive it: nats.c, one connection, acknowledgements counted by
// a wildcard subscription; without conditions and ids, or with those that every event of ours has.
// What Sealstream's append rates are compared with.

#include <cstddef>
#include <string>

namespace sealstream::bench {

struct RawOptions {
    std::string url;
    std::string stream{"RAW"};
    std::size_t payload_bytes{256};
    std::size_t messages{200'000};
    std::size_t window{4'096};  // messages without an acknowledgement
    std::size_t batch{1};       // messages in an atomic batch; 1 publishes plainly
    bool is_conditional{false}; // plain ones: each with an id and its subject's expected sequence
    int replicas{1};
    bool send_at_once{false}; // write each publish at once (natsOptions_SetSendAsap)
};

struct RawResult {
    double messages_per_second{0};
    std::string failed; // empty when all went well
};

// Makes the stream anew, publishes, waits for every acknowledgement.
[[nodiscard]] RawResult publish_raw(const RawOptions& options);

} // namespace sealstream::bench
