#include "core/retention/payload_log.hpp"

#include "core/retention/key_period.hpp"

#include <set>

namespace sealstream {

namespace {

constexpr std::chrono::seconds forever = std::chrono::seconds::max();

// Invariant: what the feed below has delivered is given out, or waits in pending_.
class PayloadFeed final : public Feed {
public:
    PayloadFeed(std::unique_ptr<Feed> stored, std::shared_ptr<PayloadReader> reader)
        : stored_{std::move(stored)},
          reader_{std::move(reader)}
    {
    }

    boost::asio::awaitable<Result<FeedBatch>> next(std::size_t events_max,
                                                   std::chrono::milliseconds wait) override
    {
        if (!pending_) {
            SEAL_CO_TRY(batch, co_await stored_->next(events_max, wait));
            pending_ = std::move(batch);
        }
        auto records = pending_->records; // kept: without the keys they are read again
        SEAL_CO_TRY(opened, co_await reader_->open(std::move(records)));
        FeedBatch batch{std::move(opened), pending_->is_caught_up};
        pending_.reset();
        co_return batch;
    }

    void close() noexcept override { stored_->close(); }

private:
    const std::unique_ptr<Feed> stored_;
    const std::shared_ptr<PayloadReader> reader_;
    std::optional<FeedBatch> pending_;
};

} // namespace

PayloadLog::PayloadLog(std::shared_ptr<EventLog> stored, PayloadKeys& keys, const Clock& clock,
                       RetentionRulesPtr rules, PayloadReaderOptions options)
    : stored_{std::move(stored)},
      keys_{keys},
      clock_{clock},
      reader_{std::make_shared<PayloadReader>(keys, clock, std::move(rules), options)}
{
}

boost::asio::awaitable<Result<Appended>> PayloadLog::append(AppendRequest request)
{
    const RetentionRulesPtr rules = reader_->rules();
    std::set<std::string> needed;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            if (is_reserved_data(draft.data)) {
                Error refusal{Errc::malformed, "data may not begin with the member $encrypted"};
                refusal.pointer = "/data/$encrypted";
                co_return refusal;
            }
            const auto* const found = rules->class_of(draft.type, append.stream.type);
            if (found != nullptr) {
                needed.insert(*found);
            }
        }
    }
    for (const std::string& retention_class : needed) {
        const auto known = current_.find(retention_class);
        if (known == current_.end() || clock_.monotonic() >= known->second.until) {
            const auto length = period_length(rules->keep(retention_class).value_or(forever));
            SEAL_CO_TRY_VOID(co_await renew(retention_class, length));
        }
    }
    for (StreamAppend& append : request.appends) {
        for (Draft& draft : append.drafts) {
            const auto* const found = rules->class_of(draft.type, append.stream.type);
            if (found != nullptr) {
                encrypt_payload(draft, append.stream, current_.find(*found)->second.key);
            }
        }
    }
    co_return co_await stored_->append(std::move(request));
}

boost::asio::awaitable<Result<void>> PayloadLog::renew(std::string retention_class,
                                                       std::chrono::seconds length)
{
    const Monotonic asked = clock_.monotonic();
    std::string asked_class = retention_class;
    SEAL_CO_TRY(made, co_await keys_.current(std::move(asked_class), length));
    const auto usable = std::chrono::duration_cast<Monotonic::duration>(made.usable_for);
    current_.insert_or_assign(std::move(retention_class),
                              Current{std::move(made.key), asked + usable});
    co_return Result<void>{};
}

boost::asio::awaitable<Result<std::vector<StoredRecord>>>
PayloadLog::read_from(Position after, ReadLimits limits, LogFilter filter)
{
    SEAL_CO_TRY(records, co_await stored_->read_from(after, limits, std::move(filter)));
    co_return co_await reader_->open(std::move(records));
}

boost::asio::awaitable<Result<std::vector<StoredRecord>>>
PayloadLog::read_stream(StreamName stream, Version after, ReadLimits limits)
{
    SEAL_CO_TRY(records, co_await stored_->read_stream(std::move(stream), after, limits));
    co_return co_await reader_->open(std::move(records));
}

std::unique_ptr<Feed> PayloadLog::subscribe_from(Position after, LogFilter filter)
{
    return std::make_unique<PayloadFeed>(stored_->subscribe_from(after, std::move(filter)),
                                         reader_);
}

boost::asio::awaitable<Result<StreamHead>> PayloadLog::stream_head(StreamName stream)
{
    co_return co_await stored_->stream_head(std::move(stream));
}

boost::asio::awaitable<Result<Position>> PayloadLog::head()
{
    co_return co_await stored_->head();
}

boost::asio::awaitable<Result<std::vector<IdPlace>>> PayloadLog::find_ids(std::vector<EventId> ids)
{
    co_return co_await stored_->find_ids(std::move(ids));
}

boost::asio::awaitable<Result<LogMoment>> PayloadLog::moment()
{
    co_return co_await stored_->moment();
}

} // namespace sealstream
