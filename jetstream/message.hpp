#pragma once

// Handles of nats.c. Only sources of this folder include this.

#include "core/base/bytes.hpp"

#include <nats/nats.h>

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace sealstream::jetstream {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* handle) const noexcept
    {
        Free(handle);
    }
};

using OptionsHandle = std::unique_ptr<natsOptions, FreeWith<natsOptions_Destroy>>;
using ConnectionHandle = std::unique_ptr<natsConnection, FreeWith<natsConnection_Destroy>>;
using SubscriptionHandle = std::unique_ptr<natsSubscription, FreeWith<natsSubscription_Destroy>>;
using MessageHandle = std::unique_ptr<natsMsg, FreeWith<natsMsg_Destroy>>;

// Messages of our own that have been published. The library frees each on a thread that it wakes
// for it, which costs more than the publish; many at once wake it once.
class SpentMessages {
public:
    void add(MessageHandle message, std::size_t payload_bytes)
    {
        messages_.push_back(std::move(message));
        bytes_ += payload_bytes;
        if (messages_.size() >= messages_max || bytes_ >= bytes_max) {
            messages_.clear();
            bytes_ = 0;
        }
    }

private:
    static constexpr std::size_t messages_max{64};
    static constexpr std::size_t bytes_max{256 << 10};

    std::vector<MessageHandle> messages_;
    std::size_t bytes_{0};
};

// A message that came in. Views live as long as the message.
class Message {
public:
    explicit Message(natsMsg* message) : handle_{message} {}

    [[nodiscard]] std::string_view subject() const { return natsMsg_GetSubject(handle_.get()); }
    [[nodiscard]] std::string_view reply() const
    {
        const char* const text = natsMsg_GetReply(handle_.get());
        return text != nullptr ? std::string_view{text} : std::string_view{};
    }
    [[nodiscard]] std::string_view data() const
    {
        return {natsMsg_GetData(handle_.get()),
                static_cast<std::size_t>(natsMsg_GetDataLength(handle_.get()))};
    }
    [[nodiscard]] bool is_no_responders() const { return natsMsg_IsNoResponders(handle_.get()); }

    // Empty when there is none. Parses the header block at the first call.
    [[nodiscard]] std::string_view header(const char* key) const
    {
        const char* value = nullptr;
        const natsStatus status = natsMsgHeader_Get(handle_.get(), key, &value);
        return status == NATS_OK && value != nullptr ? std::string_view{value} : std::string_view{};
    }

    // "404", "408", … of a control message; empty for data.
    [[nodiscard]] std::string_view status() const { return header("Status"); }

private:
    MessageHandle handle_;
};

} // namespace sealstream::jetstream
