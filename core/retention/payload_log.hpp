#pragma once

// A log whose payloads can be forgotten: the one place between a ledger's log and all that append
// to it and read it. Payloads of events with a class of retention go in encrypted and come out in
// clear, or as gone; what is stored, chained, sealed and proven is the encrypted form. Auditors and
// verifiers read the log below.
//
// An id that comes again meets what an earlier key has encrypted, which never equals it: key_reuse
// then means "read and compare" (encrypts_payloads()).

#include "core/retention/payload_reader.hpp"

#include <memory>

namespace sealstream {

class PayloadLog final : public EventLog {
public:
    // `keys` and `clock` outlive this and its feeds.
    PayloadLog(std::shared_ptr<EventLog> stored, PayloadKeys& keys, const Clock& clock,
               RetentionRulesPtr rules, PayloadReaderOptions options);

    // Edited packs: for what is appended and read from now on.
    void use(RetentionRulesPtr rules) { reader_->use(std::move(rules)); }
    [[nodiscard]] const RetentionRulesPtr& rules() const noexcept { return reader_->rules(); }

    // The log below: records as they are kept.
    [[nodiscard]] EventLog& stored() const noexcept { return *stored_; }

    //   malformed     data begins with the member $encrypted, which is ours
    //   unavailable   also: the keys' store does not answer; nothing was sent
    [[nodiscard]] boost::asio::awaitable<Result<Appended>> append(AppendRequest request) override;

    // Also as PayloadReader::open().
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits, LogFilter filter) override;
    using EventLog::read_from;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_stream(StreamName stream, Version after, ReadLimits limits) override;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after, LogFilter filter) override;
    using EventLog::subscribe_from;

    [[nodiscard]] boost::asio::awaitable<Result<StreamHead>>
    stream_head(StreamName stream) override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> head() override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> settled_head(Position seen) override
    {
        return stored_->settled_head(seen);
    }
    [[nodiscard]] bool may_lag() const override { return stored_->may_lag(); }
    [[nodiscard]] boost::asio::awaitable<Result<Position>> newest(LogFilter filter) override
    {
        return stored_->newest(std::move(filter));
    }
    [[nodiscard]] std::string incarnation() const override { return stored_->incarnation(); }
    [[nodiscard]] Durability durability() const override { return stored_->durability(); }
    [[nodiscard]] bool forgets_ids() const override { return stored_->forgets_ids(); }
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IdPlace>>>
    find_ids(std::vector<EventId> ids) override;
    [[nodiscard]] boost::asio::awaitable<Result<LogMoment>> moment() override;
    [[nodiscard]] bool encrypts_payloads() const override { return true; }
    void close() noexcept override { stored_->close(); }

private:
    struct Current {
        PayloadKey key;
        Monotonic until;
    };
    [[nodiscard]] boost::asio::awaitable<Result<void>> renew(std::string retention_class,
                                                             std::chrono::seconds length);

    const std::shared_ptr<EventLog> stored_; // tools have it of others
    PayloadKeys& keys_;
    const Clock& clock_;
    const std::shared_ptr<PayloadReader> reader_;         // feeds may outlive the log
    std::map<std::string, Current, std::less<>> current_; // by class
};

} // namespace sealstream
