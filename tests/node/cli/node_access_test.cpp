// Where a node is, who asks, and what is said when that fails.

#include "node/cli/node_trouble.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/key_file.hpp"

using namespace sealstream;
using namespace sealstream::cli;
using testing::KeyFile;

namespace {

NodeAccess access_to(const std::string& url)
{
    NodeAccess access;
    access.url = *NodeUrl::parse(url);
    return access;
}

} // namespace

TEST_CASE("a node is named by a URL", "[cli]")
{
    const auto node = NodeUrl::parse("http://127.0.0.1:8080/ledgers/ops/");
    const auto capitals = NodeUrl::parse("HTTPS://node:8443");
    CHECK(node->host == "127.0.0.1");
    CHECK(node->port == "8080");
    CHECK(node->prefix == "/ledgers/ops");
    CHECK(!node->is_tls);
    CHECK(NodeUrl::parse("http://[::1]")->host == "::1");
    CHECK(NodeUrl::parse("http://[::1]")->authority() == "[::1]:80");
    CHECK(NodeUrl::parse("http://node")->port == "80");
    CHECK(NodeUrl::parse("https://node")->port == "443");
    REQUIRE(capitals);
    CHECK(capitals->place() == "https://node:8443");
    for (const char* const wrong :
         {"", "node:8080", "ftp://node", "http://", "http://node/?a=1", "http://node:/",
          "http://a%0d%0ab/", "http://[fe80::1%25lo]/"}) {
        CAPTURE(wrong);
        CHECK(NodeUrl::parse(wrong).error().code == Errc::malformed);
    }
}

TEST_CASE("a URL with a password is refused without being quoted", "[cli]")
{
    const auto refused = NodeUrl::parse("https://me:hush@node/").error();

    CHECK(refused.code == Errc::malformed);
    CHECK(refused.context.find("hush") == std::string::npos);
}

TEST_CASE("a token comes from a file, which is read anew, or from the environment", "[cli]")
{
    auto access = access_to("https://node");
    CHECK(access.authorization()->empty());
    access.token = "of.environment";
    CHECK(*access.authorization() == "Bearer of.environment");
    const KeyFile file{"\n aa.bb-_~+/= \r\n"};
    access.token_file = file.path();
    CHECK(*access.authorization() == "Bearer aa.bb-_~+/=");
    file.write("renewed");
    CHECK(*access.authorization() == "Bearer renewed");
}

TEST_CASE("what is no token is refused and never quoted", "[cli]")
{
    auto access = access_to("https://node");
    for (const std::string& wrong :
         {std::string{"hush one two"}, std::string{"hush\r\nX-Evil: 1"}, std::string{"\n"},
          "hush" + std::string(17'000, 'a'), std::string{"hush\xc3\xa9"}}) {
        const KeyFile file{wrong};
        access.token_file = file.path();
        CHECK(access.authorization().error().code == Errc::malformed);
        CHECK(access.authorization().error().context.find("hush") == std::string::npos);
        CHECK(access.authorization().error().context.find(file.path()) != std::string::npos);
    }
    access.token_file = "eyJhbGciOiJub25lIn0.hush.hush"; // the token in place of its file
    CHECK(access.authorization().error().code == Errc::not_found);
    CHECK(access.authorization().error().context.find("hush") == std::string::npos);
    access.token_file = "/tmp";
    CHECK(access.authorization().error().code == Errc::not_found);
}

TEST_CASE("a token leaves this machine only encrypted, unless told otherwise", "[cli]")
{
    for (const char* const near : {"http://localhost:1", "http://127.9.0.1", "http://[::1]:80"}) {
        auto access = access_to(near);
        access.token = "t";
        CHECK(access.authorization());
    }
    auto access = access_to("http://localhost.example:8080");
    CHECK(access.authorization()); // there is none
    access.token = "t";
    CHECK(access.authorization().error().code == Errc::refused);
    access.has_plaintext = true;
    CHECK(access.authorization());
}

TEST_CASE("a problem keeps its code", "[cli]")
{
    const auto problem = problem_error(422, R"({"code":"key_reuse","detail":"The key was used."})");
    CHECK(problem.code == Errc::key_reuse);
    CHECK(problem.context == "The key was used.");
    CHECK(problem_error(503, "<html>").code == Errc::unavailable);
    CHECK(problem_error(401, "<html>").code == Errc::unauthenticated);
    CHECK(problem_error(403, "").code == Errc::forbidden);
    CHECK(problem_error(404, "").code == Errc::malformed);
}

TEST_CASE("who is not let in is told the place and the remedy", "[cli]")
{
    auto access = access_to("https://node:8443");
    const auto said = [&access](int status, const std::string& code) {
        return problem_error(access, status, R"({"code":")" + code + R"(","detail":"Why."})")
            .context;
    };

    CHECK(said(401, "unauthenticated") ==
          "https://node:8443: Why.; --token FILE, or --cert and --key, say who asks");
    access.certificate_file = "a.pem";
    CHECK(said(401, "unauthenticated").ends_with("; the certificate is a.pem"));
    access.token = "hush";
    CHECK(said(401, "unauthenticated").ends_with("; the token comes from SEALSTREAM_TOKEN"));
    CHECK(said(403, "forbidden") == "https://node:8443: Why.");
    CHECK(said(404, "not_found") == "Why.");
    access.url.is_tls = false;
    CHECK(said(400, "tls_required") == "http://node:8443 speaks TLS; use https://node:8443");
    CHECK(no_http(access.url, "\x15\x03\x01").context ==
          "http://node:8443 speaks TLS; use https://node:8443");
    CHECK(no_http(access.url, "SSH").context.ends_with("is no HTTP server"));
}
