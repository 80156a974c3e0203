// Reading JSON: what is accepted has one canonical form, which means the same, and which the
// scanner knows.

#include "core/base/check.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/canonical_scan.hpp"
#include "core/event/cbor.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::text_of(data, size);
    const auto canonical = canonical_json(text);
    const auto value = parse_json(text);
    SEAL_CHECK(canonical.has_value() == value.has_value(), "both ways read the same");
    if (!value) {
        SEAL_CHECK(!is_canonical_json(text, JsonLimits{}.depth_max),
                   "what is refused is not canonical");
        SEAL_CHECK(canonical.error().pointer == value.error().pointer, "both ways blame the same");
        return 0;
    }
    SEAL_CHECK(is_canonical_json(*canonical), "the scanner knows the canonical form");
    SEAL_CHECK(is_canonical_json(text) == (*canonical == text), "and only that");
    const auto again = parse_json(*canonical);
    SEAL_CHECK(again.has_value() && *again == *value, "the canonical form means the same");
    SEAL_CHECK(to_canonical_json(*again) == *canonical, "and is its own canonical form");

    boost::system::error_code refused;
    boost::json::parse_options options;
    options.max_depth = 1000;
    static_cast<void>(boost::json::parse({text.data(), text.size()}, refused, {}, options));
    const bool is_far_exponent =
        refused == boost::json::error::exponent_overflow; // a limit of its own
    SEAL_CHECK(!refused || is_far_exponent, "Boost accepts whatever we do");

    Bytes cbor;
    append_cbor_value(cbor, *value);
    CborReader reader{cbor};
    const auto through_cbor = reader.value();
    SEAL_CHECK(through_cbor.has_value() && reader.is_at_end() && *through_cbor == *value,
               "CBOR says all that JSON says");
    return 0;
}
