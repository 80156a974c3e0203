// The command line as a client over TLS, at a server that is not ours.

#include "node/cli/node_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/https_server.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::cli;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

struct Client {
    boost::asio::io_context& context;
    HttpsServer& server;

    [[nodiscard]] NodeAccess access(const std::filesystem::path& trusted,
                                    const std::string& host = "localhost") const
    {
        NodeAccess access;
        access.url = *NodeUrl::parse("https://" + host + ":" + std::to_string(server.port()));
        access.ca_file = trusted;
        access.patience = 1s;
        return access;
    }

    [[nodiscard]] Result<boost::json::object> get(NodeAccess access) const
    {
        NodeRequest request;
        request.target = "/v1/limits";
        return run_task(context, ask_json(std::move(access), std::move(request)));
    }
};

} // namespace

TEST_CASE("an answer is whole however its bytes come, and the token is in the request",
          "[cli][tls]")
{
    boost::asio::io_context context{1};
    Authority authority;
    HttpsServer server{context, authority.issue_server()};
    const Client client{context, server};
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "4\r\n{\"a\"\r\n5\r\n:\"b\"}\r\n0\r\n\r\n";
    const std::string until_the_end = "HTTP/1.1 200 OK\r\n\r\n{\"a\":\"b\"}";
    server.answer = GENERATE_COPY(chunked, until_the_end);
    server.drip = std::chrono::milliseconds{GENERATE(0, 1)};
    auto access = client.access(authority.certificate_file());
    access.token = "t.o.k";

    const auto got = client.get(std::move(access));

    REQUIRE(got);
    CHECK(got->at("a").as_string() == "b");
    CHECK(server.last_request.find("\r\nAuthorization: Bearer t.o.k\r\n") != std::string::npos);
    CHECK(server.last_request.find("Host: localhost:" + std::to_string(server.port())) !=
          std::string::npos);
    server.stop();
}

TEST_CASE("a node that can not prove its name is asked nothing, and the remedy is said",
          "[cli][tls]")
{
    boost::asio::io_context context{1};
    Authority authority;
    Authority stranger{"Other CA"};
    Request expired;
    expired.dns = {"localhost"};
    expired.ends = -60s;
    struct Row {
        CertificateFiles certificate;
        std::string host;
        std::filesystem::path trusted;
        std::string remedy; // empty: all is well
    };
    const auto ours = authority.certificate_file();
    const std::vector<Row> rows{
        {authority.issue_server(), "localhost", ours, ""},
        {authority.issue_server(), "127.0.0.1", ours, ""},
        {authority.issue_client("a", "spiffe://example.org/a"), "localhost", ours,
         "ask by a name that is in its certificate"},
        {authority.issue_client("b", "spiffe://example.org/b"), "127.0.0.1", ours,
         "ask by a name that is in its certificate"},
        {authority.issue_server(), "localhost", stranger.certificate_file(),
         "does not hold who signed it"},
        {authority.issue_server(), "localhost", {}, "--ca FILE names the authority"},
        {authority.issue("expired", expired), "localhost", ours, "it needs a new one"}};
    for (const Row& row : rows) {
        CAPTURE(row.remedy, row.host);
        HttpsServer server{context, row.certificate};
        server.answer_with("{}");
        const Client client{context, server};

        const auto got = client.get(client.access(row.trusted, row.host));

        CHECK(got.has_value() == row.remedy.empty());
        CHECK(server.requests == (got ? 1U : 0U));
        if (!got) {
            CHECK(got.error().code == Errc::unauthenticated);
            CHECK_THAT(got.error().context, Catch::Contains(row.remedy));
            CHECK_THAT(got.error().context, Catch::Contains("https://" + row.host + ":"));
        }
        server.stop();
    }
}

TEST_CASE("a node that is silent is away after the patience", "[cli][tls]")
{
    boost::asio::io_context context{1};
    Authority authority;
    HttpsServer server{context, authority.issue_server()};
    server.shakes_hands = GENERATE(false, true); // then it has no answer
    const Client client{context, server};
    auto access = client.access(authority.certificate_file());
    if (server.shakes_hands) {
        server.answer = "HTTP/1.1 200 OK\r\n\r\n";
        server.drip = 5s;
    }

    const auto got = client.get(std::move(access));

    CHECK(got.error().code == Errc::unavailable);
    CHECK_THAT(got.error().context, Catch::Contains("silent for 1 s"));
    server.stop();
}

TEST_CASE("files that are not what they should be are named", "[cli][tls]")
{
    boost::asio::io_context context{1};
    Authority authority;
    HttpsServer server{context, authority.issue_server()};
    server.answer_with("{}");
    const Client client{context, server};
    const auto mine = authority.issue_client("mine", "spiffe://example.org/mine");
    const auto other = authority.issue_client("other", "spiffe://example.org/other");
    const auto failure_with = [&](auto change) {
        auto access = client.access(authority.certificate_file());
        change(access);
        const auto got = client.get(std::move(access));
        return got ? Error{Errc::internal, "it works"} : got.error();
    };

    const auto none = failure_with([](NodeAccess& access) { access.ca_file = "/nowhere/ca.pem"; });
    CHECK(none.code == Errc::not_found);
    CHECK_THAT(none.context, Catch::Contains("/nowhere/ca.pem"));
    const auto no_ca = failure_with([&mine](NodeAccess& access) { access.ca_file = mine.key; });
    CHECK(no_ca.code == Errc::malformed);
    const auto no_key =
        failure_with([&mine](NodeAccess& access) { access.certificate_file = mine.certificate; });
    CHECK(no_key.code == Errc::malformed);
    const auto other_key = failure_with([&](NodeAccess& access) {
        access.certificate_file = mine.certificate;
        access.key_file = other.key;
    });
    CHECK(other_key.code == Errc::malformed);
    CHECK_THAT(other_key.context, Catch::Contains(other.key.string()));
    CHECK(server.requests == 0);
    CHECK(failure_with([&mine](NodeAccess& access) {
              access.certificate_file = mine.certificate;
              access.key_file = mine.key;
          }).context == "it works");
    server.stop();
}
