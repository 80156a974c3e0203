// What the doctor says about durability.

#include "node/cli/doctor_checks.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::cli;

namespace {

Durability durability(std::string name, int replicas, bool is_synced, bool is_confirmed)
{
    Durability made{std::move(name), replicas, is_synced};
    made.is_confirmed = is_confirmed;
    return made;
}

} // namespace

TEST_CASE("a server that syncs late is a warning with the two minutes and the remedy", "[doctor]")
{
    auto lazy = durability("jetstream-r1-lazy", 1, false, true);
    lazy.sync_interval = std::chrono::minutes{2};

    const auto finding = check_durability(lazy, false);

    CHECK(finding.verdict == CheckVerdict::warn);
    CHECK(finding.what.find("syncs every 120 seconds") != std::string::npos);
    CHECK(finding.remedy.find("sync_interval: always") != std::string::npos);
    const auto unknown = check_durability(durability("jetstream-r3-lazy", 3, false, false), false);
    CHECK(unknown.verdict == CheckVerdict::warn);
    CHECK(unknown.what.find("two minutes") != std::string::npos);
    CHECK(unknown.what.find("most of the 3 servers") != std::string::npos);
}

TEST_CASE("a claim that the server contradicts fails, one that nobody checked warns", "[doctor]")
{
    CHECK(check_durability(durability("jetstream-r3-lazy", 3, false, true), true).verdict ==
          CheckVerdict::fail);
    const auto claimed = check_durability(durability("jetstream-r3-synced", 3, true, false), true);
    CHECK(claimed.verdict == CheckVerdict::warn);
    CHECK(claimed.remedy.find("nats.monitor_urls") != std::string::npos);
    CHECK(check_durability(durability("jetstream-r3-synced", 3, true, true), true).verdict ==
          CheckVerdict::ok);
}

TEST_CASE("Postgres without fsync fails", "[doctor]")
{
    CHECK(check_durability(durability("postgres-lazy", 1, false, true), false).verdict ==
          CheckVerdict::fail);
    CHECK(check_durability(durability("postgres-synced", 1, true, true), false).verdict ==
          CheckVerdict::ok);
}

TEST_CASE("a server that is not well fails with its own words and the remedy", "[doctor]")
{
    const std::string url = "http://nats-0:8222";
    CHECK(check_server(url, jetstream::ServerHealth{true, {}, {}}).verdict == CheckVerdict::ok);

    const auto full = check_server(url, jetstream::ServerHealth{false, "no space left", "do it"});
    CHECK(full.verdict == CheckVerdict::fail);
    CHECK(full.what == "http://nats-0:8222: no space left.");
    CHECK(full.remedy == "do it");

    const auto silent = check_server(url, Error{Errc::unavailable, url + "/healthz: refused"});
    CHECK(silent.verdict == CheckVerdict::warn);
    CHECK(silent.what.find("refused") != std::string::npos);
}

TEST_CASE("the worst finding is the verdict", "[doctor]")
{
    const CheckFinding good{"a", CheckVerdict::ok, "fine", {}};
    const CheckFinding bad{"b", CheckVerdict::fail, "a \"quote\"", "mend it"};

    CHECK(worst({}) == CheckVerdict::ok);
    CHECK(worst({good, bad, good}) == CheckVerdict::fail);
    CHECK(to_text({good, bad}) == "ok    a: fine\nfail  b: a \"quote\"\n      remedy: mend it\n");
    CHECK(to_json({bad}) ==
          R"({"findings":[{"check":"b","verdict":"fail","what":"a \"quote\"","remedy":"mend it"}],)"
          R"("verdict":"fail"})");
}
