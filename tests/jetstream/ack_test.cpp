#include "jetstream/ack.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream::jetstream;

TEST_CASE("every kind of answer is told apart", "[jetstream]")
{
    struct Row {
        std::string_view payload;
        Ack::Kind kind;
        std::uint64_t sequence;
        std::uint64_t count;
    };
    const Row rows[] = {
        {R"({"stream":"EV_main","seq":1207})", Ack::Kind::stored, 1207, 0},
        {R"({"stream":"EV_main", "domain":"hub", "seq":1})", Ack::Kind::stored, 1, 0},
        {R"({"stream":"EV_main","seq":1207,"batch":"b","count":8})", Ack::Kind::stored, 1207, 8},
        {R"({"stream":"EV_main","seq":9,"duplicate": true})", Ack::Kind::duplicate, 9, 0},
        {R"({"stream":"EV_main","seq":9,"duplicate":true})", Ack::Kind::duplicate, 9, 0},
        {R"({"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 5"},"stream":"E","seq":0})",
         Ack::Kind::wrong_sequence, 0, 0},
        {R"({"error":{"code":400,"err_code":10164,"description":"x"},"seq":0})",
         Ack::Kind::undecided, 0, 0},
        {R"({"error":{"code":409,"err_code":10158,"description":"x"},"seq":0})",
         Ack::Kind::undecided, 0, 0},
        {R"({"error":{"code":400,"err_code":10201,"description":"x"},"seq":0})",
         Ack::Kind::batch_duplicate, 0, 0},
        {R"({"error":{"code":400,"err_code":10176,"description":"x"},"seq":0})",
         Ack::Kind::transient, 0, 0},
        {R"({"error":{"code":503,"err_code":10077,"description":"x"},"seq":0})", Ack::Kind::full, 0,
         0},
        {R"({"error":{"code":400,"err_code":10054,"description":"x"},"seq":0})",
         Ack::Kind::too_large, 0, 0},
        {R"({"error":{"code":400,"err_code":10174,"description":"x"},"seq":0})", Ack::Kind::fault,
         0, 0},
        {R"({"error":{"code":400,"err_code":99999,"description":"x"},"seq":0})", Ack::Kind::fault,
         0, 0},
    };

    for (const Row& row : rows) {
        INFO(row.payload);
        const Ack ack = parse_ack(row.payload, false);
        CHECK(ack.kind == row.kind);
        CHECK(ack.count == row.count);
        if (row.sequence != 0) {
            CHECK(ack.sequence == row.sequence);
        }
    }
    CHECK(parse_ack("", true).kind == Ack::Kind::transient);
}

TEST_CASE("an answer that makes no sense never counts as stored", "[jetstream]")
{
    for (const auto* payload : {"", "{}", "[]", "null", R"({"seq":0})", R"({"seq":"7"})",
                                R"({"stream":"x"})", R"({"error":7,"seq":5})", "+OK"}) {
        INFO(payload);
        const auto kind = parse_ack(payload, false).kind;
        CHECK(kind != Ack::Kind::stored);
        CHECK(kind != Ack::Kind::duplicate);
    }
}
