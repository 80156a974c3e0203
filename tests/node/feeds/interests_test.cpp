// Filters have one meaning; tables of interests find exactly whom an event concerns.

#include "core/event/canonical_json.hpp"
#include "node/feeds/interests.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <list>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

template <class T>
const T& one_of(std::mt19937_64& random, const std::vector<T>& all)
{
    return all[random() % all.size()];
}

const std::vector<std::string> types{"package.installed", "package.removed", "package", "deal.won",
                                     "pack"};
const std::vector<std::string> patterns{"package.*", "package.installed", "pack*", "*",
                                        "deal.won",  "package",           "deal.", "x.*"};
const std::vector<std::string> words{"", "a", "b", "aa"};

Event random_small_event(std::mt19937_64& random)
{
    Event event;
    event.draft.type = one_of(random, types);
    event.draft.source = one_of(random, words) + "s";
    event.draft.actor = one_of(random, words);
    event.draft.meta = one_of<std::string>(
        random, {"", R"({"category":"a"})", R"({"category":"b","target":"category"})",
                 R"({"category":1})", R"({"x":{"category":"a"}})"});
    event.stream = {one_of<std::string>(random, {"deal", "package"}),
                    one_of<std::string>(random, {"1", "2"})};
    if (random() % 2 == 0) {
        event.draft.time = WallTime{static_cast<std::int64_t>(random() % 5)};
    }
    return event;
}

FeedFilter random_filter(std::mt19937_64& random)
{
    const auto text = [&random](const std::vector<std::string>& all) {
        return random() % 3 == 0 ? one_of(random, all) : std::string{};
    };
    FeedFilter filter;
    for (auto left = random() % 3; left > 0; --left) {
        filter.types.push_back(one_of(random, patterns));
    }
    filter.stream_type = text({"deal", "package", "none"});
    filter.stream_id = text({"1", "2", "3"});
    filter.source = text({"s", "as", "bs"});
    filter.actor = text({"a", "b"});
    filter.category = text({"a", "b"});
    if (random() % 3 == 0) {
        filter.from_time = WallTime{static_cast<std::int64_t>(random() % 5)};
    }
    if (random() % 3 == 0) {
        filter.to_time = WallTime{static_cast<std::int64_t>(random() % 5)};
    }
    return filter;
}

// The specification: word for word what the documentation says, one sentence a step.
bool should_match(const FeedFilter& filter, const Event& event, WallTime ingested)
{
    bool is_of_a_type = filter.types.empty();
    for (const std::string& pattern : filter.types) {
        const std::string& type = event.draft.type;
        is_of_a_type = is_of_a_type || type == pattern;
        for (std::size_t size = 0; size <= type.size(); ++size) {
            is_of_a_type = is_of_a_type || pattern == type.substr(0, size) + "*";
        }
    }
    std::string category;
    if (!event.draft.meta.empty()) {
        const auto meta = parse_json(event.draft.meta);
        const auto* found = meta->get_object().if_contains("category");
        category = found != nullptr && found->is_string() ? found->get_string().c_str() : "";
    }
    const auto holds = [](const std::string& wanted, const std::string& is) {
        return wanted.empty() || wanted == is;
    };
    const std::int64_t time =
        event.draft.time ? event.draft.time->nanoseconds : ingested.nanoseconds;
    const bool is_late_enough = !filter.from_time || time >= filter.from_time->nanoseconds;
    const bool is_early_enough = !filter.to_time || time < filter.to_time->nanoseconds;
    return is_of_a_type && holds(filter.stream_type, event.stream.type) &&
           holds(filter.stream_id, event.stream.id) && holds(filter.source, event.draft.source) &&
           holds(filter.actor, event.draft.actor) && holds(filter.category, category) &&
           is_late_enough && is_early_enough;
}

} // namespace

TEST_CASE("a filter does what its specification says", "[feeds][property]")
{
    auto random = random_generator(21);
    std::size_t wrong = 0;
    std::size_t matches = 0;
    for (int round = 0; round < 20'000; ++round) {
        const Event event = random_small_event(random);
        const FeedFilter filter = random_filter(random);
        const WallTime ingested{static_cast<std::int64_t>(random() % 5)};
        const bool expected = should_match(filter, event, ingested);
        wrong += filter.matches(event, ingested) == expected ? 0U : 1U;
        matches += expected ? 1U : 0U;
    }
    CHECK(wrong == 0);
    CHECK(matches > 1000); // or nothing has been tried
}

TEST_CASE("an event wakes exactly the armed interests that it fits", "[feeds][property]")
{
    auto random = random_generator(22);
    InterestTable table;
    std::list<Interest> interests;
    std::vector<Interest*> all;
    std::size_t wrong = 0;
    std::size_t woken = 0;
    for (std::uint64_t position = 1; position <= 3000; ++position) {
        if (all.size() < 40) {
            Interest& added = interests.emplace_back(random_filter(random));
            table.add(added);
            all.push_back(&added);
        } else {
            const std::size_t at = random() % all.size();
            table.remove(*all[at]);
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
        }
        std::vector<const Interest*> expected;
        StoredEvent stored{Position{position}, WallTime{2}, random_small_event(random)};
        std::vector<const Interest*> called;
        for (Interest* interest : all) {
            interest->is_armed = random() % 4 != 0;
            interest->wake = [&called, interest] { called.push_back(interest); };
            if (interest->is_armed && should_match(interest->filter, stored.event, WallTime{2})) {
                expected.push_back(interest);
            }
        }

        const FeedEvent event{std::move(stored), 100};
        table.offer(event);

        std::sort(called.begin(), called.end());
        std::sort(expected.begin(), expected.end());
        wrong += called == expected ? 0U : 1U;
        woken += called.size();
        for (const Interest* interest : called) {
            wrong += interest->match == Position{position} && !interest->is_armed ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
    CHECK(woken > 1000);
    CHECK(table.size() == all.size());
}
