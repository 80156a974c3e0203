// Rebuilding the read model: equal to what it was, seen by nobody, and survived by everybody.

#include "integration/support/projector_home.hpp"
#include "projections/rebuild.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream::projection_rebuild_test {

namespace {

using testing::are_equal;
using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;

struct RebuildHome : ProjectorHome {
    Stop stop{context.get_executor()};
    FoldFaults none;

    FoldContext fold_context(FoldFaults& faults)
    {
        ProjectorOptions options;
        options.batch_events_max = 300;
        options.batch_wait = std::chrono::milliseconds{20};
        return {
            log, pool, threads, clock, stop, metrics, &faults, options, {event_index_projection()},
            {}};
    }

    Result<RebuildReport> rebuild(RebuildOptions options = {})
    {
        return run(rebuild_projection(fold_context(none), options, {}));
    }

    std::vector<TableDigest> digests(const std::string& schema = "main_event_index")
    {
        auto connection = pool.lend();
        return *digest_tables(**connection, schema);
    }
};

class FailThird : public FoldFaults {
public:
    Result<void> after(FoldStep step) override
    {
        if (step == FoldStep::moved && ++count_ == 3) {
            return Error{Errc::internal, "struck"};
        }
        return {};
    }

private:
    int count_{0};
};

} // namespace

TEST_CASE("a dropped projection is rebuilt from the log to the same rows", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto random = testing::random_generator(61);
    home.append_random(random, 2'000);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{2'000}));
    }
    const auto before = home.digests();
    REQUIRE(before.size() == 1);
    CHECK(before.front().rows == 2'000);
    {
        auto connection = home.pool.lend();
        REQUIRE(drop_projection(**connection, "main", "event_index"));
    }
    CHECK(home.run(home.index.cursor())->value == 0);

    const auto report = home.rebuild();

    REQUIRE(report);
    CHECK_FALSE(report->was_active);
    CHECK(report->cursor == Position{2'000});
    CHECK(home.digests() == before);
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    RunningProjector projector{home}; // goes on with it
    home.append_random(random, 100);
    REQUIRE(projector.wait_until_folded(Position{2'100}));
    projector.stop();
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
}

TEST_CASE("a rebuild beside a running projector is equal, swaps, and the projector goes on",
          "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto random = testing::random_generator(62);
    home.append_random(random, 1'500);
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{700}));

    const auto report = home.rebuild();

    REQUIRE(report);
    CHECK(report->was_active);
    CHECK(report->is_equal);
    CHECK(report->version == 2);
    home.append_random(random, 200);
    REQUIRE(projector.wait_until_folded(Position{1'700}));
    CHECK(projector.status().projections.front().version == 2);
    projector.stop();
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.value("SELECT string_agg(version || state, ' ' ORDER BY version)"
                     " FROM sealstream.projections") == "1retired 2active");
    CHECK(home.lines.unexpected_errors().empty());

    // Only one retired version is kept.
    REQUIRE(home.rebuild());
    CHECK(home.value("SELECT string_agg(version || state, ' ' ORDER BY version)"
                     " FROM sealstream.projections") == "2retired 3active");
    CHECK(home.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'main\\_event%'") ==
          "2");
}

TEST_CASE("a comparison finds what somebody has changed, and changes nothing", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto random = testing::random_generator(63);
    home.append_random(random, 500);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{500}));
    }
    const RebuildOptions comparison{true, false};
    const auto honest = home.rebuild(comparison);
    REQUIRE(honest);
    CHECK(honest->is_equal);

    REQUIRE(home.value("UPDATE main_event_index.events SET actor = 'mallory' WHERE position = 77"
                       " RETURNING position") == "77");
    const auto tampered = home.rebuild(comparison);

    REQUIRE(tampered);
    CHECK_FALSE(tampered->is_equal);
    CHECK(tampered->different_tables == std::vector<std::string>{"events"});
    CHECK(home.value("SELECT actor FROM main_event_index.events WHERE position = 77") == "mallory");
    CHECK(home.value("SELECT count(*) FROM sealstream.projections") == "1");

    REQUIRE(home.rebuild()); // and this repairs it
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
}

TEST_CASE("a rebuild that broke off leaves the active version alone, and the next one cleans up",
          "[rebuild][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto random = testing::random_generator(64);
    home.append_random(random, 1'500);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{1'500}));
    }
    const auto before = home.digests();
    FailThird faults;

    const auto broken = home.run(rebuild_projection(home.fold_context(faults), {}, {}));

    REQUIRE(!broken);
    CHECK(broken.error().code == Errc::internal);
    CHECK(home.digests() == before);
    REQUIRE(home.rebuild());
    CHECK(home.digests() == before);
    CHECK(home.value("SELECT count(*) FROM sealstream.projections WHERE state = 'building'") ==
          "0");
}

TEST_CASE("two rebuilds of one projection do not meet", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto other = home.pool.lend();
    REQUIRE(*try_own_rebuild(**other, "main", "event_index"));

    const auto refused = home.rebuild();

    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::conflict);
    other->close_at_return();
}

TEST_CASE("a rebuild tells how far it is", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    RebuildHome home;
    auto random = testing::random_generator(65);
    home.append_random(random, 1'000);
    std::vector<RebuildProgress> told;

    const auto report =
        home.run(rebuild_projection(home.fold_context(home.none), {},
                                    [&told](const RebuildProgress& one) { told.push_back(one); }));

    REQUIRE(report);
    REQUIRE(told.size() >= 4);
    CHECK(told.front().stage == RebuildProgress::Stage::folding);
    CHECK(told.front().folded < told.front().head);
    CHECK(told.back().stage == RebuildProgress::Stage::done);
    CHECK(told.back().folded == Position{1'000});
}

} // namespace sealstream::projection_rebuild_test
