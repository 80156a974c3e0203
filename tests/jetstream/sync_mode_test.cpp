// What the monitoring page of a nats-server says about syncing.

#include "jetstream/sync_mode.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;

TEST_CASE("the monitoring page says whether every write is synced", "[jetstream]")
{
    // As 2.15.1 writes it, shortened.
    const auto lazy = parse_sync_mode(
        R"({"server_name":"n0","jetstream":{"config":{"sync_interval":120000000000,"strict":true}}})");
    const auto always = parse_sync_mode(
        R"({"server_name":"n1","jetstream":{"config":{"sync_interval":120000000000,"sync_always":true}}})");

    REQUIRE(lazy.has_value());
    CHECK(lazy->server == "n0");
    CHECK(!lazy->is_always);
    CHECK(lazy->interval == std::chrono::minutes{2});
    REQUIRE(always.has_value());
    CHECK(always->is_always);
    CHECK(parse_sync_mode("").error().code == Errc::malformed);
    CHECK(parse_sync_mode("[]").error().code == Errc::malformed);
    CHECK(parse_sync_mode(R"({"jetstream":{}})").error().code == Errc::malformed);
    CHECK(parse_sync_mode(R"({"server_name":"n","jetstream":{}})").error().code ==
          Errc::unsupported);
}
