#include "node/cli/node_lines.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::cli;

TEST_CASE("a line of a feed is told apart, and its event is the exact text", "[cli]")
{
    const std::string event = R"({"type":"event","cursor":"7","event":{"data":{"a":"}"}}})";
    const auto parsed = parse_feed_line(event);
    const auto level = parse_feed_line(R"({"type":"caught-up","cursor":"9"})");
    const auto error = parse_feed_line(
        R"({"type":"error","cursor":"9","code":"overrun","retryable":true,"detail":"slow"})");

    CHECK(parsed->kind == FeedLine::Kind::event);
    CHECK(parsed->cursor == "7");
    CHECK(parsed->event == R"({"data":{"a":"}"}})");
    CHECK(level->kind == FeedLine::Kind::caught_up);
    CHECK(level->cursor == "9");
    CHECK(error->kind == FeedLine::Kind::error);
    CHECK(error->code == "overrun");
    CHECK(error->is_retryable);
    CHECK(parse_feed_line(R"({"type":"later-invention","cursor":"3"})")->kind ==
          FeedLine::Kind::heartbeat);
    CHECK(!parse_feed_line("<html>"));
    CHECK(!parse_feed_line(R"({"type":"event","cursor":"7)"));
}

TEST_CASE("only a line without id and key is given an id", "[cli]")
{
    EventId id;
    id.bytes[15] = std::byte{7};
    const std::string member = R"("id":"00000000-0000-0000-0000-000000000007")";

    CHECK(with_id(R"( {"type":"A"})", id) == " {" + member + R"(,"type":"A"})");
    CHECK(with_id("{ }", id) == "{" + member + " }");
    CHECK(with_id(R"({"type":"A","key":"k"})", id) == R"({"type":"A","key":"k"})");
    CHECK(with_id(R"({"id":"x"})", id) == R"({"id":"x"})");
    CHECK(with_id("nonsense", id) == "nonsense");
    CHECK(with_id(R"(["type"])", id) == R"(["type"])");
}

TEST_CASE("results of a batch are counted on from the batches before", "[cli]")
{
    const std::string line = R"({"line":"3","status":201,"replayed":true})";
    const auto parsed = parse_result_line(line);

    CHECK(parsed->line == 3);
    CHECK(parsed->status == 201);
    CHECK(parsed->is_repeat);
    CHECK(renumbered(line, 500) == R"({"line":"503","status":201,"replayed":true})");
    CHECK(parse_result_line(R"({"summary":{"is_complete":true}})")->is_complete);
    CHECK(!parse_result_line(R"({"summary":{"is_complete":false}})")->is_complete);
    CHECK(!parse_result_line("{}"));
}

TEST_CASE("a line is taken off only when it is whole", "[cli]")
{
    std::string text = "one\r\ntwo\nthr";
    CHECK(take_line(text) == "one");
    CHECK(take_line(text) == "two");
    CHECK(!take_line(text));
    CHECK(text == "thr");
}
