#include "core/base/encoding.hpp"
#include "core/cloudevents/binary.hpp"
#include "tests/cloudevents/random_cloud_event.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

BinaryMessage plain_message()
{
    return {{{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "T"}},
            "application/json",
            R"({"b":1,"a":2})"};
}

void set(BinaryMessage& message, std::string_view name, std::string_view value)
{
    for (auto& header : message.headers) {
        if (header.first == name) {
            header.second = value;
            return;
        }
    }
    message.headers.emplace_back(name, value);
}

// What binary mode can not say: the types of values, and that JSON was meant where nobody said so.
CloudEvent as_binary_says(CloudEvent event)
{
    for (auto& [name, value] : event.attributes) {
        value = to_text(value);
    }
    if (event.form == CloudEvent::Data::json) {
        event.attributes.emplace("datacontenttype", std::string{"application/json"});
    }
    return event;
}

} // namespace

TEST_CASE("an event sent in binary mode reads back as it was", "[cloudevents][property]")
{
    auto random = random_generator(402);
    for (int round = 0; round < 500; ++round) {
        const CloudEvent event = random_cloud_event(random);
        CAPTURE(seed(), round);

        const auto read = parse_binary(to_binary(event), {});

        REQUIRE(read.has_value());
        CHECK(*read == as_binary_says(event));
    }
}

TEST_CASE("bodies that are not JSON are kept byte by byte", "[cloudevents]")
{
    auto message = plain_message();
    message.content_type = "text/xml";
    message.body = std::string{"<a>\xff\0</a>", 9};

    const auto event = parse_binary(message, {});

    REQUIRE(event.has_value());
    CHECK(event->form == CloudEvent::Data::base64);
    CHECK(to_binary(*event).body == message.body);
    CHECK(to_binary(*event).content_type == "text/xml");
}

TEST_CASE("text of another media type in the JSON format is a plain body in binary mode",
          "[cloudevents]")
{
    const auto event = structured(plain_json(R"(,"datacontenttype":"text/plain","data":"a\"b")"));

    CHECK(to_binary(event).body == "a\"b");
}

TEST_CASE("header values are decoded as the HTTP binding says", "[cloudevents]")
{
    // The examples of the HTTP binding, 3.1.3.2, and what older senders wrote.
    CHECK(*decode_header("Euro%20%E2%82%AC%20%F0%9F%98%80") ==
          "Euro \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK(encode_header("Euro \xe2\x82\xac \xf0\x9f\x98\x80") == "Euro%20%E2%82%AC%20%F0%9F%98%80");
    CHECK(*decode_header(R"("a b\"c%41")") == "a b\"cA");
    CHECK(*decode_header("%2541") == "%41"); // one round only
    CHECK(encode_header("%\"") == "%25%22");

    for (const auto* bad : {"%", "%4", "%zz", "\"a", "\"a\"b", "\"a\\"}) {
        CAPTURE(bad);
        REQUIRE(!decode_header(bad).has_value());
        CHECK(decode_header(bad).error().code == Errc::malformed);
    }
    for (const auto* bad : {"%FF", "%C0%AF", "\xff"}) {
        CAPTURE(bad);
        REQUIRE(!decode_header(bad).has_value());
        CHECK(decode_header(bad).error().code == Errc::invalid_utf8);
    }
}

TEST_CASE("what the HTTP binding forbids is refused at its place", "[cloudevents]")
{
    struct Row {
        const char* header;
        const char* value;
        const char* pointer;
    };
    const auto row = GENERATE(Row{"ce-specversion", "0.3", "/specversion"}, Row{"ce-id", "", "/id"},
                              Row{"ce-source", "a b", "/source"}, Row{"ce-type", "", "/type"},
                              Row{"ce-time", "noon", "/time"},
                              Row{"ce-datacontenttype", "text/plain", "/datacontenttype"},
                              Row{"ce-my_ext", "x", "/my_ext"}, Row{"ce-", "x", "/"},
                              Row{"ce-data", "x", "/data"}, Row{"ce-ext", "%zz", "/ext"});
    CAPTURE(row.header, row.value);
    auto message = plain_message();
    set(message, row.header, row.value);

    const auto event = parse_binary(message, {});

    REQUIRE(!event.has_value());
    CHECK(event.error().code == Errc::malformed);
    CHECK(event.error().pointer == row.pointer);
}

TEST_CASE("each required header is missed", "[cloudevents]")
{
    const std::string missing = GENERATE("ce-specversion", "ce-id", "ce-source", "ce-type");
    auto message = plain_message();
    std::erase_if(message.headers, [&](const auto& header) { return header.first == missing; });

    const auto event = parse_binary(message, {});

    REQUIRE(!event.has_value());
    CHECK(event.error().pointer == "/" + missing.substr(3));
}

TEST_CASE("a header that is there twice is refused", "[cloudevents]")
{
    const std::string twice = GENERATE("ce-specversion", "ce-id", "ce-ext");
    auto message = plain_message();
    set(message, "ce-ext", "1");
    message.headers.emplace_back(twice, "1.0");

    const auto event = parse_binary(message, {});

    REQUIRE(!event.has_value());
    CHECK(event.error().code == Errc::duplicate_key);
}

TEST_CASE("a body that is not the JSON that it claims to be is refused", "[cloudevents]")
{
    auto message = plain_message();
    message.body = R"({"a":[1,}])";

    const auto event = parse_binary(message, {});

    REQUIRE(!event.has_value());
    CHECK(event.error().code == Errc::malformed);
    CHECK(event.error().pointer.starts_with("/data"));
}
