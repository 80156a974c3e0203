// The projector on a real Postgres: every event counts once, whatever breaks, and whoever else
// folds.

#include "integration/support/projector_home.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::projector_test {

namespace {

using testing::are_equal;
using testing::has_no_postgres;
using testing::PostgresServer;
using testing::ProjectorHome;
using testing::RunningProjector;
using testing::sample_draft;

using State = ProjectorStatus::State;

// Fails the n-th arrival at one step.
class StrikeAt : public FoldFaults {
public:
    StrikeAt(FoldStep step, int arrival, Errc code) : step_{step}, left_{arrival}, code_{code} {}
    Result<void> after(FoldStep step) override
    {
        if (step == step_ && --left_ == 0) {
            return Error{code_, "struck"};
        }
        return {};
    }
    [[nodiscard]] bool has_struck() const { return left_ <= 0; }

private:
    FoldStep step_;
    int left_;
    Errc code_;
};

std::string stored(ProjectorHome& home, const std::string& column)
{
    return home.value("SELECT " + column + " FROM sealstream.projections WHERE state = 'active'");
}

} // namespace

TEST_CASE("the event index holds every event of the log once, as it was", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(21);
    home.append_random(random, 1'500);

    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{1'500}));
    home.append_random(random, 300); // it follows
    REQUIRE(projector.wait_until_folded(Position{1'800}));
    projector.stop();

    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.run(home.index.cursor())->value == 1'800);
    CHECK(projector.status().state == State::stopped);
    CHECK(home.lines.unexpected_errors().empty());
}

TEST_CASE("a projector that fails between any two steps goes on by itself, and nothing doubles",
          "[projector][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    for (std::size_t step = 0; step < fold_steps; ++step) {
        for (const Errc code : {Errc::outcome_unknown, Errc::unavailable, Errc::conflict}) {
            INFO("step " << step << " " << name(code));
            ProjectorHome home;
            auto random = testing::random_generator(22 + step);
            home.append_random(random, 500);
            StrikeAt faults{static_cast<FoldStep>(step), 3, code};

            RunningProjector projector{home, &faults};
            REQUIRE(projector.wait_until_folded(Position{500}));
            projector.stop();

            CHECK(faults.has_struck());
            CHECK(are_equal(home.indexed_events(), home.expected_events()));
            CHECK(home.lines.unexpected_errors().empty());
        }
    }
}

TEST_CASE("a projector that dies between any two steps leaves what the next one goes on from",
          "[projector][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    for (std::size_t step = 0; step < fold_steps; ++step) {
        INFO("step " << step);
        ProjectorHome home;
        home.lines.expect("projector.halted");
        auto random = testing::random_generator(32 + step);
        home.append_random(random, 500);
        {
            StrikeAt faults{static_cast<FoldStep>(step), 3, Errc::internal};
            RunningProjector first{home, &faults};
            REQUIRE(first.wait_until(State::halted));
        }
        const auto reached = home.run(home.index.cursor());
        CHECK(reached->value == (static_cast<FoldStep>(step) == FoldStep::committed ? 300U : 200U));
        CHECK(home.indexed_events().size() == reached->value);

        RunningProjector second{home};
        REQUIRE(second.wait_until_folded(Position{500}));
        second.stop();

        CHECK(are_equal(home.indexed_events(), home.expected_events()));
    }
}

TEST_CASE("a second projector stands by, and takes over when the first ends", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(41);
    home.append_random(random, 200);
    RunningProjector first{home};
    REQUIRE(first.wait_until_folded(Position{200}));
    RunningProjector second{home};
    REQUIRE(second.wait_until(State::standby));

    home.append_random(random, 200);
    REQUIRE(first.wait_until_folded(Position{400}));
    CHECK(second.status().state == State::standby);
    first.stop();
    home.append_random(random, 200);
    REQUIRE(second.wait_until_folded(Position{600}));
    second.stop();

    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(stored(home, "epoch") == "2");
}

TEST_CASE("an owner that somebody has replaced finds a higher epoch and stops", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(42);
    home.append_random(random, 200);
    RunningProjector old_owner{home};
    REQUIRE(old_owner.wait_until_folded(Position{200}));
    {
        auto connection = home.pool.lend();
        const auto claimed =
            claim(**connection, "main", event_index_projection(), home.log.incarnation());
        REQUIRE(claimed);
        CHECK(claimed->version.epoch == 2);
    }

    home.append_random(random, 200);

    REQUIRE(old_owner.wait_until(State::fenced));
    CHECK(home.run(home.index.cursor())->value == 200);
    CHECK(home.indexed_events().size() == 200);
}

TEST_CASE("a pass that has happened does not happen again", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(43);
    home.append_random(random, 10);
    const auto records = home.run(home.log.read_from(Position{}, ReadLimits{}));
    const std::vector<Projection> folds{event_index_projection()};
    FoldFaults none;
    auto connection = home.pool.lend();
    REQUIRE(prepare_session(**connection, "main", folds));
    const auto claimed = claim(**connection, "main", folds.front(), home.log.incarnation());
    REQUIRE(claimed);
    const std::vector<ProjectionVersion> owned{claimed->version};
    const ApartOptions options;
    const Pass pass{Position{0}, Position{10}, {0}};
    SkipRules rules;
    auto batch = encode_batch(*records, rules);
    REQUIRE(apply_pass(**connection, options, {folds, owned}, pass, batch, none));

    auto again = encode_batch(*records, rules);
    const auto repeated = apply_pass(**connection, options, {folds, owned}, pass, again, none);

    REQUIRE(!repeated);
    CHECK(repeated.error().code == Errc::conflict);
    CHECK(home.indexed_events().size() == 10);
}

TEST_CASE("a record that does not decode halts the projector right before it, visibly",
          "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.lines.expect("projector.halted");
    auto random = testing::random_generator(44);
    home.append_random(random, 250);
    home.log.replace_record(Position{178}, to_bytes("{\"broken\":"));

    RunningProjector projector{home};
    REQUIRE(projector.wait_until(State::halted));

    CHECK(home.run(home.index.cursor())->value == 177);
    CHECK(projector.status().last_error.find("178") != std::string::npos);
    CHECK(stored(home, "halted").find("corrupt") != std::string::npos);
    CHECK(home.lines.count("projector.halted") == 1);
}

TEST_CASE("a log that was made anew, or went back, halts the projector", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    for (const bool is_made_anew : {true, false}) {
        ProjectorHome home;
        home.lines.expect("projector.halted");
        auto random = testing::random_generator(45);
        home.append_random(random, 100);
        {
            RunningProjector projector{home};
            REQUIRE(projector.wait_until_folded(Position{100}));
        }
        if (is_made_anew) {
            home.log.become_another_log();
            home.append_random(random, 150);
        } else {
            home.log.cut_after(Position{60});
        }

        RunningProjector projector{home};
        REQUIRE(projector.wait_until(State::halted));

        CHECK(stored(home, "halted").find("corrupt") != std::string::npos);
        CHECK(home.indexed_events().size() == 100);
    }
}

TEST_CASE("a server that tells an end before what is folded does not halt the projector",
          "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(46);
    home.append_random(random, 100);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{100}));
    }
    home.append_random(random, 50);
    home.log.told_head.tell(Position{60});

    RunningProjector projector{home};

    CHECK(projector.wait_until_folded(Position{150}));
}

TEST_CASE("tables go on with the SQL that made them, and halt where nobody knows it any more",
          "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    for (const bool is_known : {true, false}) {
        ProjectorHome home;
        home.lines.expect("projector.halted");
        {
            RunningProjector projector{home};
            REQUIRE(projector.wait_until_folded(Position{0}));
        }
        if (!is_known) {
            REQUIRE(home.value("UPDATE sealstream.projections SET definition = NULL"
                               " RETURNING 1") == "1");
        }
        auto changed = event_index_projection();
        changed.apply_sql += "\n-- another fold";
        auto random = testing::random_generator(50);
        home.append_random(random, 10);

        RunningProjector projector{home, nullptr, {changed}};

        if (is_known) {
            REQUIRE(projector.wait_until_folded(Position{10}));
            CHECK(home.indexed_events().size() == 10);
        } else {
            REQUIRE(projector.wait_until(State::halted));
            CHECK(stored(home, "halted").find("unsupported") != std::string::npos);
            CHECK(stored(home, "halt_code") == "digest_differs");
        }
    }
}

TEST_CASE("a projection that joins later is folded alone until it meets the others", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(46);
    home.append_random(random, 350);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{350}));
    }
    home.append_random(random, 150);
    const Projection counter{
        "counter", "CREATE TABLE counts (type text PRIMARY KEY, events bigint)", "",
        "INSERT INTO counts SELECT 'all', count(*) FROM incoming"
        " ON CONFLICT (type) DO UPDATE SET events = counts.events + excluded.events"};

    RunningProjector both{home, nullptr, {counter, event_index_projection()}};
    REQUIRE(both.wait_until_folded(Position{500}));
    both.stop();

    CHECK(home.value("SELECT events FROM main_counter.counts") == "500");
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
}

TEST_CASE("a fold that can not take an event halts, and leaves no half of the batch", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.lines.expect("projector.halted");
    auto random = testing::random_generator(48);
    home.append_random(random, 150);
    const Projection picky{"picky", "CREATE TABLE seen (position bigint, share bigint)", "",
                           "INSERT INTO seen SELECT position, 1 / (position - 130) FROM incoming"};

    RunningProjector projector{home, nullptr, {event_index_projection(), picky}};
    REQUIRE(projector.wait_until(State::halted));

    CHECK(home.value("SELECT count(*) FROM main_picky.seen") == "100");
    CHECK(home.indexed_events().size() == 100);
    CHECK(projector.status().last_error.find("101..150") != std::string::npos);
}

TEST_CASE("a projector folds the log of the same database", "[projector]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto& log = home.open_log();
    Stop stop{home.context.get_executor()};
    ProjectorOptions options;
    options.batch_wait = std::chrono::milliseconds{20};
    Projector projector{log, home.pool, home.threads, home.clock, stop, options, home.metrics};
    home.tasks.spawn("projector", projector.run());
    auto random = testing::random_generator(49);
    std::vector<EventId> ids;
    for (int count = 0; count < 40; ++count) {
        StreamAppend append{{"deal", "1"}, Expected{}, {testing::random_event(random).draft}};
        ids.push_back(append.drafts.front().id);
        std::vector<StreamAppend> batch{std::move(append)};
        REQUIRE(home.run(log.append(std::move(batch))));
    }

    while (home.run(home.index.cursor())->value < 40) {
        REQUIRE(projector.status().state != State::halted);
    }
    stop.request();

    const auto indexed = home.indexed_events();
    REQUIRE(indexed.size() == 40);
    for (std::size_t at = 0; at < ids.size(); ++at) {
        CHECK(indexed[at].event.draft.id == ids[at]);
    }
    while (projector.status().state != State::stopped) {
        home.context.restart();
        home.context.run_one_for(std::chrono::milliseconds{5});
    }
}

TEST_CASE("events count once when Postgres is killed again and again while they are folded",
          "[projector][crash]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresServer server;
    ProjectorHome home{server};
    auto random = testing::random_generator(47);
    home.append_random(random, 20'000);
    RunningProjector projector{home};
    for (int round = 0; round < 5; ++round) {
        const auto delay = std::chrono::milliseconds{50 + random() % 200};
        std::thread killer{[&server, delay] {
            std::this_thread::sleep_for(delay);
            server.kill();
            server.start();
        }};
        const auto target = 2'000U * (static_cast<unsigned>(round) + 1);
        const bool is_folded = projector.wait_until_folded(Position{target});
        killer.join();
        REQUIRE(is_folded);
    }

    REQUIRE(projector.wait_until_folded(Position{20'000}));
    projector.stop();

    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.lines.unexpected_errors().empty());
}

} // namespace sealstream::projector_test
