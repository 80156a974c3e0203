#include "jetstream/stream_heads.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <map>

using namespace sealstream;
using namespace sealstream::jetstream;

namespace {

StreamName stream_number(std::size_t number)
{
    return {"deal", std::to_string(number)};
}

} // namespace

TEST_CASE("the least recently used stream is forgotten first", "[jetstream]")
{
    StreamHeads heads{2};
    heads.set(stream_number(1), {Version{1}, Position{1}});
    heads.set(stream_number(2), {Version{1}, Position{2}});

    REQUIRE(heads.find(stream_number(1)) != nullptr);
    heads.set(stream_number(3), {Version{1}, Position{3}});

    CHECK(heads.find(stream_number(2)) == nullptr);
    CHECK(heads.find(stream_number(1)) != nullptr);
    CHECK(heads.find(stream_number(3)) != nullptr);
    CHECK(heads.size() == 2);
}

TEST_CASE("what is remembered is what was set last", "[jetstream]")
{
    auto random = testing::random_generator(1);
    StreamHeads heads{50};
    std::map<StreamName, StreamHead> truth;
    std::size_t wrong = 0;
    for (std::uint64_t round = 1; round < 20'000; ++round) {
        const auto name = stream_number(random() % 80);
        switch (random() % 4) {
        case 0:
            heads.forget(name);
            truth.erase(name);
            break;
        case 1:
        case 2:
            heads.set(name, {Version{round}, Position{round}});
            truth[name] = {Version{round}, Position{round}};
            break;
        default: {
            const auto* const found = heads.find(name);
            const auto known = truth.find(name);
            const bool is_right = found == nullptr ||
                                  (known != truth.end() && found->version == known->second.version);
            wrong += is_right ? 0U : 1U;
        }
        }
    }
    CHECK(wrong == 0);
    CHECK(heads.size() <= 50);
}
