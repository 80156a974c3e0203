// Repeats of events whose secret fields are told by rules that came after them, or that have
// changed since (docs/idempotency.md).

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

const std::pair<std::string, std::string> repeat_key{"Idempotency-Key", "k"};
constexpr auto event = R"({"type":"A","data":{"pin":"1234","sum":7}})";
constexpr auto other_secret = R"({"type":"A","data":{"pin":"9999","sum":7}})";
constexpr auto other_sum = R"({"type":"A","data":{"pin":"1234","sum":8}})";

struct RedactingWorld : HttpWorld {
    // Without a window the log never forgets.
    explicit RedactingWorld(bool is_forgetful)
        : HttpWorld{{},
                    {},
                    MemoryLogOptions{{},
                                     {},
                                     is_forgetful ? std::optional<std::chrono::nanoseconds>{600s}
                                                  : std::nullopt}}
    {
    }
    void redact(const std::string& list)
    {
        const Got got = send({http::Verb::put,
                              "/v1/redactions/A",
                              {{"Content-Type", "application/json"}},
                              R"({"redact":)" + list + "}"});
        REQUIRE(got.status / 100 == 2);
    }
    Got append(const char* body) { return post(deal, body, {repeat_key}); }
    Got append_line(const char* body)
    {
        return post_lines(deal, R"({"key":"k",)" + std::string{body + 1} + "\n");
    }
};

std::string rule(const std::string& mode)
{
    return R"([{"pointer":"/data/pin","mode":")" + mode + R"("}])";
}

enum class Age { recent, old, endless };

} // namespace

TEST_CASE("a repeat from before a redaction is the same when it is the same after it",
          "[http][idempotency][redaction]")
{
    const auto age = GENERATE(Age::recent, Age::old, Age::endless);
    const std::string mode = GENERATE("remove", "mask", "digest");
    CAPTURE(static_cast<int>(age), mode);
    RedactingWorld world{age != Age::endless};
    const Got first = world.append(event);
    REQUIRE(first.status == 201);
    world.redact(rule(mode));
    if (age == Age::recent) {
        world.index.stands_at = Position{}; // only the log knows
    } else {
        world.clock.shift += 3'600s;
    }

    const Got again = world.append(event);
    const Got secret = world.append(other_secret);
    const Got sum = world.append(other_sum);

    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(secret.status == (mode == "digest" ? 422 : 201)); // the others do not tell secrets apart
    CHECK(sum.status == 422);
    CHECK(sum.at("/code") == "key_reuse");
}

TEST_CASE("a line of a bulk from before a redaction is the same, too",
          "[http][idempotency][redaction]")
{
    const auto age = GENERATE(Age::recent, Age::old, Age::endless);
    CAPTURE(static_cast<int>(age));
    RedactingWorld world{age != Age::endless};
    REQUIRE(world.append_line(event).status == 200);
    world.redact(rule("mask"));
    if (age == Age::recent) {
        world.index.stands_at = Position{};
    } else {
        world.clock.shift += 3'600s;
    }

    const Got again = world.append_line(event);
    const Got sum = world.append_line(other_sum);

    CHECK(again.body.find("\"replayed\":true") != std::string::npos);
    CHECK(sum.body.find("\"code\":\"key_reuse\"") != std::string::npos);
}

TEST_CASE("a redaction that has become stricter keeps repeats the same, one that is gone does not",
          "[http][idempotency][redaction]")
{
    struct Row {
        std::string before;
        std::string after;
        int status;
    };
    const auto row =
        GENERATE(Row{rule("mask"), rule("mask"), 201}, Row{rule("digest"), rule("digest"), 201},
                 Row{rule("mask"), rule("remove"), 201}, Row{rule("digest"), rule("mask"), 201},
                 Row{rule("mask"), rule("digest"), 422}, Row{rule("remove"), rule("mask"), 422},
                 Row{rule("mask"), "[]", 422});
    CAPTURE(row.before, row.after);
    RedactingWorld world{true};
    world.redact(row.before);
    const Got first = world.append(event);
    REQUIRE(first.status == 201);
    world.redact(row.after);
    world.clock.shift += 3'600s;

    const Got again = world.append(event);

    CHECK(again.status == row.status);
    CHECK((again.body == first.body) == (row.status == 201));
}
