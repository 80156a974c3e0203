#include "core/retention/wrapping_key.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

namespace {

PayloadKey sample_key()
{
    PayloadKey key{"a.b/x/y", {}};
    key.secret.fill(std::byte{7});
    return key;
}

} // namespace

TEST_CASE("a wrapped key opens under its wrapping key, ledger and name alone", "[retention]")
{
    const WrappingKey wrapping = WrappingKey::generate();
    const PayloadKey key = sample_key();
    const Bytes wrapped = wrapping.wrap("main", key);
    CHECK(wrapping.wrap("main", key) != wrapped); // a nonce of its own

    const auto unwrapped = wrapping.unwrap("main", key.name, wrapped);
    REQUIRE(unwrapped.has_value());
    CHECK(*unwrapped == key.secret);

    CHECK_FALSE(WrappingKey::generate().unwrap("main", key.name, wrapped).has_value());
    CHECK_FALSE(wrapping.unwrap("other", key.name, wrapped).has_value());
    CHECK_FALSE(wrapping.unwrap("mail", key.name, wrapped).has_value());
    CHECK_FALSE(wrapping.unwrap("main", "a.b/x/z", wrapped).has_value());
    CHECK_FALSE(wrapping.unwrap("maina.b/x/y", "", wrapped).has_value());
    std::size_t wrongly_opened = 0;
    for (std::size_t at = 0; at < wrapped.size(); ++at) {
        Bytes altered = wrapped;
        altered[at] ^= std::byte{1};
        wrongly_opened += wrapping.unwrap("main", key.name, altered).has_value() ? 1U : 0U;
        wrongly_opened +=
            wrapping.unwrap("main", key.name, ByteView{wrapped}.first(at)).has_value() ? 1U : 0U;
    }
    CHECK(wrongly_opened == 0);
}

TEST_CASE("a wrapping key is one line of text, named by what does not tell it", "[retention]")
{
    const WrappingKey key = WrappingKey::generate();
    const auto again = WrappingKey::parse(key.to_string());
    REQUIRE(again.has_value());
    CHECK(again->to_string() == key.to_string());
    CHECK(again->name() == key.name());
    CHECK(key.name().size() == 16);
    CHECK(WrappingKey::generate().name() != key.name());
    for (const std::string& text :
         {std::string{}, std::string{"sealstream-wrapping-key+v1+"}, key.to_string() + "A",
          key.to_string().substr(0, 60), "x" + key.to_string()}) {
        INFO(text);
        const auto refused = WrappingKey::parse(text);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == Errc::malformed);
    }
}
