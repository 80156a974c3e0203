// Records made in SQL are byte for byte those of the codec, for thousands of values.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "integration/support/postgres_home.hpp"
#include "tests/event/json_specification.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <bit>
#include <cmath>

namespace sealstream::sql_record_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;
using testing::random_generator;

constexpr const char* canonical_of_all =
    "SELECT sealstream.canonical_json(value::json, 0, '') FROM unnest($1::text[])"
    " WITH ORDINALITY AS given (value, place) ORDER BY place";

// How many of the texts SQL writes differently from us; texts that we refuse must not be among
// them.
std::size_t differences(Connection& connection, const std::vector<std::string>& texts)
{
    const auto answer = connection.run(canonical_of_all, {sql_array(texts)});
    if (!answer) {
        UNSCOPED_INFO(describe(answer.error()));
        return texts.size();
    }
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        const auto expected = canonical_json(texts[at]);
        if (!expected || answer->text(at, 0) != *expected) {
            ++wrong;
            UNSCOPED_INFO(texts[at] << "\n  SQL  " << answer->text(at, 0) << "\n  here "
                                    << (expected ? *expected : describe(expected.error())));
        }
    }
    return wrong;
}

std::string spelled(double number)
{
    std::array<char, 40> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.17e", number);
    return std::string{text.data(), static_cast<std::size_t>(size)};
}

bool has_nul(const std::string& text)
{
    return text.find("\\u0000") != std::string::npos;
}

SqlValue or_null(const std::string& text)
{
    return text.empty() ? SqlValue{} : SqlValue{text};
}

SqlValue bytea(const std::optional<Digest>& digest)
{
    return digest ? SqlValue{"\\x" + to_hex(digest->view())} : SqlValue{};
}

SqlValue nanoseconds(const std::optional<WallTime>& time)
{
    return time ? SqlValue{std::to_string(time->nanoseconds)} : SqlValue{};
}

} // namespace

TEST_CASE("canonical JSON of SQL is that of the codec, however a value is spelled", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto connection = home.pool.lend();
    auto random = random_generator(401);
    std::size_t wrong = 0;
    std::size_t compared = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::string> texts;
        while (texts.size() < 200) {
            const auto value = *parse_json(testing::random_json(random, 4));
            std::string text = testing::wild_spelling(value, random);
            if (!has_nul(text)) { // text of Postgres has no NUL: refused below
                texts.push_back(std::move(text));
            }
        }
        compared += texts.size();
        wrong += differences(**connection, texts);
    }
    CHECK(wrong == 0);
    CHECK(compared == 4'000);
}

TEST_CASE("doubles of any bits have the same shortest digits in SQL", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto connection = home.pool.lend();
    auto random = random_generator(402);
    std::vector<std::string> texts;
    while (texts.size() < 10'000) {
        const std::uint64_t bits =
            texts.size() % 2 == 0 ? random() : (random() >> 12U) | ((990 + random() % 160) << 52U);
        const double number = std::bit_cast<double>(bits);
        if (std::isfinite(number)) {
            texts.push_back(spelled(number));
        }
    }
    // Short numbers that lie exactly between two doubles, and their neighbours; all ends of the
    // range.
    for (int power = 10; power <= 40; ++power) {
        for (int digits = 1; digits <= 99; ++digits) {
            texts.push_back(std::to_string(digits) + "e" + std::to_string(power));
        }
        texts.push_back("9007199254740993e" + std::to_string(power));
        texts.push_back("-1.5e-" + std::to_string(power));
    }
    for (const char* edge : {"1e23",
                             "9007199254740992.0",
                             "9007199254740993.0",
                             "9007199254740991.5",
                             "5e-324",
                             "2e-324",
                             "3e-324",
                             "1e-400",
                             "-1e-99999999999999999999",
                             "1.7976931348623157e308",
                             "2.2250738585072014e-308",
                             "1e-6",
                             "9.999999999999999e-7",
                             "0.000001",
                             "-0.0",
                             "0e9999",
                             "-0",
                             "18446744073709551615",
                             "-9223372036854775808",
                             "1e0",
                             "123456.789E+3"}) {
        texts.emplace_back(edge);
    }

    CHECK(differences(**connection, texts) == 0);
}

TEST_CASE("what the codec refuses, SQL refuses", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto connection = home.pool.lend();
    std::string deep(65, '[');
    deep.append(65, ']');
    for (const std::string& text : std::vector<std::string>{
             R"({"a":1,"a":2})", R"({"b":{"x":1,"\u0078":2}})", "18446744073709551616",
             "-9223372036854775809", "1e309", "-1e99999999999999999999", R"("\ud800")",
             R"(["\udc00"])", "NaN", "01", "{'a':1}", "[1,]", "", "1 2", "\"a\tb\"", deep}) {
        INFO(text);
        CHECK(!canonical_json(text));

        const auto refused = (*connection)->run(canonical_of_all, {sql_array({text})});

        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::malformed);
    }
    std::string allowed(64, '[');
    allowed.append(64, ']');
    CHECK(differences(**connection, {allowed, R"({"a":1,"A":2})"}) == 0);
    // The one thing that only SQL refuses.
    CHECK(!(*connection)->run(canonical_of_all, {sql_array({R"("\u0000")"})}));
}

TEST_CASE("records and chain hashes of SQL are those of the codec", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto connection = home.pool.lend();
    auto random = random_generator(403);
    std::size_t compared = 0;
    for (int round = 0; round < 1'500; ++round) {
        const Event event = testing::random_event(random);
        const Draft& draft = event.draft;
        const std::string stream = event.stream.to_string();
        const SqlValue version = std::to_string(event.version.value);
        const SqlValue salt = "\\x" + to_hex(ByteView{draft.salt});

        const auto record =
            (*connection)
                ->run_prepared("SELECT sealstream.json_record($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                               "$10, $11, $12, $13)",
                               {draft.id.to_string(), draft.type, stream, version, draft.source,
                                or_null(draft.actor), nanoseconds(draft.time), draft.data,
                                or_null(draft.meta), or_null(draft.key), salt,
                                bytea(event.prev_hash), bytea(event.hash)},
                               SqlFormat::binary);
        REQUIRE(record);
        const Bytes expected = codec(CodecKind::canonical_json).encode(event);
        INFO(as_text(expected));
        REQUIRE(as_text(record->bytes(0, 0)) == as_text(expected));

        const Digest before = event.prev_hash.value_or(Digest{});
        const auto hash =
            (*connection)
                ->run_prepared("SELECT sealstream.chain_hash($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                               "$10, $11, $12)",
                               {bytea(before), version, stream, draft.type, draft.id.to_string(),
                                draft.source, or_null(draft.actor), nanoseconds(draft.time),
                                or_null(draft.key), salt, draft.data, or_null(draft.meta)},
                               SqlFormat::binary);
        REQUIRE(hash);
        const Digest chained = chain_hash(event, before);
        REQUIRE(to_hex(hash->bytes(0, 0)) == to_hex(chained.view()));
        ++compared;
    }
    CHECK(compared == 1'500);
}

} // namespace sealstream::sql_record_test
