#include "postgres/retention/postgres_payload_keys.hpp"

#include "postgres/retention/payload_key_statements.hpp"

namespace sealstream {

namespace {

// A connection that had been idle may have died with an earlier server. Both questions may be asked
// twice.
template <class Work>
[[nodiscard]] Task<std::invoke_result_t<Work&, Connection&>> ask(BlockingPool& threads, Pool& pool,
                                                                 Work work)
{
    auto outcome = co_await with_connection(threads, pool, work);
    const bool is_worth_it = !outcome && (outcome.error().code == Errc::unavailable ||
                                          outcome.error().code == Errc::outcome_unknown);
    if (is_worth_it) {
        outcome = co_await with_connection(threads, pool, std::move(work));
    }
    if (!outcome && outcome.error().code == Errc::outcome_unknown) {
        // Nothing was appended: whether the key is there shows when it is asked for again.
        outcome = Error{Errc::unavailable, outcome.error().context};
    }
    co_return outcome;
}

} // namespace

Task<Result<CurrentPayloadKey>> PostgresPayloadKeys::current(std::string retention_class,
                                                             std::chrono::seconds length)
{
    auto work = [&ledger = ledger_, &wrapping = wrapping_, retention_class,
                 length](Connection& connection) {
        return current_payload_key(connection, ledger, wrapping, retention_class, length);
    };
    auto made = co_await ask(threads_, pool_, std::move(work));
    co_return made;
}

Task<Result<std::vector<FoundPayloadKey>>> PostgresPayloadKeys::find(std::vector<std::string> names)
{
    auto work = [&ledger = ledger_, &wrapping = wrapping_, names](Connection& connection) {
        return find_payload_keys(connection, ledger, wrapping, names);
    };
    auto found = co_await ask(threads_, pool_, std::move(work));
    co_return found;
}

} // namespace sealstream
