// Invariants
//   1. mark_: everything in the log above mark_.position came at or after mark_.since.
//   2. tail_.ids holds every id of (tail_.from, tail_.to] of the log.
//   3. What look_up() calls absent is at no position that the log may have forgotten before
//      send_until.

#include "node/http/id_lookup.hpp"

#include "core/event/codec.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

constexpr std::chrono::seconds lookup_wait{60}; // the notifier ends the wait; this is no deadline
constexpr std::size_t tail_page_bytes{4 << 20};

} // namespace

struct IdLookup::Batch {
    explicit Batch(boost::asio::any_io_executor executor) : answered{std::move(executor)} {}
    std::vector<EventId> ids;
    std::optional<Result<Outcome>> outcome;
    Notifier answered;
};

IdLookup::IdLookup(EventLog& log, IdempotencyIndex* index, const Clock& clock, TaskGroup& tasks,
                   boost::asio::any_io_executor executor, IdLookupOptions options)
    : log_{log},
      index_{index},
      clock_{clock},
      tasks_{tasks},
      options_{options},
      recent_{Proof::for_a_while, options.statements_max, {}, 0},
      everything_{Proof::of_everything, 1, {}, 0}, // one: what comes meanwhile shares a proof
      proven_{std::move(executor)}
{
}

Task<Result<IdLookup::Outcome>> IdLookup::look_up(std::vector<EventId> ids)
{
    if (ids.empty() || index_ == nullptr || !log_.forgets_ids()) {
        co_return Outcome{};
    }
    co_return co_await share(recent_, std::move(ids));
}

Task<Result<IdLookup::Outcome>> IdLookup::share(Line& line, std::vector<EventId> ids)
{
    if (waiting_ids_ + ids.size() > options_.waiting_ids_max) {
        co_return Error{Errc::overloaded, "too many ids wait for their look-up"};
    }
    if (line.waiting.empty() || line.waiting.back()->ids.size() >= options_.statement_ids_max) {
        line.waiting.push_back(std::make_shared<Batch>(proven_.executor()));
    }
    const BatchPtr batch = line.waiting.back();
    batch->ids.insert(batch->ids.end(), ids.begin(), ids.end());
    waiting_ids_ += ids.size();
    if (line.asking < line.statements_max) {
        ++line.asking;
        tasks_.spawn("http.id_lookup", ask_waiting(line));
    }
    while (!batch->outcome) {
        co_await batch->answered.wait_for(lookup_wait);
    }
    const auto& shared = *batch->outcome;
    if (!shared) {
        co_return shared.error();
    }
    Outcome own{{}, shared->send_until};
    for (const EventId& id : ids) {
        const auto found = shared->places.find(id);
        if (found != shared->places.end()) {
            own.places.insert(*found);
        }
    }
    co_return own;
}

Task<void> IdLookup::ask_waiting(Line& line)
{
    while (!line.waiting.empty()) {
        const BatchPtr batch = line.waiting.front();
        line.waiting.pop_front();
        waiting_ids_ -= batch->ids.size();
        auto ids = std::move(batch->ids);
        batch->outcome = co_await ask(std::move(ids), line.proof);
        batch->answered.notify_all();
    }
    --line.asking;
}

Task<Result<IdLookup::Places>> IdLookup::find_all(std::vector<EventId> ids)
{
    if (ids.empty()) {
        co_return Places{};
    }
    if (!log_.forgets_ids()) {
        SEAL_CO_TRY(found, co_await log_.find_ids(std::move(ids)));
        Places places;
        for (const IdPlace& place : found) {
            places.emplace(place.id, place.position);
        }
        co_return places;
    }
    if (index_ == nullptr) {
        co_return Places{};
    }
    SEAL_CO_TRY(outcome, co_await share(everything_, std::move(ids)));
    co_return std::move(outcome.places);
}

Task<Result<IdLookup::Outcome>> IdLookup::ask(std::vector<EventId> ids, Proof proof)
{
    auto answer = co_await index_->find(ids);
    if (!answer) {
        // Without the index only a log that is short enough to be read whole can still tell.
        IdempotencyIndex::Answer nothing;
        auto outcome = co_await prove(std::move(ids), std::move(nothing), proof);
        if (!outcome && outcome.error().code == Errc::projection_behind) {
            co_return answer.error();
        }
        co_return outcome;
    }
    const auto until = still_known(*answer);
    if (until && proof == Proof::for_a_while) {
        Outcome outcome{{}, *until};
        for (const auto& found : answer->found) {
            outcome.places.emplace(found.id, found.position);
        }
        co_return outcome;
    }
    co_return co_await prove(std::move(ids), *std::move(answer), proof);
}

// Until when the log surely knows all that the answer could not see, as far as that is known
// without asking.
std::optional<Monotonic> IdLookup::still_known(const IdempotencyIndex::Answer& answer) const
{
    const Monotonic now = clock_.monotonic();
    if (!known_ || now - known_->reading.asked > options_.clock_age_max) {
        return std::nullopt;
    }
    std::optional<WallTime> since;
    if (answer.reached.value != 0) {
        since = answer.newest_ingested; // what is above it came later
    }
    if (mark_ && mark_->position <= answer.reached) {
        since = std::max(since.value_or(mark_->since), mark_->since);
    }
    if (!since) {
        return std::nullopt;
    }
    const Monotonic until = send_until(*since, known_->moment.id_window, known_->reading);
    return now < until ? std::optional{until} : std::nullopt;
}

Task<Result<void>> IdLookup::read_clock()
{
    const Monotonic asked = clock_.monotonic();
    SEAL_CO_TRY(moment, co_await log_.moment());
    known_ = Known{{moment.now, asked}, moment};
    co_return Result<void>{};
}

Task<Result<IdLookup::Outcome>> IdLookup::prove(std::vector<EventId> ids,
                                                IdempotencyIndex::Answer answer, Proof proof)
{
    while (is_proving_) {
        co_await proven_.wait_for(lookup_wait);
    }
    is_proving_ = true;
    auto outcome = co_await prove_alone(std::move(ids), std::move(answer), proof);
    is_proving_ = false;
    proven_.notify_all();
    co_return outcome;
}

Task<Result<IdLookup::Outcome>> IdLookup::prove_alone(std::vector<EventId> ids,
                                                      IdempotencyIndex::Answer answer, Proof proof)
{
    Outcome outcome;
    for (const auto& found : answer.found) {
        outcome.places.emplace(found.id, found.position);
    }
    SEAL_CO_TRY_VOID(co_await read_clock());
    const LogMoment moment = known_->moment;
    if (moment.head < answer.reached) {
        co_return Error{Errc::unavailable, "the index knows more than the log says it has"};
    }
    if (moment.head == answer.reached) {
        mark_ = Mark{moment.head, moment.now};
    }
    const bool is_time_enough = proof == Proof::for_a_while || moment.head == answer.reached;
    const auto from_mark = still_known(answer);
    if (from_mark && is_time_enough) {
        outcome.send_until = *from_mark;
        co_return outcome;
    }
    SEAL_CO_TRY(oldest, co_await oldest_above(answer.reached));
    mark_ = Mark{answer.reached, oldest};
    const auto from_oldest = still_known(answer);
    if (from_oldest && is_time_enough) {
        outcome.send_until = *from_oldest;
        co_return outcome;
    }
    const std::int64_t age = moment.now.nanoseconds - oldest.nanoseconds;
    lag_ = {answer.reached, moment.head, std::chrono::nanoseconds{age}};
    SEAL_CO_TRY_VOID(co_await extend_tail(answer.reached, moment.head));
    for (const EventId& id : ids) {
        const auto found = tail_.ids.find(id);
        if (found != tail_.ids.end()) {
            outcome.places.insert(*found);
        }
    }
    outcome.send_until = send_until(moment.now, moment.id_window, known_->reading);
    co_return outcome;
}

Task<Result<WallTime>> IdLookup::oldest_above(Position reached)
{
    const ReadLimits one{1, tail_page_bytes};
    SEAL_CO_TRY(records, co_await log_.read_from(reached, one));
    if (records.empty()) {
        co_return Error{Errc::unavailable, "a replica does not have the log's head yet"};
    }
    co_return records.front().ingested;
}

// Afterwards the tail covers what lies between the index and the head.
//   projection_behind   that is too much, or not all of it has been read yet
Task<Result<void>> IdLookup::extend_tail(Position reached, Position head)
{
    if (head.value - reached.value > options_.tail_events_max) {
        tail_ = Tail{reached, reached, {}};
        co_return Error{Errc::projection_behind, "the index is too far behind the log"};
    }
    const bool is_useful = tail_.from <= reached && reached <= tail_.to &&
                           head.value - tail_.from.value <= options_.tail_events_max;
    if (!is_useful) {
        tail_ = Tail{reached, reached, {}};
    }
    for (std::size_t read = 0; tail_.to < head && read < options_.tail_step_events;) {
        const std::uint64_t left = head.value - tail_.to.value;
        const ReadLimits limits{std::min<std::size_t>(left, options_.tail_step_events - read),
                                tail_page_bytes};
        SEAL_CO_TRY(records, co_await log_.read_from(tail_.to, limits));
        if (records.empty()) {
            co_return Error{Errc::unavailable, "a replica does not have the log's head yet"};
        }
        for (const StoredRecord& stored : records) {
            const auto event = decode_record(stored.record);
            if (!event) {
                co_return Error{Errc::corrupt, "position " + std::to_string(stored.position.value) +
                                                   ": " + describe(event.error())};
            }
            tail_.ids.emplace(event->draft.id, stored.position);
        }
        tail_.to = records.back().position;
        read += records.size();
    }
    if (tail_.to < head) {
        co_return Error{Errc::projection_behind, "the log above the index is still being read"};
    }
    co_return Result<void>{};
}

} // namespace sealstream::http
