// The forensic log on Postgres: what is recorded comes back, in pages and by filter, until it is
// old.

#include "integration/support/postgres_home.hpp"
#include "postgres/postgres_rejection_log.hpp"
#include "tests/support/catch.hpp"

namespace sealstream::rejection_log_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;

std::vector<RejectedEvent> refused(std::size_t count)
{
    std::vector<RejectedEvent> events;
    for (std::size_t at = 0; at < count; ++at) {
        RejectedEvent event;
        event.code = "emission_refused";
        event.rule = "policies/A@1";
        event.reason = "because {of}, \"this\" and 'that'";
        event.id.bytes[15] = static_cast<std::byte>(at % 256);
        event.type = at % 2 == 0 ? "A" : "B";
        event.stream = {"account", "näme/" + std::to_string(at)};
        event.source = at % 3 == 0 ? "teg" : "registry";
        event.actor = "eve";
        event.key = "k" + std::to_string(at);
        event.data = R"({"a":"\u0000 {,}\\ \"x\""})";
        event.data_bytes = 12'345;
        event.data_digest = sha256(as_bytes(event.data));
        events.push_back(std::move(event));
    }
    return events;
}

struct Home : PostgresHome {
    PostgresRejectionLog log{
        {"main", std::chrono::hours{24}, 1'000, std::chrono::minutes{0}, 500}, pool, threads};
    PostgresRejectionLog other{{"other"}, pool, threads};

    std::vector<RejectedEvent> query(const RejectionQuery& query)
    {
        auto found = run(log.query(query));
        REQUIRE(found);
        return *std::move(found);
    }
};

} // namespace

TEST_CASE("what was refused is on record, newest first, in pages", "[rejections]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    const auto events = refused(1'203); // more than one statement
    REQUIRE(home.run(home.log.record(events)));
    REQUIRE(home.run(home.other.record(refused(2))));

    std::vector<RejectedEvent> all;
    RejectionQuery query;
    query.events_max = 500;
    for (auto page = home.query(query); !page.empty(); page = home.query(query)) {
        all.insert(all.end(), page.begin(), page.end());
        query.before = page.back().number;
    }

    REQUIRE(all.size() == events.size());
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < all.size(); ++at) {
        const RejectedEvent& found = all[all.size() - 1 - at];
        const RejectedEvent& sent = events[at];
        const bool is_right =
            found.code == sent.code && found.rule == sent.rule && found.reason == sent.reason &&
            found.id == sent.id && found.type == sent.type && found.stream == sent.stream &&
            found.source == sent.source && found.actor == sent.actor && found.key == sent.key &&
            found.data == sent.data && found.data_bytes == sent.data_bytes &&
            found.data_digest == sent.data_digest;
        wrong += is_right ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

TEST_CASE("rejections are found by type, source and time, and all must hold", "[rejections]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    REQUIRE(home.run(home.log.record(refused(60))));
    const auto count = [&home](RejectionQuery query) {
        query.events_max = 1'000;
        return home.query(query).size();
    };
    const WallTime now = SystemClock{}.wall();
    const WallTime later{now.nanoseconds + 60'000'000'000};

    RejectionQuery by_type;
    by_type.type = "A";
    RejectionQuery by_both = by_type;
    by_both.source = "teg";
    RejectionQuery until_later;
    until_later.to_time = later;
    RejectionQuery from_later;
    from_later.from_time = later;

    CHECK(count(by_type) == 30);
    CHECK(count(by_both) == 10);
    CHECK(count(until_later) == 60);
    CHECK(count(from_later) == 0);
}

TEST_CASE("what is old is forgotten, and not shown before it is", "[rejections]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    REQUIRE(home.run(home.log.record(refused(10))));
    REQUIRE(home.run(home.other.record(refused(4))));
    auto connection = home.pool.lend();
    REQUIRE((*connection)
                ->run("UPDATE sealstream.rejections SET at = at - interval '25 hours'"
                      " WHERE number <= 6 OR ledger = 'other'"));

    CHECK(home.query({}).size() == 4);

    CHECK(home.value("SELECT count(*) FROM sealstream.rejections WHERE ledger = 'main'") == "4");
    CHECK(home.value("SELECT count(*) FROM sealstream.rejections WHERE ledger = 'other'") == "4");
}

} // namespace sealstream::rejection_log_test
