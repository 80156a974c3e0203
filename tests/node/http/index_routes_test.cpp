// Every route that reads the event index honours min-position and Prefer: wait
// (docs/read-your-writes.md): asked of the route table, so a new one can not forget it.

#include "core/ports/ledger_auditor.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

const std::string id = "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11";

class WillingAuditor final : public LedgerAuditor {
public:
    Task<Result<std::string>> checkpoint() override { co_return "note\n"; }
    Task<Result<AuditStatus>> status() override { co_return AuditStatus{}; }
    Task<Result<StreamVerdict>> verify_stream(StreamName) override { co_return StreamVerdict{}; }
    Task<Result<std::string>> proof(Position) override { co_return "proof\n"; }
};

// One event in the log, none in the index.
struct IndexWorld : HttpWorld {
    IndexWorld()
    {
        services.auditor = &auditor;
        REQUIRE(post("/v1/streams/deal/42/events", R"({"type":"A","id":")" + id + R"("})").status ==
                201);
        index.stands_at = Position{};
    }
    WillingAuditor auditor;
};

bool takes(const http::Route& route, std::string_view parameter)
{
    return (" " + std::string{route.query} + " ").find(" " + std::string{parameter}) !=
           std::string::npos;
}

// A target that the route answers, by a filter where it takes one.
std::string target_of(const http::Route& route)
{
    std::string target;
    std::string_view pattern = route.pattern;
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        target.append(pattern.substr(0, open));
        if (open == std::string_view::npos) {
            break;
        }
        const auto name = pattern.substr(open + 1, pattern.find('}') - open - 1);
        target += name == "type"                                 ? "deal"
                  : name == "id" && takes(route, "min-position") ? id
                                                                 : "42";
        pattern.remove_prefix(pattern.find('}') + 1);
    }
    return target + (takes(route, "type*") ? "?type=A" : "?");
}

std::vector<const http::Route*> reads()
{
    std::vector<const http::Route*> found;
    for (const http::Route& route : http::routes()) {
        if (route.verb == http::Verb::get && route.surface == http::Surface::clients &&
            route.usual_status == 200 && route.name != "follow_feed") {
            found.push_back(&route);
        }
    }
    return found;
}

// They take min-position as well, and ask the log how far it is (read_bounds_test.cpp).
bool reads_the_log(const http::Route& route)
{
    return route.name == "read_stream" || route.name == "tail_events";
}

bool reads_the_index(const http::Route& route)
{
    return takes(route, "min-position") && !reads_the_log(route);
}

std::vector<const http::Route*> index_reads()
{
    auto found = reads();
    std::erase_if(found, [](const auto* route) { return !reads_the_index(*route); });
    return found;
}

Task<Got> fold_soon(HttpWorld& world)
{
    co_await world.stop_wish.sleep_for(20ms);
    world.index.stands_at = Position{1};
    co_return Got{};
}

} // namespace

TEST_CASE("who reads the index takes min-position, and nobody else", "[http][read]")
{
    for (const http::Route* route : reads()) {
        CAPTURE(route->name);
        IndexWorld world;

        const Got got = world.get(target_of(*route));

        INFO(got.body);
        CHECK((world.index.asked != 0) == reads_the_index(*route));
    }
    CHECK(index_reads().size() >= 3);
}

TEST_CASE("an index that is behind min-position is waited for, or refuses with the lag",
          "[http][read]")
{
    for (const http::Route* route : index_reads()) {
        CAPTURE(route->name);
        IndexWorld world;
        const std::string target = target_of(*route) + "&min-position=1";

        const Got refused = world.get(target);
        const Got lenient = world.get(target, {{"Prefer", "handling=lenient"}});
        Sent patient;
        patient.target = target;
        patient.fields = {{"Prefer", "wait=5"}};
        std::vector<Task<Got>> tasks;
        tasks.push_back(world.answer(patient));
        tasks.push_back(fold_soon(world));
        const auto answers = run_tasks(world.context, std::move(tasks));

        CHECK(refused.status == 503);
        CHECK(refused.at("/code") == "projection_behind");
        CHECK(refused.at("/position") == "0");
        CHECK(refused.at("/lag_events") == "1");
        CHECK(refused.header("Retry-After") == "1");
        CHECK(lenient.status != 503);
        CHECK(lenient.header("Preference-Applied") == "handling=lenient");
        CHECK(answers[0].status == 200);
        CHECK(answers[0].header("Sealstream-Position") == "1");
    }
}

TEST_CASE("an index that nobody has made yet is a matter of later", "[http][read]")
{
    for (const http::Route* route : index_reads()) {
        CAPTURE(route->name);
        IndexWorld world;
        // As an index without tables: its cursor is 0, and asked for events it fails.
        world.index.after_cursor = [&world] {
            world.index.failure = Error{Errc::projection_missing, "no tables"};
        };

        const Got got = world.get(target_of(*route));

        CHECK(got.status == 503);
        CHECK(got.at("/code") == "projection_missing");
        CHECK(got.at("/retryable") == "true");
        CHECK(got.header("Retry-After") == "1");
        CHECK(got.at("/title").find("is a projector running?") != std::string::npos);
    }
}
