// What operators see of groups: counters of the calls, gauges of the lag, and never more labels
// than the bound.

#include "node/groups/measured_groups.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

#include <prometheus/registry.h>

#include <map>

using namespace sealstream;
using sealstream::testing::run_task;

namespace {

// Groups whose answers are set by hand.
struct ScriptedGroups final : ConsumerGroups {
    Task<Result<bool>> put(GroupDefinition) override { co_return true; }
    Task<Result<void>> remove(std::string) override { co_return Result<void>{}; }
    Task<Result<GroupStatus>> get(std::string group) override
    {
        const auto found = statuses.find(group);
        if (found == statuses.end()) {
            co_return Error{Errc::not_found, group};
        }
        co_return found->second;
    }
    Task<Result<std::vector<std::string>>> list() override
    {
        if (is_away) {
            co_return Error{Errc::unavailable, "away"};
        }
        std::vector<std::string> names;
        for (const auto& [name, status] : statuses) {
            names.push_back(name);
        }
        co_return names;
    }
    Task<Result<GroupClaim>> claim(std::string, std::size_t events_max,
                                   std::optional<std::chrono::milliseconds>) override
    {
        GroupClaim claim;
        claim.events.resize(events_max);
        co_return claim;
    }
    Task<Result<std::size_t>> acknowledge(std::string, GroupToken token,
                                          std::optional<Position>) override
    {
        if (token == 0) {
            co_return Error{Errc::refused, "stale"};
        }
        co_return std::size_t{3};
    }
    Task<Result<std::vector<StreamName>>> give_back(std::string, GroupToken, GroupReturn) override
    {
        co_return std::vector<StreamName>(1);
    }
    Task<Result<GroupTime>> extend(std::string, GroupToken,
                                   std::optional<std::chrono::milliseconds>) override
    {
        co_return GroupTime{};
    }
    Task<Result<std::vector<ParkedStream>>> parked(std::string) override
    {
        co_return std::vector<ParkedStream>{};
    }
    Task<Result<void>> unpark(std::string, StreamName, bool) override { co_return Result<void>{}; }

    void have(const std::string& name, std::uint64_t lag, double seconds = 0)
    {
        GroupStatus status;
        status.definition.name = name;
        status.lag_events = lag;
        status.lag_seconds = seconds;
        status.leased_streams = 1;
        status.parked_streams = 2;
        status.is_full = name == "mail";
        statuses[name] = status;
    }

    std::map<std::string, GroupStatus> statuses;
    bool is_away{false};
};

struct World {
    boost::asio::io_context context;
    ScriptedGroups groups;
    prometheus::Registry registry;
    SystemClock clock;
    Stop stop{context.get_executor()};
    MeasuredGroups measured{groups, registry, clock, stop, {2, std::chrono::seconds{1}}};

    // The values of a metric by group; "" for one without a group.
    std::map<std::string, double> values(const std::string& name)
    {
        std::map<std::string, double> found;
        for (const auto& family : registry.Collect()) {
            for (const auto& metric : family.metric) {
                if (family.name == name) {
                    found[metric.label.empty() ? "" : metric.label.front().value] =
                        metric.gauge.value + metric.counter.value;
                }
            }
        }
        return found;
    }
};

using Values = std::map<std::string, double>;

} // namespace

TEST_CASE("what goes through is counted by group, and refusals are not", "[groups][metrics]")
{
    World world;

    CHECK(run_task(world.context, world.measured.claim("mail", 5, {})).has_value());
    CHECK(run_task(world.context, world.measured.claim("mail", 0, {})).has_value());
    CHECK(run_task(world.context, world.measured.acknowledge("mail", 1, {})).has_value());
    CHECK(!run_task(world.context, world.measured.acknowledge("mail", 0, {})));
    CHECK(!run_task(world.context, world.measured.acknowledge("bad", 0, {})));
    CHECK(run_task(world.context, world.measured.give_back("mail", 1, {})).has_value());

    CHECK(world.values("sealstream_group_claims_total") == Values{{"mail", 1}});
    CHECK(world.values("sealstream_group_claimed_events_total") == Values{{"mail", 5}});
    CHECK(world.values("sealstream_group_acknowledged_events_total") == Values{{"mail", 3}});
    CHECK(world.values("sealstream_group_returns_total") == Values{{"mail", 1}});
    CHECK(world.values("sealstream_group_parkings_total") == Values{{"mail", 1}});
}

TEST_CASE("the lag of every group is shown, and a removed group takes its labels along",
          "[groups][metrics]")
{
    World world;
    world.groups.have("mail", 7, 1.5);
    world.groups.have("push", 0);
    run_task(world.context, world.measured.read_all());

    CHECK(world.values("sealstream_group_lag_events") == Values{{"mail", 7}, {"push", 0}});
    CHECK(world.values("sealstream_group_lag_seconds").at("mail") == 1.5);
    CHECK(world.values("sealstream_group_leased_streams").at("mail") == 1);
    CHECK(world.values("sealstream_group_parked_streams").at("mail") == 2);
    CHECK(world.values("sealstream_group_full") == Values{{"mail", 1}, {"push", 0}});
    const auto read_at = world.values("sealstream_groups_read_timestamp_seconds").at("");
    CHECK(read_at > 1.7e9);

    world.groups.statuses.erase("mail");
    world.groups.is_away = true;
    run_task(world.context, world.measured.read_all());
    CHECK(world.values("sealstream_group_lag_events").size() == 2); // not known to be gone
    CHECK(world.values("sealstream_groups_read_timestamp_seconds").at("") == read_at);

    world.groups.is_away = false;
    run_task(world.context, world.measured.read_all());
    CHECK(world.values("sealstream_group_lag_events") == Values{{"push", 0}});
    CHECK(world.values("sealstream_group_claims_total") == Values{{"push", 0}});
    CHECK(world.values("sealstream_groups").at("") == 1);
}

TEST_CASE("groups beyond the bound share one label and have no gauges", "[groups][metrics]")
{
    World world;
    for (const char* const name : {"a", "b", "c", "d"}) {
        world.groups.have(name, 1);
    }
    run_task(world.context, world.measured.read_all());
    for (const char* const name : {"a", "c", "d", "d"}) {
        CHECK(run_task(world.context, world.measured.claim(name, 1, {})).has_value());
        CHECK(run_task(world.context, world.measured.get(name)).has_value());
    }

    CHECK(world.values("sealstream_group_lag_events") == Values{{"a", 1}, {"b", 1}});
    CHECK(world.values("sealstream_group_claims_total") ==
          Values{{"a", 1}, {"b", 0}, {"(other)", 3}});
    CHECK(world.values("sealstream_groups").at("") == 4);
}
