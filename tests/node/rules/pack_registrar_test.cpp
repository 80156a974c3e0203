#include "core/event/canonical_json.hpp"
#include "node/rules/pack_registrar.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

class RegistrarWorld {
public:
    RegistrarWorld() { follower.start(tasks); }
    ~RegistrarWorld()
    {
        follower.close();
        const std::chrono::seconds longest{5};
        run_task(context, tasks.wait_idle(longest));
    }

    Result<PackRegistration> apply(const Pack& pack)
    {
        REQUIRE(run_task(context, follower.applied(Position{}, 5s)).has_value());
        return run_task(context, register_pack(log, follower, ids, std::make_shared<Pack>(pack),
                                               SchemaEditLimits{100, 100, 5s}));
    }

    void edit_by_operator(EmissionPolicy policy)
    {
        PolicyEdit edit{"Paid", std::move(policy), {}, "console", "ada"};
        REQUIRE(run_task(context, edit_policy(log, follower, ids, std::move(edit), 100, 5s))
                    .has_value());
    }

    const Rulebook& rules()
    {
        book_ = *follower.current();
        return *book_;
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    RulebookFollower follower{context.get_executor(), log, clock, {2, 20ms, 60'000ms}};
    EventIdSource ids{clock};
    TaskGroup tasks{context.get_executor()};

private:
    RulebookPtr book_;
};

Pack shop(std::uint32_t version, const char* schema, std::vector<std::string> sources)
{
    Pack pack;
    pack.name = "shop";
    pack.version = version;
    PackEventType paid;
    paid.name = "Paid";
    paid.schema = boost::json::parse(schema);
    paid.redactions = *parse_redactions({"/data/card"});
    paid.emission = EmissionPolicy{std::move(sources), {"order"}, false};
    pack.event_types.push_back(std::move(paid));
    return pack;
}

constexpr const char* narrow = R"({"type":"object","properties":{"n":{"type":"integer"}}})";
constexpr const char* wide = R"({"type":"object","properties":{"n":{"type":"number"}}})";

} // namespace

TEST_CASE("what a pack declares becomes rules, once", "[rules][packs]")
{
    RegistrarWorld world;
    const auto pack = shop(1, narrow, {"till-*"});
    const auto first = world.apply(pack);
    REQUIRE(first.has_value());
    CHECK(first->edits == 2); // schema and redactions together, and the policy
    CHECK(world.rules().schemas.schema("Paid")->latest().registered_by == "pack:shop@1");
    CHECK(world.rules().schemas.redaction("Paid")->redactions.size() == 1);
    CHECK(world.rules().emission.find("Paid")->policy->sources ==
          std::vector<std::string>{"till-*"});
    const auto again = world.apply(pack);
    REQUIRE(again.has_value());
    CHECK(again->edits == 0);
    CHECK(again->kept.empty());
}

TEST_CASE("a later version replaces what an earlier one said, and not the reverse",
          "[rules][packs]")
{
    RegistrarWorld world;
    const auto old = shop(1, narrow, {"till-*"});
    const auto fresh = shop(2, wide, {"till-1", "till-2"});
    REQUIRE(world.apply(old).has_value());
    REQUIRE(world.apply(fresh).has_value());
    CHECK(world.rules().schemas.schema("Paid")->versions.size() == 2);
    CHECK(world.rules().emission.find("Paid")->policy->sources.size() == 2);

    const auto back = world.apply(old); // a node with the old version starts once more
    REQUIRE(back.has_value());
    CHECK(back->edits == 0);
    CHECK(back->kept == std::vector<std::string>{"schemas/Paid, edited by pack:shop@2",
                                                 "policies/Paid, edited by pack:shop@2"});
}

TEST_CASE("what an operator has edited stays", "[rules][packs]")
{
    RegistrarWorld world;
    REQUIRE(world.apply(shop(1, narrow, {"till-*"})).has_value());
    world.edit_by_operator({{"nobody"}, {}, true});
    const auto next = world.apply(shop(2, narrow, {"till-9"}));
    REQUIRE(next.has_value());
    CHECK(next->kept == std::vector<std::string>{"policies/Paid, edited by ada"});
    CHECK(world.rules().emission.find("Paid")->policy->sources ==
          std::vector<std::string>{"nobody"});
}

TEST_CASE("a schema that may not follow the one in force is an error that says why",
          "[rules][packs]")
{
    RegistrarWorld world;
    REQUIRE(world.apply(shop(1, wide, {"till-*"})).has_value());
    const auto refused = world.apply(shop(2, narrow, {"till-*"}));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == Errc::schema_incompatible);
    CHECK(refused.error().context.find("Paid") != std::string::npos);
    CHECK(refused.error().context.find("/properties/n") != std::string::npos);
    CHECK(world.rules().schemas.schema("Paid")->versions.size() == 1);
}

TEST_CASE("which rules a pack may replace", "[rules][packs]")
{
    Pack pack;
    pack.name = "shop";
    pack.version = 3;
    CHECK(pack_actor(pack) == "pack:shop@3");
    CHECK(may_replace("pack:shop@3", pack));
    CHECK(may_replace("pack:shop@1", pack));
    for (const auto* other : {"pack:shop@4", "pack:shops@1", "pack:shop@", "pack:shop@x",
                              "pack:shop@1x", "shop@1", "ada", ""}) {
        INFO(other);
        CHECK(!may_replace(other, pack));
    }
}
