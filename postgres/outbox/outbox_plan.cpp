#include "postgres/outbox/outbox_plan.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace sealstream {

namespace {

constexpr std::size_t frame_bytes = 400; // of a record, beside what is counted

class Planner {
public:
    Planner(OutboxLimits limits, bool shares_appends) : limits_{limits}, shares_{shares_appends} {}

    // The events of one whole transaction.
    void add(std::span<OutboxEvent> transaction)
    {
        std::size_t bytes = 0;
        for (const OutboxEvent& event : transaction) {
            bytes += size_of(event);
        }
        const bool fits = events_ + transaction.size() <= limits_.append_events_max &&
                          bytes_ + bytes <= limits_.append_bytes_max;
        const bool is_apart =
            std::none_of(transaction.begin(), transaction.end(), [this](const OutboxEvent& event) {
                return places_.contains(event.stream);
            });
        if (!shares_ || !fits || !is_apart) {
            end_append();
        }
        for (OutboxEvent& event : transaction) {
            const std::size_t size = size_of(event);
            if (events_ != 0 && (events_ == limits_.append_events_max ||
                                 bytes_ + size > limits_.append_bytes_max)) {
                end_append(); // a transaction beyond the limits
            }
            place(std::move(event), size);
        }
    }

    std::vector<OutboxAppend> take()
    {
        end_append();
        return std::move(appends_);
    }

private:
    void place(OutboxEvent event, std::size_t size)
    {
        if (events_ == 0) {
            current_.first_commit = event.commit_number;
        }
        current_.last_commit = event.commit_number;
        const auto [found, is_new] = places_.try_emplace(event.stream, current_.batch.size());
        if (is_new) {
            current_.batch.push_back({std::move(event.stream), {}, {}});
        }
        if (event.is_own_id) {
            current_.own_ids.push_back(event.draft.id);
        }
        current_.batch[found->second].drafts.push_back(std::move(event.draft));
        ++events_;
        bytes_ += size;
    }

    void end_append()
    {
        if (events_ != 0) {
            appends_.push_back(std::exchange(current_, {}));
        }
        places_.clear();
        events_ = 0;
        bytes_ = 0;
    }

    const OutboxLimits limits_;
    const bool shares_;
    std::vector<OutboxAppend> appends_;
    OutboxAppend current_;
    std::unordered_map<StreamName, std::size_t> places_; // in current_.batch
    std::size_t events_{0};
    std::size_t bytes_{0};
};

std::vector<OutboxAppend> plan(std::vector<OutboxEvent> events, bool is_cut, OutboxLimits limits,
                               bool shares_appends)
{
    std::size_t end = events.size();
    if (is_cut && !events.empty() && events.front().commit_number != events.back().commit_number) {
        while (events[end - 1].commit_number == events.back().commit_number) {
            --end;
        }
    }
    Planner planner{limits, shares_appends};
    std::size_t begin = 0;
    while (begin < end) {
        std::size_t next = begin;
        while (next < end && events[next].commit_number == events[begin].commit_number) {
            ++next;
        }
        planner.add(std::span{events}.subspan(begin, next - begin));
        begin = next;
    }
    return planner.take();
}

} // namespace

bool is_id_of_transaction(const Draft& draft, std::string_view frame, std::string_view txid)
{
    std::string_view key = draft.key;
    if (!key.starts_with("ledger-tx-") || draft.id != id_of_key(draft.source, draft.key)) {
        return false;
    }
    // Further events of the transaction have a number: #1, #2 …
    const auto digits = key.find_last_not_of("0123456789");
    if (digits + 1 < key.size() && key[digits] == '#') {
        key = key.substr(0, digits);
    }
    std::string place{"@"};
    place.append(frame).append("-").append(txid);
    return key.ends_with(place);
}

std::size_t size_of(const OutboxEvent& event)
{
    return frame_bytes + event.stream.id.size() + event.draft.data.size() +
           event.draft.meta.size() + event.draft.key.size();
}

std::vector<OutboxAppend> plan_outbox(std::vector<OutboxEvent> events, bool is_cut,
                                      OutboxLimits limits)
{
    return plan(std::move(events), is_cut, limits, true);
}

std::vector<OutboxAppend> plan_outbox_singly(std::vector<OutboxEvent> events, bool is_cut,
                                             OutboxLimits limits)
{
    return plan(std::move(events), is_cut, limits, false);
}

// The error table says it: what may succeed later, what is the request's own fault, and what is
// ours.
OutboxVerdict verdict_of(Errc refusal) noexcept
{
    const ErrcInfo& row = info(refusal);
    if (row.is_retryable) {
        return OutboxVerdict::retry;
    }
    return row.http_status < 500 ? OutboxVerdict::park : OutboxVerdict::halt;
}

} // namespace sealstream
