// Policies that are edited in the middle of the log: read models skip what was to be skipped at its
// place, however often they stop, and when they are rebuilt.

#include "core/rules/emission_rules.hpp"
#include "core/rules/system_streams.hpp"
#include "integration/support/projector_home.hpp"
#include "projections/rebuild.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream::projection_skip_test {

namespace {

using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;

// A fold as users write it: what counts, by type.
Projection counts_projection()
{
    return {"counts", "CREATE TABLE counts (type text PRIMARY KEY, events bigint NOT NULL);", "",
            "INSERT INTO counts SELECT type, count(*) FROM incoming WHERE NOT skipped GROUP BY type"
            " ON CONFLICT (type) DO UPDATE SET events = counts.events + excluded.events;"};
}

struct SkipHome : ProjectorHome {
    Stop stop{context.get_executor()};
    FoldFaults none;

    // Events of three types, and edits that make types skipped, or not.
    void append_mixture(std::mt19937_64& random, std::size_t count)
    {
        const std::array<std::string, 3> types{"Moved", "Staked", "Noted"};
        for (std::size_t at = 0; at < count; ++at) {
            const std::string& type = types[random() % types.size()];
            Draft draft = testing::sample_draft(++number_);
            draft.type = type;
            StreamName stream{"account", std::to_string(random() % 5)};
            if (random() % 10 == 0) {
                const EmissionPolicy policy{{"*"}, {}, random() % 2 == 0};
                draft.type = policy_event_type;
                draft.data = edit_data(type, std::nullopt,
                                       random() % 4 == 0 ? std::nullopt : std::optional{policy});
                stream = {std::string{policy_stream_type}, type};
            }
            append({draft}, stream);
        }
    }

    // The specification: walk through the log with the newest edit of each type in hand.
    std::vector<bool> expected_flags()
    {
        std::map<std::string, bool> is_skipped;
        std::vector<bool> flags;
        for (const IndexedEvent& event : expected_events()) {
            const bool is_edit = event.event.stream.type == policy_stream_type;
            flags.push_back(!is_edit && is_skipped[event.event.draft.type]);
            if (is_edit) {
                is_skipped[event.event.stream.id] =
                    event.event.draft.data.find("\"skip_in_projection\":true") != std::string::npos;
            }
        }
        return flags;
    }

    std::vector<bool> folded_flags()
    {
        std::vector<bool> flags;
        for (const IndexedEvent& event : indexed_events()) {
            flags.push_back(event.is_skipped);
        }
        return flags;
    }

    std::string counted(const std::string& schema)
    {
        return value("SELECT string_agg(type || ' ' || events, ',' ORDER BY type) FROM " + schema +
                     ".counts");
    }

    std::string expected_counts()
    {
        std::map<std::string, int> counts;
        const auto flags = expected_flags();
        const auto events = expected_events();
        for (std::size_t at = 0; at < events.size(); ++at) {
            counts[events[at].event.draft.type] += flags[at] ? 0 : 1;
        }
        std::string text;
        for (const auto& [type, count] : counts) {
            if (count != 0) {
                text.append(text.empty() ? "" : ",").append(type + " " + std::to_string(count));
            }
        }
        return text;
    }

    Result<RebuildReport> rebuild(Projection projection)
    {
        ProjectorOptions options;
        options.batch_events_max = 37;
        options.batch_wait = std::chrono::milliseconds{20};
        FoldContext fold{
            log, pool, threads, clock, stop, metrics, &none, options, {std::move(projection)}, {}};
        return run(rebuild_projection(std::move(fold), {}, {}));
    }

private:
    std::uint64_t number_{0};
};

const std::vector<Projection> both{event_index_projection(), counts_projection()};

} // namespace

TEST_CASE("an edit counts from its place in the log, through restarts and rebuilds", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    SkipHome home;
    auto random = testing::random_generator(91);
    for (std::uint64_t part = 1; part <= 3; ++part) {
        home.append_mixture(random, 150);
        RunningProjector projector{home, nullptr, both}; // a new one each time
        REQUIRE(projector.wait_until_folded(Position{150 * part}));
    }
    const auto flags = home.expected_flags();
    REQUIRE(std::find(flags.begin(), flags.end(), true) != flags.end());
    CHECK(home.folded_flags() == flags);
    CHECK(home.counted("main_counts") == home.expected_counts());

    const auto index = home.rebuild(event_index_projection());
    const auto counts = home.rebuild(counts_projection());

    REQUIRE(index);
    CHECK(index->is_equal);
    REQUIRE(counts);
    CHECK(counts->is_equal);
    CHECK(home.counted("main_counts") == home.expected_counts());
    CHECK(home.folded_flags() == flags);
}

TEST_CASE("a projection that joins late sees the rules of its own place", "[rebuild]")
{
    if (has_no_postgres()) {
        return;
    }
    SkipHome home;
    auto random = testing::random_generator(92);
    home.append_mixture(random, 120);
    {
        RunningProjector projector{home};
        REQUIRE(projector.wait_until_folded(Position{120}));
    }
    home.append_mixture(random, 60);

    RunningProjector projector{home, nullptr, both}; // one at 120, one at 0
    REQUIRE(projector.wait_until_folded(Position{180}));
    projector.stop();

    CHECK(home.folded_flags() == home.expected_flags());
    CHECK(home.counted("main_counts") == home.expected_counts());
}

} // namespace sealstream::projection_skip_test
