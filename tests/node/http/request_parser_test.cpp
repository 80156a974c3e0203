// The parser by itself: cutting the bytes anywhere changes nothing, and no bytes break it.

#include "node/http/request_parser.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <random>

using namespace sealstream;
using namespace sealstream::http;

namespace {

struct Parsed {
    Framing framing{Framing::ok};
    bool is_whole{false};
    std::string target;
    std::string host;
    std::string body;

    friend bool operator==(const Parsed&, const Parsed&) = default;
};

// Feeds `bytes` in pieces that end at `cuts`, as a session does: what was not used comes again.
Parsed parse(const std::string& bytes, const std::vector<std::size_t>& cuts)
{
    RequestHead head;
    std::string body;
    RequestParser parser{head, body, 1024, 512};
    parser.limit_body(1000);
    Parsed parsed;
    std::string held;
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
        held.append(bytes, from, cut - from);
        from = cut;
        for (bool goes_on = true; goes_on && !held.empty() && !parser.has_all();) {
            const auto progress = parser.put(held.data(), held.size());
            held.erase(0, progress.used);
            parsed.framing = progress.framing;
            goes_on = progress.framing == Framing::ok && !progress.needs_more;
        }
        if (parsed.framing != Framing::ok) {
            return parsed; // what was understood before the fault means nothing
        }
    }
    parsed.is_whole = parser.has_header() && parser.has_all();
    parsed.target = head.target();
    parsed.host = head.field("host");
    parsed.body = body;
    return parsed;
}

const std::vector<std::string> requests{
    "GET /v1/limits?x=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "POST /v1/events HTTP/1.1\r\nHOST: b\r\nContent-Length: 11\r\n\r\nhello world",
    "POST /v1/events HTTP/1.1\r\nhost: c\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
    "world\r\n0\r\nTrailer: t\r\n\r\n",
};

} // namespace

TEST_CASE("a request means the same wherever its bytes are cut", "[http][parser][exhaustive]")
{
    std::size_t wrong = 0;
    for (const auto& request : requests) {
        const auto whole = parse(request, {request.size()});
        REQUIRE(whole.is_whole);
        CHECK((whole.body.empty() || whole.body == "hello world"));
        for (std::size_t one = 1; one < request.size(); ++one) {
            for (std::size_t two = one; two < request.size(); ++two) {
                wrong += parse(request, {one, two, request.size()}) == whole ? 0U : 1U;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a request without its last byte is never whole", "[http][parser]")
{
    for (const auto& request : requests) {
        const auto cut = request.substr(0, request.size() - 1);
        const auto parsed = parse(cut, {cut.size()});
        CHECK(!parsed.is_whole);
        CHECK(parsed.framing == Framing::ok);
    }
}

TEST_CASE("no bytes break the parser", "[http][parser][property]")
{
    auto random = testing::random_generator(31);
    std::size_t refused = 0;
    constexpr std::size_t rounds = 20'000;
    for (std::size_t round = 0; round < rounds; ++round) {
        std::string bytes = requests[random() % requests.size()];
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            const auto at = random() % bytes.size();
            switch (random() % 3) {
            case 0:
                bytes[at] = static_cast<char>(random() % 256);
                break;
            case 1:
                bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 20));
                break;
            default:
                bytes.erase(at, 1 + random() % 5);
            }
            bytes.append(bytes.empty() ? "x" : "");
        }
        const auto cut = random() % bytes.size();
        const auto parsed = parse(bytes, {cut, bytes.size()});
        refused += parsed.framing != Framing::ok ? 1U : 0U;
    }
    CHECK(refused > rounds / 10);
    CHECK(refused < rounds);
}

TEST_CASE("limits are kept to the byte", "[http][parser]")
{
    const auto with_target = [](std::size_t size) {
        return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    const auto with_body = [](std::size_t size) {
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'x');
    };
    const auto framing = [](const std::string& bytes) {
        return parse(bytes, {bytes.size()}).framing;
    };

    CHECK(framing(with_target(512)) == Framing::ok);
    CHECK(framing(with_target(513)) == Framing::uri_too_long);
    CHECK(framing(with_target(5000)) == Framing::uri_too_long);
    CHECK(framing(with_body(1000)) == Framing::ok);
    CHECK(framing(with_body(1001)) == Framing::body_too_large);
    CHECK(framing("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n") ==
          Framing::header_too_large);
}
