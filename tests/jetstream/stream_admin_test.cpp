#include "jetstream/stream_admin.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;
using namespace sealstream::jetstream;

TEST_CASE("a stream that the server took as asked has no differences", "[jetstream]")
{
    const auto wanted = event_log_config({});
    auto found = wanted;
    found.erase("max_age"); // the server leaves zero values out
    found.erase("allow_rollup_hdrs");
    found["metadata"] = boost::json::object{{"_nats.ver", "2.15.1"}};
    found["max_msg_size"] = -1;

    CHECK(differences(wanted, found).empty());
}

TEST_CASE("every protection that is missing is named", "[jetstream]")
{
    const auto wanted = event_log_config({});

    for (const auto* key : {"deny_delete", "deny_purge", "allow_atomic", "allow_direct"}) {
        auto dropped = wanted;
        dropped.erase(key);
        auto switched = wanted;
        switched[key] = false;
        INFO(key);
        REQUIRE(differences(wanted, dropped).size() == 1);
        REQUIRE(differences(wanted, switched).size() == 1);
        CHECK(differences(wanted, switched).front().starts_with(key));
    }
    auto aged = wanted;
    aged["max_age"] = 3'600'000'000'000;
    CHECK(differences(wanted, aged).size() == 1);
    auto moved = wanted;
    moved["subjects"] = boost::json::array{"ev.other.>"};
    CHECK(differences(wanted, moved).size() == 1);
}

TEST_CASE("versions are compared as numbers", "[jetstream]")
{
    CHECK(is_version_before("2.9.10", "2.14.4"));
    CHECK(is_version_before("2.14.3", "2.14.4"));
    CHECK(is_version_before("2.14.4-RC.1", "2.15.0"));
    CHECK(!is_version_before("2.14.4", "2.14.4"));
    CHECK(!is_version_before("2.15.1", "2.14.4"));
    CHECK(!is_version_before("3.0", "2.14.4"));
}

TEST_CASE("a leader that does not hear of most of its peers may have a successor", "[jetstream]")
{
    // As 2.15.1 answers STREAM.INFO, shortened; times in nanoseconds.
    const auto lacks = [](std::string_view peers) {
        return lacks_quorum(boost::json::parse(R"({"state":{"last_seq":7},"cluster":{"name":"c",)"
                                               R"("leader":"n0","replicas":[)" +
                                               std::string{peers} + "]}}")
                                .as_object());
    };
    const std::string seen = R"({"name":"n1","current":true,"active":412345678})";
    const std::string silent = R"({"name":"n2","current":false,"active":3000000000})";
    const std::string gone = R"({"name":"n2","current":false,"offline":true,"active":9000000000})";

    CHECK(!lacks(seen + "," + seen));
    CHECK(!lacks(seen + "," + gone));
    CHECK(lacks(silent + "," + gone));
    CHECK(lacks(silent + R"(,{"name":"n1","current":false,"active":0})")); // never, since it leads
    CHECK(!lacks(seen + "," + seen + "," + gone + "," + gone));            // three of five
    CHECK(lacks(seen + "," + gone + "," + gone + "," + gone));
    CHECK(lacks(silent)); // two of two are a quorum
    CHECK(!lacks(""));    // one copy
    CHECK(!lacks_quorum(boost::json::parse(R"({"state":{"last_seq":7}})").as_object()));
    CHECK(lacks_quorum(boost::json::parse(R"({"error":{"err_code":10008}})").as_object()));
    CHECK(!lacks_quorum(boost::json::parse(R"({"error":{"err_code":10059}})").as_object()));
    CHECK(api_error(
              boost::json::parse(R"({"cluster":{"replicas":[{"active":5000000000}]}})").as_object())
              ->code == Errc::unavailable);
}
