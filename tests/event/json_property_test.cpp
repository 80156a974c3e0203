#include "core/event/canonical_json.hpp"
#include "core/event/canonical_scan.hpp"
#include "tests/event/json_specification.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <bit>
#include <cmath>

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("however a value is spelled, its canonical form is the specified one", "[json][property]")
{
    auto random = random_generator(10);
    std::size_t wrong = 0;
    for (int round = 0; round < 5000; ++round) {
        const auto value = *parse_json(random_json(random, 4));
        const std::string specified = specified_canonical(value);
        const std::string spelling = wild_spelling(value, random);

        const auto read = parse_json(spelling);
        const auto written = canonical_json(spelling);

        if (to_canonical_json(value) != specified || !read || *read != value || !written ||
            *written != specified || *canonical_json(specified) != specified) {
            ++wrong;
            UNSCOPED_INFO(spelling << "\n"
                                   << specified << "\n"
                                   << (written ? *written : "refused"));
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("doubles of any bits are written as specified and read back the same", "[json][property]")
{
    auto random = random_generator(11);
    std::size_t wrong = 0;
    for (int round = 0; round < 50'000; ++round) {
        // Half of them around 1, where most of the forms are.
        const std::uint64_t bits =
            round % 2 == 0 ? random() : (random() >> 12U) | ((990 + random() % 100) << 52U);
        const double number = std::bit_cast<double>(bits);
        if (!std::isfinite(number)) {
            continue;
        }
        const std::string written = to_canonical_json(number);
        const auto read = parse_json(written);
        const bool comes_back = read && read->to_number<double>() == number;
        if (!comes_back || written != specified_canonical(number) || !is_canonical_json(written)) {
            ++wrong;
            UNSCOPED_INFO(written << " is specified as " << specified_canonical(number));
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a text is canonical exactly when its canonical form is itself", "[json][property]")
{
    constexpr std::string_view letters =
        "{}[]\",:\\/0123456789.-+eEtrufalsn u\x7f\x01\xc3\xa9\xed\xf0\x9f";
    auto random = random_generator(12);
    std::size_t canonical = 0;
    std::size_t disagreements = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text = random_json(random, 2);
        for (auto changes = random() % 3; changes > 0; --changes) {
            const std::size_t at = random() % text.size();
            const char letter = letters[random() % letters.size()];
            switch (random() % 3) {
            case 0:
                text[at] = letter;
                break;
            case 1:
                text.insert(at, 1, letter);
                break;
            default:
                text.erase(at, 1);
                break;
            }
            if (text.empty()) {
                text = "0";
            }
        }

        const auto value = parse_json(text);
        const bool is_specified = value && specified_canonical(*value) == text;

        canonical += is_specified ? 1U : 0U;
        if (is_canonical_json(text) != is_specified) {
            ++disagreements;
            UNSCOPED_INFO(text);
        }
    }
    CHECK(disagreements == 0);
    CHECK(canonical > 1000);
}

TEST_CASE("names sort by UTF-16 code units, whatever their UTF-8", "[json][property]")
{
    auto random = random_generator(13);
    std::size_t wrong = 0;
    for (int round = 0; round < 20'000; ++round) {
        boost::json::object object;
        for (int name = 0; name < 3; ++name) {
            std::string text;
            for (auto left = random() % 4; left > 0; --left) {
                constexpr std::array<const char*, 7> points{"a",
                                                            "\x7f",
                                                            "\xdf\xbf",
                                                            "\xed\x9f\xbf",
                                                            "\xee\x80\x80",
                                                            "\xef\xbf\xbf",
                                                            "\xf0\x90\x80\x80"};
                text += points[random() % points.size()];
            }
            object[text] = name;
        }
        const boost::json::value value = object;
        wrong += to_canonical_json(value) != specified_canonical(value) ? 1U : 0U;
    }
    CHECK(wrong == 0);
}
