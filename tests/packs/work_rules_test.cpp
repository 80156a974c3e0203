#include "core/event/canonical_json.hpp"
#include "core/packs/work_rules.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <random>

namespace sealstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::int64_t second = 1'000'000'000;

WallTime at_seconds(std::int64_t seconds)
{
    return {1'700'000'000 * second + seconds * second};
}

Pack one_pack()
{
    Pack pack;
    pack.name = "economy";
    PackInvariant supply;
    supply.name = "supply";
    supply.summary = "Nothing is minted unseen.";
    pack.invariants.push_back(supply);
    return pack;
}

// The stream of one invariant: what has been told, as a log would keep it.
class Told {
public:
    void append(Draft draft, WallTime now)
    {
        StoredEvent stored;
        stored.position = Position{100 + events_.size()};
        stored.ingested = now;
        stored.event.draft = std::move(draft);
        stored.event.stream = {"sealstream-invariant", "economy.supply"};
        stored.event.version = Version{events_.size() + 1};
        events_.push_back(std::move(stored));
    }
    [[nodiscard]] BreachState state() const
    {
        return events_.empty() ? BreachState{} : *breach_state(events_.back());
    }
    [[nodiscard]] const std::vector<StoredEvent>& events() const { return events_; }

private:
    std::vector<StoredEvent> events_;
};

struct Look {
    WallTime at;
    InvariantLook look;
};

// The specification, as slow as it likes: from all looks so far, which of them are told. Looks at
// older tables than the last that was told are as if they had never been.
std::vector<Telling> spec_tellings(const std::vector<Look>& looks, const PackInvariant& invariant)
{
    std::vector<Telling> tellings;
    for (std::size_t now = 0; now < looks.size(); ++now) {
        std::optional<std::size_t> last; // that was told
        for (std::size_t before = 0; before < now; ++before) {
            if (tellings[before] != Telling::nothing) {
                last = before;
            }
        }
        const bool is_known_bad = last && tellings[*last] != Telling::ends;
        const Look& seen = looks[now];
        Telling telling = Telling::nothing;
        if (last && seen.look.cursor.value < looks[*last].look.cursor.value) {
            telling = Telling::nothing;
        } else if (!is_known_bad && !seen.look.rows.empty()) {
            telling = Telling::begins;
        } else if (is_known_bad && seen.look.rows.empty()) {
            telling = Telling::ends;
        } else if (is_known_bad) {
            const auto sorted = [](std::vector<std::string> rows) {
                std::sort(rows.begin(), rows.end());
                return rows;
            };
            const bool has_changed = sorted(seen.look.rows) != sorted(looks[*last].look.rows);
            const bool is_old = invariant.repeat.count() != 0 &&
                                seen.at.nanoseconds - looks[*last].at.nanoseconds >=
                                    invariant.repeat.count() * 1'000'000;
            const bool is_again = is_old || (invariant.repeats_changed && has_changed);
            telling = is_again ? Telling::again : Telling::nothing;
        }
        tellings.push_back(telling);
    }
    return tellings;
}

std::vector<Look> random_looks(std::mt19937_64& random)
{
    const auto below = [&random](std::uint64_t most) { return random() % most; };
    std::vector<Look> looks;
    std::int64_t seconds = 0;
    std::uint64_t cursor = 10;
    for (std::size_t count = below(25); count > 0; --count) {
        seconds += static_cast<std::int64_t>(below(200));
        cursor += below(3);
        Look look{at_seconds(seconds), {Position{cursor - below(2)}, {}, false}};
        for (std::size_t rows = below(3); rows > 0; --rows) {
            look.look.rows.push_back("{\"delta\":" + std::to_string(below(2)) + "}");
        }
        looks.push_back(look);
    }
    return looks;
}

TEST_CASE("a breach is told when it begins, when it is time again, and when it ends", "[work]")
{
    const auto seed = testing::seed();
    INFO("seed " << seed);
    auto random = testing::random_generator(1);
    Pack pack = one_pack();
    std::size_t wrong = 0;
    std::size_t told_at_all = 0;
    for (int round = 0; round < 3'000; ++round) {
        PackInvariant& invariant = pack.invariants.front();
        invariant.repeat = round % 3 == 0 ? milliseconds{0} : milliseconds{minutes{round % 5}};
        invariant.repeats_changed = round % 2 == 0;
        const auto looks = random_looks(random);
        const auto expected = spec_tellings(looks, invariant);

        Told stream;
        for (std::size_t at = 0; at < looks.size(); ++at) {
            const BreachState state = stream.state();
            const Telling telling = tell(state, invariant, looks[at].look, looks[at].at);
            wrong += telling == expected[at] ? 0U : 1U;
            if (telling != Telling::nothing) {
                ++told_at_all;
                stream.append(breach_event(pack, invariant, state, looks[at].look, telling),
                              looks[at].at);
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(told_at_all > 1'000);
}

TEST_CASE("beginnings and ends take turns, and each telling says how many came before", "[work]")
{
    const Pack pack = one_pack();
    PackInvariant invariant = pack.invariants.front();
    invariant.repeat = minutes{5};
    Told stream;
    const auto see = [&](std::int64_t seconds, std::uint64_t cursor,
                         std::vector<std::string> rows) {
        const BreachState state = stream.state();
        const InvariantLook look{Position{cursor}, std::move(rows), false};
        const Telling telling = tell(state, invariant, look, at_seconds(seconds));
        if (telling != Telling::nothing) {
            stream.append(breach_event(pack, invariant, state, look, telling), at_seconds(seconds));
        }
        return telling;
    };

    CHECK(see(0, 7, {}) == Telling::nothing);
    CHECK(see(60, 8, {"{\"delta\":1}"}) == Telling::begins);
    CHECK(see(120, 9, {"{\"delta\":2}"}) == Telling::nothing); // the same breach
    CHECK(see(360, 11, {"{\"delta\":2}"}) == Telling::again);
    CHECK(see(420, 10, {}) == Telling::nothing); // tables from before what was told
    CHECK(see(480, 12, {}) == Telling::ends);
    CHECK(see(540, 12, {}) == Telling::nothing);

    REQUIRE(stream.events().size() == 3);
    const auto data = [&](std::size_t at) {
        return *parse_json(stream.events()[at].event.draft.data);
    };
    CHECK(stream.events()[0].event.draft.type == "invariant.breached");
    CHECK(data(0).at("position") == "8");
    CHECK(data(1).at("first_seen") == "8");
    CHECK(data(1).at("number") == 2);
    CHECK(stream.events()[2].event.draft.type == "invariant.held");
    CHECK(data(2).at("first_seen") == "8");
}

TEST_CASE("a pack may call the event of a breach as it likes", "[work]")
{
    const Pack pack = one_pack();
    PackInvariant invariant = pack.invariants.front();
    invariant.breach_type = "SupplyInvariantBreach";
    const InvariantLook look{Position{3}, {"{\"delta\":1.5}", "{\"big\":1e400}"}, true};

    const Draft draft = breach_event(pack, invariant, {}, look, Telling::begins);

    CHECK(draft.type == "SupplyInvariantBreach");
    const auto data = parse_json(draft.data);
    REQUIRE(data);
    CHECK(data->at("rows").at(0).at("delta") == 1.5);
    CHECK(data->at("rows").at(1).is_string()); // no number of an event is that large
    CHECK(data->at("has_more") == true);
}

TEST_CASE("the order of rows is no change", "[work]")
{
    const InvariantLook one{Position{3}, {"a", "b"}, false};
    const InvariantLook other{Position{4}, {"b", "a"}, false};
    const InvariantLook joined{Position{4}, {"ab"}, false};

    CHECK(rows_digest(one) == rows_digest(other));
    CHECK(rows_digest(one) != rows_digest(joined));
}

TEST_CASE("what the ledger did not write into the stream is no state", "[work]")
{
    StoredEvent strange;
    strange.event.stream = {"sealstream-invariant", "economy.supply"};
    for (const char* const data : {"null", "{}", "{\"is_held\":1}", "[]"}) {
        strange.event.draft.data = data;
        CHECK(breach_state(strange).error().code == Errc::corrupt);
        CHECK(schedule_state(strange).error().code == Errc::corrupt);
    }
}

// Every instant of a small world, against counting.
TEST_CASE("each moment is due once, whenever one looks", "[work][exhaustive]")
{
    std::size_t wrong = 0;
    for (const std::int64_t every : {1, 3, 7, 60}) {
        for (std::int64_t begin = 0; begin < 70; begin += 5) {
            for (const std::int64_t step : {1, 2, 13, 100}) {
                WorkPace pace{milliseconds{every * 1'000}, {}, {}};
                std::optional<std::int64_t> last; // number of the moment that was run
                for (std::int64_t now = begin; now < begin + 300; now += step) {
                    const std::int64_t number = (1'700'000'000 + now) / every; // of moments so far
                    const bool is_due = !last || number > *last;
                    const auto due = due_moment(pace, at_seconds(now));
                    wrong += due.has_value() == is_due ? 0U : 1U;
                    if (due) {
                        wrong += due->nanoseconds == number * every * second ? 0U : 1U;
                        pace.done = due;
                        last = number;
                    }
                    const WallTime next = next_look(pace, at_seconds(now));
                    wrong += next.nanoseconds == (number + 1) * every * second ? 0U : 1U;
                }
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a clock that goes back delays, and doubles nothing", "[work]")
{
    const WorkPace pace{minutes{1}, newest_moment(at_seconds(600), minutes{1}), {}};

    CHECK_FALSE(due_moment(pace, at_seconds(0)));
    CHECK(due_moment(pace, at_seconds(700)));
}

TEST_CASE("what has failed is tried again, not before its time", "[work]")
{
    const WorkPace pace{minutes{1}, {}, at_seconds(10)};

    CHECK_FALSE(due_moment(pace, at_seconds(9)));
    CHECK(next_look(pace, at_seconds(9)) == at_seconds(10));
    CHECK(due_moment(pace, at_seconds(10)) == newest_moment(at_seconds(10), minutes{1}));
}

TEST_CASE("moments before 1970 are multiples, too", "[work]")
{
    CHECK(newest_moment({-1}, minutes{1}).nanoseconds == -60 * second);
    CHECK(newest_moment({-60 * second}, minutes{1}).nanoseconds == -60 * second);
}

TEST_CASE("a schedule's event says which moment it was for", "[work]")
{
    const ScheduleOutcome outcome{at_seconds(60), Position{41}, 2, 1, {"{\"row\":\"3\"}"}};
    StoredEvent stored;
    stored.position = Position{50};
    stored.event.version = Version{4};
    stored.event.draft = schedule_event("todo.remind", outcome);

    const auto state = schedule_state(stored);

    REQUIRE(state);
    CHECK(state->moment == at_seconds(60));
    CHECK(state->version == Version{4});
    CHECK(state->position == Position{50});
    const auto data = parse_json(stored.event.draft.data);
    CHECK(data->at("appended") == 2);
    CHECK(data->at("refused").at(0).at("row") == "3");
}

} // namespace
} // namespace sealstream
