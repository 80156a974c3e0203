#pragma once

// The keys of payloads that can be forgotten. A key that is destroyed never comes back.

#include "core/event/payload_cipher.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <vector>

namespace sealstream {

// A key to encrypt with, and for how long from when it was asked for.
struct CurrentPayloadKey {
    PayloadKey key;
    std::chrono::nanoseconds usable_for{0};
};

// What became of a key; no secret: it is destroyed.
struct FoundPayloadKey {
    std::string name;
    std::optional<AesKey> secret;
};

class PayloadKeys {
public:
    virtual ~PayloadKeys() = default;

    // The key of the period that it is now, by the store's own clock; the first who asks makes it,
    // and it is durable before anybody has it.
    //   unavailable   the store does not answer
    //   unsupported   its keys are wrapped by another key than ours
    [[nodiscard]] virtual boost::asio::awaitable<Result<CurrentPayloadKey>>
    current(std::string retention_class, std::chrono::seconds length) = 0;

    // Those of them that the store has ever had.
    //   as above
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<FoundPayloadKey>>>
    find(std::vector<std::string> names) = 0;

protected:
    PayloadKeys() = default;
    PayloadKeys(const PayloadKeys&) = delete;
    PayloadKeys& operator=(const PayloadKeys&) = delete;
};

} // namespace sealstream
