// How long the codecs take, in nanoseconds per call. Run it from the release preset on a quiet
// machine.

#include "core/base/check.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"

#include <chrono>
#include <cstdio>
#include <string>

namespace {

using namespace sealstream;

constexpr auto run_time = std::chrono::milliseconds{300}; // each line
constexpr std::size_t data_bytes = 256;

// Keeps a result alive, so that the work for it is not optimised away.
std::size_t total = 0;

template <class Work>
void measure(const char* what, const Work& work)
{
    using Steady = std::chrono::steady_clock;
    constexpr int calls_between_looks = 256;
    const auto begin = Steady::now();
    auto now = begin;
    std::size_t calls = 0;
    while (now - begin < run_time) {
        for (int call = 0; call < calls_between_looks; ++call) {
            total += work();
        }
        calls += calls_between_looks;
        now = Steady::now();
    }
    const double nanoseconds = std::chrono::duration<double, std::nano>(now - begin).count();
    std::printf("%-44s %8.0f ns\n", what, nanoseconds / static_cast<double>(calls));
}

// An object of about `data_bytes`, as applications send them.
std::string sample_data()
{
    std::string data =
        R"({"amount":125.5,"currency":"EUR","from":"account-4711","lines":[)"
        R"({"count":3,"name":"Größe L","price":19.99},{"count":1,"name":"x","price":2}],)"
        R"("note":")";
    data.append(data_bytes - data.size() - 20, 'n');
    return data + R"(","to":"account-1"})";
}

Event sample_event(bool has_all_fields)
{
    Event event;
    event.draft.id = *EventId::parse("0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11");
    event.draft.type = "TokensTransferred";
    event.draft.source = "economy-service";
    event.draft.data = sample_data();
    event.stream = {"account", "account-4711"};
    event.version = Version{42};
    if (has_all_fields) {
        event.draft.actor = "user:7";
        event.draft.key = "transfer-99812";
        event.draft.time = WallTime{1'766'570'400'123'000'000};
        event.draft.meta = R"({"correlation":"0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c10"})";
        chain(event, sha256(as_bytes("before")));
    }
    return event;
}

void measure_codec(const char* title, CodecKind kind, const Event& event)
{
    const std::string what = std::string{name(kind)} + " record, " + title;
    const Bytes record = codec(kind).encode(event);
    SEAL_CHECK(decode_record(record).has_value(), "the sample is an event");
    measure(("encode " + what + ", " + std::to_string(record.size()) + " bytes").c_str(),
            [&] { return codec(kind).encode(event).size(); });
    measure(("decode " + what).c_str(), [&] { return decode_record(record)->draft.data.size(); });
}

} // namespace

int main()
{
    const std::string data = sample_data();
    const std::string spaced = " " + data;
    const auto parsed = parse_json(data);
    SEAL_CHECK(parsed.has_value() && to_canonical_json(*parsed) == data, "the sample is canonical");

    std::printf("data: %zu bytes\n", data.size());
    measure("parse_json",
            [&] { return parse_json(data)->kind() == boost::json::kind::object ? 1U : 0U; });
    measure("to_canonical_json", [&] { return to_canonical_json(*parsed).size(); });
    measure("canonical_json, already canonical", [&] { return canonical_json(data)->size(); });
    measure("canonical_json, one space too many", [&] { return canonical_json(spaced)->size(); });
    for (const bool has_all_fields : {false, true}) {
        const Event event = sample_event(has_all_fields);
        const char* const title = has_all_fields ? "all fields" : "few fields";
        measure_codec(title, CodecKind::canonical_json, event);
        measure_codec(title, CodecKind::deterministic_cbor, event);
    }
    const Event event = sample_event(true);
    measure("chain_hash", [&] { return static_cast<std::size_t>(chain_hash(event, {}).bytes[0]); });
    measure("to_rfc3339", [&] { return to_rfc3339(*event.draft.time).size(); });
    const SystemClock clock;
    EventIdSource ids{clock};
    measure("an id and a salt", [&ids] {
        Salt salt;
        fill_random(salt);
        return static_cast<std::size_t>(ids.next().bytes[15]) + static_cast<std::size_t>(salt[0]);
    });
    std::printf("(%zu)\n", total);
    return 0;
}
