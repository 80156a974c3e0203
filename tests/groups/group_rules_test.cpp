// The rules of groups, against a specification that keeps nothing but the history of what has
// happened and reads everything from it, as slow as that is.

#include "core/groups/group_rules.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sealstream {

namespace {

using namespace std::chrono_literals;
using testing::random_generator;

constexpr unsigned deliveries_max = 3;

StreamName stream(std::uint64_t number)
{
    return {"deal", std::to_string(number)};
}

struct Fact {
    enum class Kind : std::uint8_t { given, settled, returned, parked, freed };
    Kind kind;
    StreamName stream;
    Position position{}; // given, settled: the event
    GroupToken token{0}; // given, returned
    GroupTime time{};    // when; returned: from when it may be given again
    GroupTime until{};   // given: of the lease
};

// Answers every question by going through all facts.
class History {
public:
    std::vector<Fact> facts;

    std::set<std::uint64_t> settled(const StreamName& of) const
    {
        std::set<std::uint64_t> all;
        for (const Fact& fact : facts) {
            if (fact.kind == Fact::Kind::settled && fact.stream == of) {
                all.insert(fact.position.value);
            }
        }
        return all;
    }

    // Who may still settle events of the stream: the last it was given to, unless that has ended.
    GroupToken owner(const StreamName& of, GroupTime now) const
    {
        GroupToken token = 0;
        std::set<std::uint64_t> given;
        for (const Fact& fact : facts) {
            if (fact.stream != of) {
                continue;
            }
            if (fact.kind == Fact::Kind::given) {
                given = fact.token == token ? given : std::set<std::uint64_t>{};
                token = fact.until > now ? fact.token : 0;
                given.insert(fact.position.value);
            } else if (fact.kind == Fact::Kind::settled) {
                given.erase(fact.position.value);
                token = given.empty() ? 0 : token;
            } else {
                token = 0;
            }
        }
        return token;
    }

    bool is_parked(const StreamName& of) const
    {
        bool parked = false;
        for (const Fact& fact : facts) {
            if (fact.stream == of && fact.kind == Fact::Kind::parked) {
                parked = true;
            } else if (fact.stream == of && fact.kind == Fact::Kind::freed) {
                parked = false;
            }
        }
        return parked;
    }

    // The last pause that was asked for.
    GroupTime not_before(const StreamName& of) const
    {
        GroupTime time{};
        for (const Fact& fact : facts) {
            if (fact.stream == of && fact.kind == Fact::Kind::returned) {
                time = fact.time;
            } else if (fact.stream == of && fact.kind == Fact::Kind::given) {
                time = {};
            }
        }
        return time;
    }
};

// Everything a test does to a group, in the rules and in the history; `broken` says what is not as
// specified.
class Model {
public:
    explicit Model(std::uint64_t place) : random_{random_generator(place)}
    {
        for (std::uint64_t number = 0; number < 5; ++number) {
            works_.push_back({stream(number), {}, 0, {}, {}, {}, 0, false, {}});
        }
    }

    void step()
    {
        now_ += std::chrono::milliseconds{random_() % 40};
        for (StreamWork& work : works_) {
            if (expire(work, now_, deliveries_max) && work.is_parked) {
                history_.facts.push_back({Fact::Kind::parked, work.stream, {}, 0, now_, {}});
            }
        }
        switch (random_() % 8) {
        case 0:
        case 1:
            works_[random_() % works_.size()].events.push_back(Position{++head_});
            break;
        case 2:
        case 3:
            claim_some();
            break;
        case 4:
        case 5:
            settle_some();
            break;
        case 6:
            return_some();
            break;
        default:
            free_one();
            break;
        }
        check_owners();
    }

    std::string broken;
    std::size_t settled_count{0};
    std::size_t parked_count{0};
    std::size_t stale_count{0};

private:
    void say(const std::string& what)
    {
        if (broken.empty()) {
            broken = what;
        }
    }

    void claim_some()
    {
        const GroupToken token = ++last_token_;
        const ClaimLimits limits{1 + random_() % 6,
                                 std::chrono::milliseconds{20 + random_() % 200}};
        // Which streams, by the history alone.
        std::map<StreamName, bool> may;
        bool must_take_all = true;
        for (const StreamWork& work : works_) {
            may[work.stream] = history_.owner(work.stream, now_) == 0 &&
                               !history_.is_parked(work.stream) &&
                               history_.not_before(work.stream) <= now_ && !work.events.empty();
        }
        auto claimed = claim(works_, now_, token, limits);
        if (!claimed.empty() && random_() % 4 == 0) {
            claimed.resize(random_() % claimed.size()); // the rest never reaches its consumer
            const Position through = claimed.empty() ? Position{} : claimed.back().position;
            for (StreamWork& work : works_) {
                if (work.owner == token) {
                    shorten(work, through);
                }
            }
            must_take_all = false;
        }
        std::map<StreamName, std::vector<Position>> given;
        for (const ClaimedEvent& event : claimed) {
            given[event.stream].push_back(event.position);
            history_.facts.push_back({Fact::Kind::given, event.stream, event.position, token, now_,
                                      now_ + limits.lease});
        }
        if (claimed.size() > limits.events_max) {
            say("more events than asked for");
        }
        if (!std::is_sorted(claimed.begin(), claimed.end(),
                            [](const auto& left, const auto& right) {
                                return left.position < right.position;
                            })) {
            say("a claim out of order");
        }
        for (const StreamWork& work : works_) {
            const auto found = given.find(work.stream);
            if (found == given.end()) {
                if (may[work.stream] && must_take_all && claimed.size() < limits.events_max) {
                    say("a free stream was passed over");
                }
                continue;
            }
            if (!may[work.stream]) {
                say("a stream was given that is not free");
            }
            if (!std::equal(found->second.begin(), found->second.end(), work.events.begin())) {
                say("not the first unsettled events, without a gap");
            }
        }
    }

    // Half of them recent, so that many still hold.
    GroupToken some_token()
    {
        if (last_token_ == 0) {
            return 0;
        }
        const GroupToken range =
            random_() % 2 == 0 ? last_token_ : std::min<GroupToken>(last_token_, 3);
        return last_token_ - random_() % range;
    }

    // Whether the token holds is what the history says.
    void settle_some()
    {
        const GroupToken token = some_token();
        for (StreamWork& work : works_) {
            const bool holds = token != 0 && history_.owner(work.stream, now_) == token;
            if (holds != (token != 0 && work.owner == token)) {
                say("rules and history disagree about an owner");
            }
            if (!holds) {
                ++stale_count;
                continue;
            }
            const auto before = work.events;
            const Position through{random_() % 2 == 0 ? head_ : random_() % (head_ + 1)};
            const std::size_t count = acknowledge(work, through);
            for (std::size_t at = 0; at < count; ++at) {
                const auto settled = history_.settled(work.stream);
                if (!settled.empty() && *settled.rbegin() >= before[at].value) {
                    say("settled out of order, or twice");
                }
                history_.facts.push_back(
                    {Fact::Kind::settled, work.stream, before[at], token, now_, {}});
                ++settled_count;
            }
        }
    }

    void return_some()
    {
        const GroupToken token = some_token();
        for (StreamWork& work : works_) {
            if (token == 0 || history_.owner(work.stream, now_) != token) {
                continue;
            }
            const Nack nack{std::chrono::milliseconds{random_() % 60}, random_() % 10 == 0, "no"};
            give_back(work, now_, nack, deliveries_max);
            const GroupTime again = work.is_parked ? GroupTime{} : now_ + nack.delay;
            history_.facts.push_back({Fact::Kind::returned, work.stream, {}, token, again, {}});
            if (work.is_parked) {
                history_.facts.push_back({Fact::Kind::parked, work.stream, {}, 0, now_, {}});
                ++parked_count;
            } else if (work.deliveries >= deliveries_max || nack.must_park) {
                say("a stream that failed too often was not parked");
            }
        }
    }

    void free_one()
    {
        StreamWork& work = works_[random_() % works_.size()];
        if (!work.is_parked) {
            return;
        }
        if (random_() % 2 == 0) {
            retry_parked(work);
        } else {
            history_.facts.push_back(
                {Fact::Kind::settled, work.stream, work.events.front(), 0, now_, {}});
            skip_parked(work);
        }
        history_.facts.push_back({Fact::Kind::freed, work.stream, {}, 0, now_, {}});
    }

    void check_owners()
    {
        for (const StreamWork& work : works_) {
            if (work.owner != history_.owner(work.stream, now_)) {
                say("rules and history disagree about an owner");
            }
            if (work.is_parked != history_.is_parked(work.stream)) {
                say("rules and history disagree about what is parked");
            }
            if (work.deliveries > deliveries_max) {
                say("an event was delivered too often");
            }
        }
    }

    std::mt19937_64 random_;
    std::vector<StreamWork> works_;
    History history_;
    GroupTime now_{1s};
    GroupToken last_token_{0};
    std::uint64_t head_{0};
};

StreamWork work_with(std::vector<std::uint64_t> positions)
{
    StreamWork work;
    work.stream = stream(1);
    for (const auto position : positions) {
        work.events.push_back(Position{position});
    }
    return work;
}

} // namespace

TEST_CASE("whatever consumers do, a group does what its history says", "[groups][property]")
{
    std::size_t settled = 0;
    std::size_t parked = 0;
    std::size_t stale = 0;
    for (std::uint64_t round = 0; round < 150; ++round) {
        Model model{900 + round};
        for (int step = 0; step < 250 && model.broken.empty(); ++step) {
            model.step();
        }
        INFO("round " << round);
        REQUIRE(model.broken.empty());
        settled += model.settled_count;
        parked += model.parked_count;
        stale += model.stale_count;
    }
    CHECK(settled > 1'000);
    CHECK(parked > 50);
    CHECK(stale > 1'000);
}

TEST_CASE("after a failed delivery the first event of its stream comes alone", "[groups]")
{
    std::vector<StreamWork> works{work_with({1, 2, 3})};
    const GroupTime now{1s};

    CHECK(claim(works, now, 1, {}).size() == 3);
    give_back(works.front(), now, {}, deliveries_max);
    const auto again = claim(works, now, 2, {});

    REQUIRE(again.size() == 1);
    CHECK(again.front().position == Position{1});
    CHECK(again.front().delivery == 2);
    CHECK(acknowledge(works.front(), Position{3}) == 1); // only what was delivered
    CHECK(claim(works, now, 3, {}).size() == 2);
}

TEST_CASE("a poison event parks its stream after its deliveries, and can be skipped", "[groups]")
{
    std::vector<StreamWork> works{work_with({1, 2})};
    GroupTime now{1s};
    for (GroupToken token = 1; token <= deliveries_max; ++token) {
        CHECK_FALSE(works.front().is_parked);
        CHECK_FALSE(claim(works, now, token, {}).empty());
        now += 30s;
        CHECK(expire(works.front(), now, deliveries_max));
    }

    CHECK(works.front().is_parked);
    CHECK(works.front().reason == "the lease ran out");
    CHECK(claim(works, now, 9, {}).empty());
    skip_parked(works.front());
    const auto next = claim(works, now, 10, {});
    REQUIRE(next.size() == 1);
    CHECK(next.front().position == Position{2});
    CHECK(next.front().delivery == 1);
}

TEST_CASE("a lease holds until its last moment and not at it", "[groups]")
{
    std::vector<StreamWork> works{work_with({1})};
    const GroupTime now{1s};
    static_cast<void>(claim(works, now, 1, {10, 100ms}));

    CHECK_FALSE(expire(works.front(), now + 99ms, deliveries_max));
    CHECK(expire(works.front(), now + 100ms, deliveries_max));
}

TEST_CASE("a pause that was asked for is kept", "[groups]")
{
    std::vector<StreamWork> works{work_with({1})};
    const GroupTime now{1s};
    static_cast<void>(claim(works, now, 1, {}));
    give_back(works.front(), now, {500ms, false, "busy"}, deliveries_max);

    CHECK(claim(works, now + 499ms, 2, {}).empty());
    CHECK(claim(works, now + 500ms, 3, {}).size() == 1);
}

} // namespace sealstream
