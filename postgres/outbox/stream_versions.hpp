#pragma once

// What a relay knows of the streams that it writes: the fence between two relays that both believe
// to be the owner.
//
// Each append of the relay expects the exact versions that it knows. They were read before the
// relay last made sure of its ownership, and before it last looked at what is in the log, or come
// from its own appends. So whatever another relay has put into a stream since makes the append
// fail, instead of coming a second time; and the other's next one fails after ours.

#include "core/ports/event_log.hpp"

#include <unordered_map>

namespace sealstream {

class StreamVersions {
public:
    explicit StreamVersions(EventLog& log) : log_{log} {}

    // Reads the versions of those streams that are not known yet, some at once.   as stream_head()
    [[nodiscard]] boost::asio::awaitable<Result<void>> learn(std::vector<StreamName> streams);

    // Sets the condition of each; all are known.
    void expect(std::vector<StreamAppend>& batch) const;

    // What the log has answered to an append that expected these versions, and was no repeat.
    void appended(const Appended& answer);

    void forget_all() noexcept { known_.clear(); }
    [[nodiscard]] bool are_too_many() const noexcept { return known_.size() > known_max; }

private:
    static constexpr std::size_t known_max = 100'000;

    [[nodiscard]] boost::asio::awaitable<void> read(std::vector<StreamName>& wanted,
                                                    Result<void>& outcome);

    EventLog& log_;
    std::unordered_map<StreamName, Version> known_;
};

} // namespace sealstream
