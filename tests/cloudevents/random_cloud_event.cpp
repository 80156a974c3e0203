#include "tests/cloudevents/random_cloud_event.hpp"

#include "core/base/encoding.hpp"
#include "core/cloudevents/structured.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/event_id.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace sealstream::testing {

namespace {

bool chance(std::mt19937_64& random)
{
    return random() % 2 == 0;
}

std::string random_text(std::mt19937_64& random)
{
    constexpr std::array<std::string_view, 8> pieces{
        "a", "Z", " ", "%", "\xe2\x82\xac", "\"", "\\", "\xf0\x9f\x98\x80"};
    std::string text;
    for (std::size_t left = 1 + random() % 12; left != 0; --left) {
        text.append(pieces[random() % pieces.size()]);
    }
    return text;
}

std::string random_id(std::mt19937_64& random)
{
    EventId id;
    for (std::byte& byte : id.bytes) {
        byte = static_cast<std::byte>(random());
    }
    auto text = id.to_string();
    if (random() % 4 == 0) {
        std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
            return letter >= 'a' && letter <= 'f' ? static_cast<char>(letter - 'a' + 'A') : letter;
        });
    }
    return chance(random) ? text : random_text(random);
}

} // namespace

CloudEvent random_cloud_event(std::mt19937_64& random)
{
    constexpr std::array<std::string_view, 5> times{
        "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.120Z", "1999-12-31T23:59:59.000000001+01:00",
        "2026-01-02t03:04:05z", "2026-01-02T03:04:05+00:00"};
    constexpr std::array<std::string_view, 5> sources{"/s", "https://example.com/a?b#c",
                                                      "urn:uuid:1", "spiffe://x/y", "a%20b"};
    CloudEvent event;
    auto& attributes = event.attributes;
    attributes["id"] = random_id(random);
    attributes["source"] = std::string{sources[random() % sources.size()]};
    attributes["type"] = std::string{chance(random) ? "com.example.opened" : "TokensTransferred"};
    attributes["subject"] = "deal/" + random_text(random);
    if (chance(random)) {
        attributes["time"] = std::string{times[random() % times.size()]};
    }
    if (chance(random)) {
        attributes["dataschema"] = "https://example.com/schema#1";
    }
    for (const auto* name : {"traceparent", "tracestate", "correlationid", "causationid",
                             "category", "partitionkey", "actor", "streamtype0"}) {
        if (chance(random)) {
            attributes[name] = random_text(random);
        }
    }
    if (chance(random)) {
        attributes["flag"] = chance(random);
        attributes["number"] = static_cast<std::int32_t>(random());
        attributes["empty"] = std::string{};
        attributes["causationid"] = std::int32_t{7}; // no text, so it has no place in meta
    }
    switch (random() % 4) {
    case 0:
        break;
    case 1:
        event.form = CloudEvent::Data::base64;
        event.data = to_base64(as_bytes(random_text(random)));
        attributes["datacontenttype"] = "application/octet-stream";
        break;
    case 2:
        event.form = CloudEvent::Data::json;
        event.data = "null";
        break;
    default:
        event.form = CloudEvent::Data::json;
        event.data = random_json(random, 3);
        attributes["datacontenttype"] = "application/vnd.x+json; charset=utf-8";
        break;
    }
    return event;
}

CloudEvent structured(std::string_view text)
{
    INFO(text);
    const auto value = parse_json(text);
    REQUIRE(value.has_value());
    auto event = parse_structured(*value);
    REQUIRE(event.has_value());
    return *std::move(event);
}

std::string plain_json(std::string_view more)
{
    return R"({"specversion":"1.0","id":"1","source":"/s","type":"T","subject":"deal/1")" +
           std::string{more} + "}";
}

} // namespace sealstream::testing
