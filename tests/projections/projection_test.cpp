#include "projections/metrics.hpp"
#include "projections/projection.hpp"
#include "tests/support/catch.hpp"

#include <prometheus/registry.h>

#include <set>

namespace sealstream {

TEST_CASE("names of projections and their schemas fit Postgres", "[projections]")
{
    CHECK(check_projection_name("main", "event_index"));
    const std::string longest_ledger(32, 'l');
    const std::string longest_name(24, 'n');
    CHECK(check_projection_name(longest_ledger, longest_name));
    CHECK(other_schema_name(longest_ledger, longest_name, 9'999).size() <= 63);
    for (const std::string bad : {"", "Upper", "1st", "a-b", "a\"b", "nnnnnnnnnnnnnnnnnnnnnnnnn"}) {
        INFO(bad);
        CHECK(check_projection_name("main", bad).error().code == Errc::bad_name);
    }
    CHECK(check_projection_name("Main", "event_index").error().code == Errc::bad_name);
}

TEST_CASE("a projection's digest covers each of its texts, and where one ends", "[projections]")
{
    const Projection base{"p", "ab", "c", "d"};
    std::set<std::string> digests{base.digest()};
    digests.insert(Projection{"p", "a", "bc", "d"}.digest());
    digests.insert(Projection{"p", "ab", "", "cd"}.digest());
    digests.insert(Projection{"p", "ab", "c", "e"}.digest());
    CHECK(digests.size() == 4);
    CHECK(Projection{"another name", "ab", "c", "d"}.digest() == base.digest());
}

TEST_CASE("metric names are a decision", "[projections]")
{
    prometheus::Registry registry;
    ProjectorMetrics metrics{registry};
    metrics.version_is("p", 1, "active");
    metrics.batch_applied("p", 10, std::chrono::milliseconds{3});
    metrics.cursor_is("p", Position{10}, Position{15}, std::chrono::seconds{2});
    metrics.remaining_is("p", 1, 5);
    metrics.halted("p", false);

    std::map<std::string, double> values;
    for (const auto& family : registry.Collect()) {
        const auto& last = family.metric.back();
        values[family.name] = last.gauge.value + last.counter.value +
                              static_cast<double>(last.histogram.sample_count);
    }

    CHECK(values.at("sealstream_consumer_lag_events") == 5);
    CHECK(values.at("sealstream_consumer_lag_seconds") == 2);
    CHECK(values.at("sealstream_consumer_ack_floor_sequence") == 10);
    CHECK(values.at("sealstream_projection_remaining_events") == 5);
    CHECK(values.count("sealstream_consumer_events_total") == 1);
    CHECK(values.count("sealstream_consumer_batch_duration_seconds") == 1);
    CHECK(values.count("sealstream_consumer_batch_events") == 1);
    CHECK(values.count("sealstream_consumer_halted") == 1);
    CHECK(values.count("sealstream_projection_info") == 1);
    CHECK(values.size() == 9);
}

} // namespace sealstream
