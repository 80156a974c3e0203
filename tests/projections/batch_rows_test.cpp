#include "projections/batch_rows.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace sealstream {

namespace {

std::vector<StoredRecord> records(std::size_t count)
{
    std::vector<StoredRecord> made;
    for (std::size_t at = 0; at < count; ++at) {
        const Event event = testing::sample_event(at);
        made.push_back(
            {Position{at + 5}, WallTime{1}, codec(CodecKind::canonical_json).encode(event)});
    }
    return made;
}

} // namespace

TEST_CASE("a batch has a row for every record", "[projections]")
{
    SkipRules rules;
    const auto batch = encode_batch(records(3), rules);

    CHECK(batch.rows.rows() == 3);
    CHECK(batch.first == Position{5});
    CHECK(batch.last == Position{7});
    CHECK_FALSE(batch.fault);
}

TEST_CASE("a batch says which key a payload has, and whether it is forgotten", "[projections]")
{
    SkipRules rules;
    auto all = records(1);
    auto plain = encode_batch(all, rules);
    all.front().payload_key = "ops.days_30/a/b";
    auto kept = encode_batch(all, rules);
    all.front().is_expired = true;
    auto gone = encode_batch(all, rules);

    const auto text = [](BatchRows& batch) { return std::string{as_text(batch.rows.finish())}; };
    const std::string kept_text = text(kept);
    CHECK(text(plain).find("ops.days_30/a/b") == std::string::npos);
    CHECK(kept_text.find("ops.days_30/a/b") != std::string::npos);
    CHECK(kept_text != text(gone));
}

TEST_CASE("a batch ends before the first record that does not decode, and names it",
          "[projections]")
{
    for (std::size_t broken = 0; broken < 3; ++broken) {
        auto all = records(3);
        all[broken].record.pop_back();

        SkipRules rules;
        const auto batch = encode_batch(all, rules);

        CHECK(batch.rows.rows() == broken);
        CHECK(batch.last == Position{4 + broken});
        REQUIRE(batch.fault);
        CHECK(batch.fault->code == Errc::corrupt);
        CHECK(batch.fault->context.find(std::to_string(5 + broken)) != std::string::npos);
    }
}

} // namespace sealstream
