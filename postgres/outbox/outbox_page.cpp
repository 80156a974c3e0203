// The relay at work: one page of what waits, noted, appended, stamped.

#include "core/base/log.hpp"
#include "postgres/outbox/outbox_relay.hpp"

namespace sealstream {

namespace {

constexpr int surprises_max = 8; // then with the pauses of a retry

} // namespace

Task<Result<std::size_t>> OutboxRelay::relay_page(Connection& connection)
{
    auto reading = [&connection, &options = options_] { return read_outbox(connection, options); };
    SEAL_CO_TRY(page, co_await threads_.run(std::move(reading)));
    if (page.events.empty()) {
        co_return std::size_t{0};
    }
    const bool is_singly = page.events.front().commit_number <= singly_through_;
    auto appends = is_singly
                       ? plan_outbox_singly(std::move(page.events), page.is_cut, options_.limits)
                       : plan_outbox(std::move(page.events), page.is_cut, options_.limits);
    const std::int64_t through = appends.back().last_commit;
    std::vector<StreamName> streams;
    for (const OutboxAppend& append : appends) {
        for (const StreamAppend& one : append.batch) {
            streams.push_back(one.stream);
        }
    }
    SEAL_CO_TRY_VOID(co_await versions_.learn(std::move(streams)));
    claim_.attempted_through = std::max(claim_.attempted_through, through);
    SEAL_CO_TRY_VOID(co_await note(connection));

    PageOutcome outcome;
    const auto appended = co_await append_all(connection, std::move(appends), outcome);
    const std::size_t count = outcome.done.size();
    if (outcome.is_whole) { // else another relay may have put the rest below what we have done
        for (const Placed& placed : outcome.done) {
            claim_.attempted_after = std::max(claim_.attempted_after, placed.position);
        }
    }
    SEAL_CO_TRY_VOID(co_await stamp(connection, std::move(outcome.done), through, 0));
    if (!appended) {
        co_return appended.error();
    }
    surprises_ = outcome.has_surprised && count == 0 ? surprises_ + 1 : 0;
    if (surprises_ > surprises_max) {
        co_return Error{Errc::overloaded, "others append to the same streams all the time"};
    }
    if (outcome.has_surprised || versions_.are_too_many()) {
        SEAL_CO_TRY_VOID(co_await recover(connection));
    }
    co_return count + 1; // also after a refusal: look again at once
}

Task<Result<void>> OutboxRelay::append_all(Connection& connection,
                                           std::vector<OutboxAppend> appends, PageOutcome& outcome)
{
    for (OutboxAppend& append : appends) {
        if (stop_.requested()) {
            co_return Result<void>{};
        }
        if (clock_.monotonic() - trusted_since_ > options_.trust_longest) {
            SEAL_CO_TRY_VOID(co_await note(connection)); // we may have been asleep
        }
        auto sent = append;
        versions_.expect(sent.batch);
        auto answer = co_await target_.append(std::move(sent));
        if (!answer && answer.error().code == Errc::conflict) {
            outcome.has_surprised = true;
            co_return Result<void>{};
        }
        if (!answer && verdict_of(answer.error().code) == OutboxVerdict::park) {
            // Nobody looks for a parked transaction in the log again. If its beginning is there,
            // because it was cut, that has to be known first.
            auto done = std::move(outcome.done);
            outcome.done.clear();
            SEAL_CO_TRY_VOID(co_await stamp(connection, std::move(done), append.last_commit, 0));
            co_return co_await refuse(connection, std::move(append), std::move(answer).error());
        }
        if (!answer) {
            co_return std::move(answer).error();
        }
        versions_.appended(*answer);
        std::move(answer->events.begin(), answer->events.end(), std::back_inserter(outcome.done));
        if (answer->is_repeat) { // where its streams are by now, we do not know
            outcome.has_surprised = true;
            co_return Result<void>{};
        }
    }
    outcome.is_whole = true;
    co_return Result<void>{};
}

Task<Result<void>> OutboxRelay::refuse(Connection& connection, OutboxAppend refused, Error why)
{
    if (refused.first_commit != refused.last_commit) {
        singly_through_ = refused.last_commit;
        co_return Result<void>{};
    }
    log(Level::warn, "outbox.parked", "outbox",
        {{"ledger", options_.ledger}, {"code", name(why.code)}, {"reason", why.context}});
    metrics_.parked();
    auto parking = [&connection, &options = options_, epoch = claim_.epoch,
                    number = refused.first_commit, reason = describe(why)] {
        return park_transaction(connection, options.ledger, epoch, number, reason);
    };
    auto parked = co_await threads_.run(std::move(parking));
    co_return parked;
}

Task<Result<void>> OutboxRelay::stamp(Connection& connection, std::vector<Placed> events,
                                      std::int64_t through, std::size_t found)
{
    const std::size_t count = events.size();
    auto stamping = [&connection, &options = options_, epoch = claim_.epoch, through,
                     stamped = std::move(events)] {
        return stamp_emitted(connection, options.ledger, epoch, stamped, through);
    };
    SEAL_CO_TRY_VOID(co_await threads_.run(std::move(stamping)));
    status_.emitted += count;
    metrics_.emitted(count, found);
    co_return Result<void>{};
}

Task<Result<void>> OutboxRelay::note(Connection& connection)
{
    const Monotonic asked = clock_.monotonic();
    auto noting = [&connection, &options = options_, claim = claim_] {
        return note_attempt(connection, options.ledger, claim);
    };
    SEAL_CO_TRY_VOID(co_await threads_.run(std::move(noting)));
    trusted_since_ = asked;
    co_return Result<void>{};
}

} // namespace sealstream
