#include "node/http/packs/guard_stage.hpp"

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/handlers/append_once.hpp"
#include "node/http/packs/guard_verdict.hpp"
#include "node/http/packs/pack_scope.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

constexpr std::size_t violations_max = 100; // rows of a guard
constexpr std::chrono::milliseconds pause_first{2};
constexpr std::chrono::milliseconds pause_longest{100};
constexpr std::chrono::milliseconds missing_pause{50}; // between two looks for tables

// The first event of one stream of the append, and who must agree to it.
struct GuardedEvent {
    std::size_t append; // index in the request
    std::vector<ServedGuard> guards;
};

std::vector<ServedGuard> guards_before(const Appender& appender, const Draft& draft)
{
    std::vector<ServedGuard> guards;
    if (appender.packs == nullptr) {
        return guards;
    }
    if (const auto* known = appender.packs->guards_of(draft.type)) {
        guards = *known;
    }
    if (appender.command != nullptr) {
        for (const ServedGuard& own : appender.command->guards) {
            const bool is_known = std::any_of(guards.begin(), guards.end(), [&](const auto& one) {
                return one.guard == own.guard;
            });
            if (!is_known) {
                guards.push_back(own);
            }
        }
    }
    return guards;
}

Error not_alone(const Draft& draft)
{
    Error error{Errc::refused, draft.type +
                                   " is guarded: it must be the first event that an append adds to "
                                   "its stream, so append it by itself"};
    error.details = R"("violations":[{"code":"append_alone","message":)"
                    R"("Guards do not see what the same append would change before it."}])";
    return error;
}

Result<std::vector<GuardedEvent>> find_guarded(const AppendRequest& request,
                                               const Appender& appender)
{
    std::vector<GuardedEvent> guarded;
    for (std::size_t at = 0; at < request.appends.size(); ++at) {
        const auto& drafts = request.appends[at].drafts;
        for (const Draft& draft : drafts) {
            auto guards = guards_before(appender, draft);
            if (guards.empty()) {
                continue;
            }
            if (&draft != &drafts.front()) {
                return not_alone(draft);
            }
            guarded.push_back({at, std::move(guards)});
        }
    }
    return guarded;
}

std::vector<std::string> roles_for(const Appender& appender, const std::string& ledger,
                                   const std::string& stream_type)
{
    using security::Role;
    std::vector<std::string> roles;
    for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
        if (appender.caller != nullptr && permits(*appender.caller, role, ledger, stream_type)) {
            roles.emplace_back(security::name(role));
        }
    }
    return roles;
}

Result<PackQuestion> question_for(const Services& services, const Appender& appender,
                                  const StreamAppend& append, const PackGuard& guard)
{
    const Draft& draft = append.drafts.front();
    std::map<std::string, PackValue, std::less<>> values;
    values["stream_type"] = append.stream.type;
    values["stream_id"] = append.stream.id;
    values["type"] = draft.type;
    values["data"] = draft.data;
    values["meta"] = draft.meta.empty() ? PackValue{std::string{"{}"}} : PackValue{draft.meta};
    values["actor"] = draft.actor;
    values["source"] = draft.source;
    values["roles"] = roles_for(appender, services.ledger, append.stream.type);
    values["now"] = to_rfc3339(services.clock.wall());
    PackQuestion question;
    question.sql = guard.sql.text;
    SEAL_TRY(bound, bind_values(guard.sql, values));
    question.values = std::move(bound);
    question.rows_max = violations_max;
    question.time_max = services.limits.pack_query_time_max;
    return question;
}

std::chrono::nanoseconds left_until(const Services& services, Monotonic deadline)
{
    return std::max(std::chrono::nanoseconds{0}, deadline - services.clock.monotonic());
}

// Tables that a projector has not made yet are waited for, as those that lag are.
Task<Result<PackRows>> read_tables(Services& services, ServedGuard guard, PackQuestion question,
                                   Monotonic deadline)
{
    while (true) {
        PackQuestion copy = question;
        auto rows = co_await guard.of.reader->read(std::move(copy));
        const bool is_missing = !rows && rows.error().code == Errc::projection_missing;
        const auto left = left_until(services, deadline);
        if (!is_missing || left.count() == 0 || services.stop.requested()) {
            co_return rows;
        }
        co_await services.stop.sleep_for(std::min<std::chrono::nanoseconds>(left, missing_pause));
    }
}

// What one guard says about the stream once its tables show the log up to `least`.
Task<Result<GuardVerdict>> ask(Services& services, ServedGuard guard, PackQuestion question,
                               Position least, Monotonic deadline)
{
    if (guard.of.reader == nullptr || guard.of.watch == nullptr) {
        co_return Error{Errc::unavailable, "this node has no read models of packs"};
    }
    const auto wait =
        std::chrono::duration_cast<std::chrono::milliseconds>(left_until(services, deadline));
    SEAL_CO_TRY(reached, co_await guard.of.watch->reach(least, wait));
    if (reached < least) {
        co_return Error{Errc::projection_behind,
                        "guard " + guard.guard->name + ": the tables are at " +
                            std::to_string(reached.value) + ", the stream at " +
                            std::to_string(least.value)};
    }
    question.at_least = least;
    auto rows = co_await read_tables(services, guard, std::move(question), deadline);
    if (!rows) {
        co_return with_context(std::move(rows).error(), "guard " + guard.guard->name);
    }
    auto verdict = read_verdict(*rows);
    if (!verdict) {
        co_return with_context(verdict.error(), "guard " + guard.guard->name);
    }
    co_return verdict;
}

struct Opinion {
    std::vector<std::string> violations;
    std::string guard; // whose violations they are: "deals.approval"
    Version seen;      // by all guards that were asked, at least
};

// What all guards of an event say once their tables show `head`; ends at the first that refuses.
//
// Each looks by itself, and the tables may move between two looks. What they say together is about
// the oldest version that one of them has seen.
Task<Result<Opinion>> ask_all(Services& services, const Appender& appender,
                              const StreamAppend& append, const GuardedEvent& guarded, Version head,
                              Position least, Monotonic deadline)
{
    Opinion opinion{{}, {}, Version{std::numeric_limits<std::uint64_t>::max()}};
    for (const ServedGuard& guard : guarded.guards) {
        auto question = question_for(services, appender, append, *guard.guard);
        if (!question) {
            co_return question.error();
        }
        auto asked = co_await ask(services, guard, *std::move(question), least, deadline);
        if (!asked) {
            auto error = std::move(asked).error();
            if (error.code == Errc::malformed) { // its SQL fails on this event
                error.code = Errc::internal;
            }
            co_return error;
        }
        // Tables that show the log up to the head of the stream have seen that version, whatever
        // the guard's own rows count.
        const Version seen = std::max(asked->version, head);
        opinion.seen = std::min(opinion.seen, seen);
        if (!asked->violations.empty()) {
            opinion.seen = seen;
            opinion.violations = std::move(asked->violations);
            opinion.guard = guard.of.mounted.pack->name + "." + guard.guard->name;
            co_return opinion;
        }
    }
    co_return opinion;
}

Error refusal_of(const StreamAppend& append, const Opinion& opinion)
{
    Error error{Errc::refused, "Guard " + opinion.guard + " refuses " + append.drafts.front().type +
                                   " for " + append.stream.to_string()};
    error.details = "\"guard\":\"" + opinion.guard + "\",\"version\":\"" +
                    std::to_string(opinion.seen.value) + "\",\"violations\":[";
    for (const std::string& violation : opinion.violations) {
        error.details.append(error.details.back() == '[' ? "" : ",").append(violation);
    }
    error.details.push_back(']');
    return error;
}

Task<void> record_refusal(Services& services, const StreamAppend& append, Error error,
                          std::string guard)
{
    std::vector<Refusal> refusals;
    refusals.push_back({0, std::move(error), "guards/" + guard});
    Draft draft = append.drafts.front();
    std::vector<Candidate> candidates;
    candidates.push_back({append.stream, draft});
    const auto recorded =
        co_await record_refusals(services, std::move(refusals), std::move(candidates));
    if (!recorded) {
        log(Level::warn, "guard.refusal_not_recorded", "http",
            {{"why", describe(recorded.error())}});
    }
}

struct Judgement {
    Expected condition;               // under which the event may be appended
    std::optional<Appended> repeat{}; // instead: the request has been answered so before
};

Task<Result<Judgement>> judge(Services& services, const Appender& appender,
                              const AppendRequest& request, const GuardedEvent& guarded,
                              Monotonic deadline)
{
    const StreamAppend& append = request.appends[guarded.append];
    for (bool is_second_look = false;; is_second_look = true) {
        StreamName stream = append.stream;
        SEAL_CO_TRY(head, co_await services.log.stream_head(std::move(stream)));
        Position least = head.position;
        if (is_second_look) {
            SEAL_CO_TRY(all, co_await services.log.head());
            least = std::max(least, all);
        }
        auto opinion =
            co_await ask_all(services, appender, append, guarded, head.version, least, deadline);
        if (!opinion) {
            co_return std::move(opinion).error();
        }
        const bool is_allowed = opinion->violations.empty();
        auto condition = guarded_condition(append.expected, opinion->seen);
        if (is_allowed && condition) {
            co_return Judgement{*condition};
        }
        // No is final only when it takes into account all that was in the log when it was asked:
        // another node may have appended what this one has not heard of.
        if (is_second_look && is_allowed) {
            co_return condition.error();
        }
        if (is_second_look) {
            SEAL_CO_TRY(repeat, co_await first_answer(services, request));
            if (repeat) {
                co_return Judgement{{}, std::move(repeat)};
            }
            auto refusal = refusal_of(append, *opinion);
            co_await record_refusal(services, append, refusal, opinion->guard);
            co_return refusal;
        }
    }
}

// One try.   conflict: a stream has moved on, or does not meet its condition
Task<Result<Appended>> try_append(Services& services, AppendRequest request,
                                  const std::vector<GuardedEvent>& guarded,
                                  const Appender& appender, Monotonic deadline)
{
    for (const GuardedEvent& one : guarded) {
        auto judgement = co_await judge(services, appender, request, one, deadline);
        if (!judgement) {
            co_return std::move(judgement).error();
        }
        if (judgement->repeat) {
            co_return *std::move(judgement->repeat);
        }
        request.appends[one.append].expected = judgement->condition;
    }
    co_return co_await services.log.append(std::move(request));
}

// Whether a conflict may be because a stream has moved on under the guard, and not because the
// client's own condition does not hold.
bool may_pass(const AppendRequest& request)
{
    return std::all_of(request.appends.begin(), request.appends.end(), [](const auto& append) {
        return append.expected.kind == Expected::Kind::any ||
               append.expected.kind == Expected::Kind::present;
    });
}

// A repeat is answered as the first time, whatever its guards would say by now. A log that forgets
// has been asked for its ids already; the others know a repeat by themselves, before they look at a
// condition. This one can not hold, so nothing else happens.
Task<Result<Appended>> find_repeat(Services& services, AppendRequest request)
{
    for (StreamAppend& append : request.appends) {
        append.expected = {Expected::Kind::version,
                           Version{std::numeric_limits<std::int64_t>::max()}};
    }
    co_return co_await services.log.append(std::move(request));
}

} // namespace

Appender appender_of(const RequestContext& request)
{
    Appender appender;
    appender.caller = request.caller_ptr();
    appender.packs = request.packs;
    appender.command = request.endpoint;
    return appender;
}

bool is_guarded(const Appender& appender, const Draft& draft)
{
    return appender.packs != nullptr && appender.packs->guards_of(draft.type) != nullptr;
}

StreamTurns::Turn::~Turn()
{
    if (turns_ != nullptr) {
        turns_->busy_.erase(stream_);
        turns_->ended_.notify_all();
    }
}

Task<Result<StreamTurns::Turn>> StreamTurns::take(StreamName stream, Monotonic deadline)
{
    while (busy_.contains(stream)) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left.count() <= 0) {
            co_return Error{Errc::overloaded, "too many guarded appends to " + stream.to_string()};
        }
        co_await ended_.wait_for(left);
    }
    busy_.insert(stream);
    co_return Turn{*this, std::move(stream)};
}

Task<Result<Appended>> append_guarded(Services& services, AppendRequest request, Appender appender)
{
    auto guarded = find_guarded(request, appender);
    if (!guarded) {
        co_return guarded.error();
    }
    if (guarded->empty()) {
        co_return co_await services.log.append(std::move(request));
    }
    if (!services.log.forgets_ids() && may_hold_repeat(request.appends)) {
        AppendRequest probe = request;
        auto repeat = co_await find_repeat(services, std::move(probe));
        if (repeat || repeat.error().code != Errc::conflict) {
            co_return repeat;
        }
    }
    const auto deadline = services.clock.monotonic() + services.limits.guard_wait_max;
    std::optional<StreamTurns::Turn> turn;
    if (guarded->size() == 1 && services.stream_turns != nullptr) {
        StreamName stream = request.appends[guarded->front().append].stream;
        auto taken = co_await services.stream_turns->take(std::move(stream), deadline);
        if (!taken) {
            co_return taken.error();
        }
        turn.emplace(*std::move(taken));
    }
    Backoff backoff{{pause_first, pause_longest}};
    for (std::size_t tries = 1;; ++tries) {
        AppendRequest attempt = request;
        auto outcome =
            co_await try_append(services, std::move(attempt), *guarded, appender, deadline);
        if (outcome || outcome.error().code != Errc::conflict || !may_pass(request)) {
            co_return outcome;
        }
        if (tries >= services.limits.guard_attempts_max ||
            left_until(services, deadline).count() == 0 || services.stop.requested()) {
            co_return Error{Errc::overloaded,
                            "the stream changes faster than its guards can look at it"};
        }
        co_await services.stop.sleep_for(backoff.next());
    }
}

} // namespace sealstream::http
