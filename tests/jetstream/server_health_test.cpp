// What the health page of a nats-server says, and where its pages are.

#include "jetstream/monitor_page.hpp"
#include "jetstream/server_health.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;

TEST_CASE("a server that can not write says why, and is to be restarted", "[jetstream]")
{
    // As 2.15.1 writes them.
    const auto well = parse_health(R"({"status":"ok"})");
    const auto full = parse_health(
        R"({"status":"unavailable","error":"JetStream stream '$G \u003e EV_main' write error: )"
        R"(write /data/4.blk: no space left on device"})");
    const auto alone =
        parse_health(R"({"status":"unavailable","error":"JetStream is not current with the meta )"
                     R"(leader"})");

    CHECK(well.is_well);
    CHECK(well.trouble.empty());
    CHECK(well.remedy.empty());
    CHECK(!full.is_well);
    CHECK(full.trouble.find("no space left on device") != std::string::npos);
    CHECK(full.remedy.find("restart") != std::string::npos);
    CHECK(!alone.is_well);
    CHECK(alone.remedy.find("disk") == std::string::npos);
    for (const auto* wrong : {"", "[]", "{}", R"({"status":7})", "404 page not found"}) {
        CAPTURE(wrong);
        CHECK(!parse_health(wrong).is_well);
        CHECK(!parse_health(wrong).trouble.empty());
    }
}

TEST_CASE("a monitoring URL has a host and a port", "[jetstream]")
{
    const auto plain = parse_monitor_url("http://nats-0.nats:8222");
    REQUIRE(plain.has_value());
    CHECK(plain->host == "nats-0.nats");
    CHECK(plain->port == "8222");
    CHECK(parse_monitor_url("http://[::1]:8222/varz")->host == "::1");
    for (const auto* wrong :
         {"", "nats:8222", "https://nats:8222", "http://nats", "http://:8222", "http://nats:"}) {
        CAPTURE(wrong);
        CHECK(parse_monitor_url(wrong).error().code == Errc::malformed);
    }
}

TEST_CASE("monitoring URLs are separated by commas", "[jetstream]")
{
    CHECK(split_monitor_urls("").empty());
    CHECK(split_monitor_urls("http://a:1,http://b:2") ==
          std::vector<std::string>{"http://a:1", "http://b:2"});
}
