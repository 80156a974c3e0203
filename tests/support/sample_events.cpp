#include "tests/support/sample_events.hpp"

#include "core/event/canonical_json.hpp"
#include "core/event/stream_chain.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace sealstream::testing {

namespace {

namespace json = boost::json;

std::uint64_t up_to(std::mt19937_64& random, std::uint64_t largest)
{
    return std::uniform_int_distribution<std::uint64_t>{0, largest}(random);
}

// From every length of UTF-8, and all that needs an escape.
std::string random_text(std::mt19937_64& random, std::size_t letters_max, bool has_controls)
{
    constexpr std::array<const char*, 14> plain{"a",
                                                "Z",
                                                "7",
                                                " ",
                                                "/",
                                                "~",
                                                "\"",
                                                "\\",
                                                "\xc3\xa9",
                                                "\xd7\xa9",
                                                "\xe2\x82\xac",
                                                "\xee\x80\x80",
                                                "\xef\xbf\xbd",
                                                "\xf0\x9f\x98\x80"};
    std::string text;
    const std::size_t letters = up_to(random, letters_max);
    for (std::size_t at = 0; at < letters; ++at) {
        if (has_controls && up_to(random, 9) == 0) {
            text.push_back(static_cast<char>(up_to(random, 0x1f)));
        } else {
            text += plain[up_to(random, plain.size() - 1)];
        }
    }
    return text;
}

json::value random_number(std::mt19937_64& random)
{
    switch (up_to(random, 5)) {
    case 0:
        return static_cast<std::int64_t>(up_to(random, 300)) - 150;
    case 1:
        return std::bit_cast<std::int64_t>(random());
    case 2:
        return random();
    case 3:
        return static_cast<double>(up_to(random, 1'000'000)) / 1024.0;
    case 4:
        return static_cast<double>(
            std::bit_cast<float>(static_cast<std::uint32_t>(random() & 0x7f7fffff)));
    default: {
        const double number = std::bit_cast<double>(random());
        return std::isfinite(number) ? number : 0.1;
    }
    }
}

json::value random_value(std::mt19937_64& random, std::size_t depth)
{
    switch (up_to(random, depth == 0 ? 4 : 6)) {
    case 0:
        return nullptr;
    case 1:
        return up_to(random, 1) == 1;
    case 2:
    case 3:
        return random_number(random);
    case 4:
        return json::value(random_text(random, 40, true));
    case 5: {
        json::array array;
        for (auto left = up_to(random, 5); left > 0; --left) {
            array.push_back(random_value(random, depth - 1));
        }
        return array;
    }
    default: {
        json::object object;
        for (auto left = up_to(random, 6); left > 0; --left) {
            object[random_text(random, 6, true)] = random_value(random, depth - 1);
        }
        return object;
    }
    }
}

std::string random_label(std::mt19937_64& random)
{
    return "x" + random_text(random, 30, false);
}

} // namespace

Draft sample_draft(std::uint64_t number)
{
    Draft draft;
    for (std::size_t at = 0; at < 8; ++at) {
        const auto byte = static_cast<std::byte>((number >> (8 * at)) & 0xff);
        draft.id.bytes[15 - at] = byte;
        draft.salt[31 - at] = byte;
    }
    draft.type = "SampleHappened";
    draft.source = "sample-service";
    draft.data = R"({"number":)" + std::to_string(number % (1U << 30U)) + "}";
    return draft;
}

Event sample_event(std::uint64_t number)
{
    return Event{sample_draft(number), {"sample", "one"}, Version{1}, std::nullopt, std::nullopt};
}

std::string random_json(std::mt19937_64& random, std::size_t depth)
{
    return to_canonical_json(random_value(random, depth));
}

Event random_event(std::mt19937_64& random)
{
    Event event;
    Draft& draft = event.draft;
    for (auto& byte : draft.id.bytes) {
        byte = static_cast<std::byte>(random() & 0xff);
    }
    for (auto& byte : draft.salt) {
        byte = static_cast<std::byte>(random() & 0xff);
    }
    draft.type = up_to(random, 1) == 0 ? "TokensTransferred" : "v1.package.created";
    draft.source = random_label(random);
    draft.actor = up_to(random, 1) == 0 ? "" : random_label(random);
    draft.key = up_to(random, 1) == 0 ? "" : random_label(random);
    draft.data = random_json(random, 4);
    if (up_to(random, 1) == 0) {
        json::object meta;
        for (auto left = up_to(random, 4); left > 0; --left) {
            meta[random_text(random, 6, true)] = random_value(random, 2);
        }
        draft.meta = to_canonical_json(meta);
    }
    if (up_to(random, 1) == 0) {
        draft.time = WallTime{std::bit_cast<std::int64_t>(random()) / 2};
    }
    event.stream = {up_to(random, 1) == 0 ? "deal" : "agent-2_x", random_label(random)};
    event.version = Version{up_to(random, 3) == 0 ? (random() >> 1U) | 1U : up_to(random, 300) + 1};
    if (up_to(random, 1) == 0) {
        Digest prev_hash;
        if (event.version != Version{1}) {
            prev_hash = sha256(as_bytes("before"));
        }
        chain(event, prev_hash);
    }
    return event;
}

} // namespace sealstream::testing
