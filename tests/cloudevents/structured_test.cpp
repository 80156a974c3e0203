#include "core/cloudevents/structured.hpp"
#include "core/event/canonical_json.hpp"
#include "tests/cloudevents/random_cloud_event.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("an event written in the JSON format reads back as it was", "[cloudevents][property]")
{
    auto random = random_generator(401);
    for (int round = 0; round < 500; ++round) {
        const CloudEvent event = random_cloud_event(random);
        std::string text;
        append_structured(text, event);
        CAPTURE(seed(), text);

        CHECK(structured(text) == event);
    }
}

TEST_CASE("the attributes that identify an event come first", "[cloudevents]")
{
    std::string text;
    append_structured(text, structured(plain_json(R"(,"data":{"b":1,"a":2},"ext":true)")));

    CHECK(text == R"({"specversion":"1.0","id":"1","source":"/s","type":"T","ext":true,)"
                  R"("subject":"deal/1","data":{"a":2,"b":1}})");
}

TEST_CASE("an attribute that is null is not there", "[cloudevents]")
{
    CHECK(structured(plain_json(R"(,"time":null,"ext":null)")) == structured(plain_json()));
}

TEST_CASE("data that is null is not data that is missing", "[cloudevents]")
{
    CHECK(structured(plain_json()).form == CloudEvent::Data::none);
    CHECK(structured(plain_json(R"(,"data":null)")).form == CloudEvent::Data::json);
}

TEST_CASE("what the JSON format forbids is refused at its place", "[cloudevents]")
{
    struct Row {
        std::string json;
        const char* pointer;
    };
    const std::string long_name(attribute_name_bytes_max + 1, 'x');
    const auto row = GENERATE_COPY(
        Row{R"([])", ""}, Row{R"({"id":"1","source":"/s","type":"T"})", "/specversion"},
        Row{R"({"specversion":"0.3","id":"1","source":"/s","type":"T"})", "/specversion"},
        Row{R"({"specversion":1.0,"id":"1","source":"/s","type":"T"})", "/specversion"},
        Row{R"({"specversion":"1.0","source":"/s","type":"T"})", "/id"},
        Row{R"({"specversion":"1.0","id":"1","type":"T"})", "/source"},
        Row{R"({"specversion":"1.0","id":"1","source":"/s"})", "/type"},
        Row{R"({"specversion":"1.0","id":"","source":"/s","type":"T"})", "/id"},
        Row{R"({"specversion":"1.0","id":7,"source":"/s","type":"T"})", "/id"},
        Row{R"({"specversion":"1.0","id":null,"source":"/s","type":"T"})", "/id"},
        Row{R"({"specversion":"1.0","id":"1","source":"a b","type":"T"})", "/source"},
        Row{plain_json(R"(,"time":"yesterday")"), "/time"},
        Row{plain_json(R"(,"dataschema":"relative")"), "/dataschema"},
        Row{plain_json(R"(,"datacontenttype":"json")"), "/datacontenttype"},
        Row{plain_json(R"(,"Ext":"x")"), "/Ext"}, Row{plain_json(R"(,"my-ext":"x")"), "/my-ext"},
        Row{plain_json(R"(,"ext":{})"), "/ext"}, Row{plain_json(R"(,"ext":1.5)"), "/ext"},
        Row{plain_json(R"(,"ext":2147483648)"), "/ext"},
        Row{plain_json(R"(,"ext":"a\u0007")"), "/ext"},
        Row{plain_json(R"(,"ext":"a\u0085")"), "/ext"},
        Row{plain_json(",\"" + long_name + "\":\"x\""), "/xxx"},
        Row{plain_json(R"(,"data":1,"data_base64":"AA==")"), "/data_base64"},
        Row{plain_json(R"(,"data_base64":"AA")"), "/data_base64"},
        Row{plain_json(R"(,"data_base64":{})"), "/data_base64"});
    CAPTURE(row.json);

    const auto value = parse_json(row.json);
    REQUIRE(value.has_value());
    const auto event = parse_structured(*value);

    REQUIRE(!event.has_value());
    CHECK(event.error().code == Errc::malformed);
    CHECK(event.error().pointer.starts_with(row.pointer));
}

TEST_CASE("an attribute that is there twice is refused by the reader", "[cloudevents]")
{
    const auto value = parse_json(plain_json(R"(,"id":"2")"));

    REQUIRE(!value.has_value());
    CHECK(value.error().code == Errc::duplicate_key);
    CHECK(value.error().pointer == "/id");
}

TEST_CASE("more attributes than the limit are refused", "[cloudevents]")
{
    std::string more;
    for (std::size_t number = 0; number < attributes_max; ++number) {
        more.append(",\"e").append(std::to_string(number)).append("\":1");
    }

    const auto event = parse_structured(*parse_json(plain_json(more)));

    REQUIRE(!event.has_value());
    CHECK(event.error().code == Errc::too_large);
}
