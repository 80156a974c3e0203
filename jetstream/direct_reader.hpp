#pragma once

// Reads by batched direct get (ADR-31): no consumer, no state in the server, answered by any
// replica. What comes may therefore be older than what was just appended. Whoever knows that there
// is more asks the leader, who sees every acknowledged write.

#include "jetstream/connection.hpp"
#include "jetstream/stream_reads.hpp"

#include <map>

namespace sealstream::jetstream {

class DirectReader final : public StreamReads {
public:
    DirectReader(Connection& connection, std::string stream, boost::asio::any_io_executor home,
                 std::chrono::milliseconds timeout);

    [[nodiscard]] Result<void> start();

    [[nodiscard]] Task<Result<Page>> read(std::string subject, std::uint64_t first,
                                          std::size_t messages_max, std::size_t bytes_max) override;
    [[nodiscard]] Task<Result<Page>> read_since(std::string subject, WallTime since,
                                                std::size_t messages_max) override;

    // One message.
    //   not_found     there is none
    [[nodiscard]] Task<Result<StoredRecord>> get(std::uint64_t sequence);
    [[nodiscard]] Task<Result<StoredRecord>> last_of(std::string subject) override;

    // From the leader.
    //   not_found     there is none
    [[nodiscard]] Task<Result<StoredRecord>> get_of_leader(std::uint64_t sequence);
    [[nodiscard]] Task<Result<StoredRecord>> last_of_leader(std::string subject) override;
    [[nodiscard]] Task<Result<StoredRecord>> last_of_leader(std::string subject,
                                                            std::chrono::milliseconds timeout);

    void close();

private:
    struct Waiting {
        Page page;
        bool is_batch{false};
        bool is_done{false};
        std::optional<Error> failed;
        Notifier* arrived{nullptr};
    };

    [[nodiscard]] Task<Result<Page>> ask(std::string body, bool is_batch);
    [[nodiscard]] Task<Result<StoredRecord>> ask_leader(std::string body,
                                                        std::chrono::milliseconds timeout);
    void on_message(const Message& message);

    Connection& connection_;
    std::string stream_;
    boost::asio::any_io_executor home_;
    std::chrono::milliseconds timeout_;
    std::string prefix_;
    std::uint64_t next_token_{0};
    std::map<std::string, Waiting*, std::less<>> waiting_;
    std::unique_ptr<Subscription> answers_;
    bool is_closed_{false};
};

} // namespace sealstream::jetstream
