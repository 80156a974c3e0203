// The contract of checks: conditions on streams to which an append writes nothing.

#include "tests/ports/log_driver.hpp"
#include "tests/support/seed.hpp"

#include <algorithm>

namespace sealstream::testing {

namespace {

const StreamName written{"deal", "written"};

AppendRequest request_of(std::size_t events, std::vector<StreamCheck> checks)
{
    return {{{written, any, fresh_drafts(events)}}, std::move(checks)};
}

void each_check_has_a_refusing_neighbour(const LogFactory& make)
{
    struct Row {
        const char* name;
        std::uint64_t events_before;
        Expected expected;
        bool is_met;
    };
    const std::array rows{
        Row{"absent, no stream", 0, absent, true},
        Row{"absent, a stream", 1, absent, false},
        Row{"present, a stream", 1, present, true},
        Row{"present, no stream", 0, present, false},
        Row{"version 0, no stream", 0, version(0), true},
        Row{"version 0, a stream", 1, version(0), false},
        Row{"version 2 at 2", 2, version(2), true},
        Row{"version 1 at 2", 2, version(1), false},
        Row{"version 3 at 2", 2, version(3), false},
    };
    LogDriver driver{make};
    for (std::size_t at = 0; at < rows.size(); ++at) {
        for (const std::size_t events : {std::size_t{1}, std::size_t{3}}) {
            const Row& row = rows[at];
            INFO(row.name << ", " << events << " events");
            const StreamName other{"account", std::to_string(at) + "-" + std::to_string(events)};
            if (row.events_before != 0) {
                driver.append(other, row.events_before);
            }
            const auto before = driver.stream_head(written).version.value;
            const auto head = driver.head();

            const auto appended = driver.try_request(request_of(events, {{other, row.expected}}));

            REQUIRE(appended.has_value() == row.is_met);
            CHECK(driver.stream_head(other).version.value == row.events_before);
            if (appended) {
                CHECK(versions_of(*appended) == counting(before + 1, before + events));
            } else {
                CHECK(appended.error().code == Errc::conflict);
                CHECK(driver.stream_head(written).version.value == before);
                CHECK(driver.head() == head);
            }
        }
    }
}

void one_failed_check_of_many_refuses_all(const LogFactory& make)
{
    LogDriver driver{make};
    std::vector<StreamCheck> checks;
    for (std::size_t at = 0; at < 20; ++at) {
        const StreamName other{"account", std::to_string(at)};
        const bool is_there = at % 3 != 0;
        if (is_there) {
            driver.append(other, at % 3);
        }
        checks.push_back({other, is_there ? version(at % 3) : absent});
    }

    const auto appended = driver.try_request(request_of(5, checks));
    CHECK(appended.has_value());
    for (const std::size_t wrong : {std::size_t{0}, std::size_t{7}, std::size_t{19}}) {
        auto broken = checks;
        broken[wrong].expected = version(99);
        const auto refused = driver.try_request(request_of(1, broken));
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::conflict);
    }
    CHECK(driver.stream_head(written).version.value == 5);
}

void an_append_touches_a_thousand_streams(const LogFactory& make)
{
    LogDriver driver{make};
    std::vector<StreamCheck> checks;
    for (std::size_t at = 0; at < append_events_max; ++at) {
        checks.push_back({{"account", std::to_string(at)}, absent});
    }
    const auto refused = driver.try_request(request_of(1, checks));
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::too_large);

    checks.pop_back();
    const auto appended = driver.try_request(request_of(1, checks));
    INFO((appended ? "" : describe(appended.error())));
    CHECK(appended.has_value());
}

void a_crooked_check_is_malformed(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName other{"account", "1"};
    const std::vector<std::vector<StreamCheck>> crooked{
        {{written, absent}},
        {{other, any}},
        {{other, absent}, {other, absent}},
    };
    for (const auto& checks : crooked) {
        const auto refused = driver.try_request(request_of(1, checks));
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::malformed);
    }
    const auto nothing = driver.try_request({{}, {{other, absent}}});
    REQUIRE(!nothing);
    CHECK(nothing.error().code == Errc::malformed);
    CHECK(driver.head() == 0);
}

void a_repeat_needs_no_check(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName other{"account", "1"};
    for (const std::size_t events : {std::size_t{1}, std::size_t{2}}) {
        const auto request = request_of(events, {{other, version(events - 1)}});
        const auto first = driver.try_request(request);
        REQUIRE(first.has_value());
        driver.append(other, 1);

        const auto second = driver.try_request(request);

        INFO((second ? "" : describe(second.error())));
        REQUIRE(second.has_value());
        CHECK(second->is_repeat);
        CHECK(positions_of(*second) == positions_of(*first));
    }
}

// Everyone writes the own stream if the neighbour's is still empty. Whatever happens first makes
// the neighbour before it fail, so no two neighbours both succeed: that would be write skew.
void write_skew_never_lands(const LogFactory& make)
{
    constexpr std::size_t ring = 7;
    LogDriver driver{make};
    for (std::size_t round = 0; round < 6; ++round) {
        const auto name = [round](std::size_t at) {
            return StreamName{"doctor", std::to_string(round) + "-" + std::to_string(at % ring)};
        };
        std::vector<Task<Result<Appended>>> tasks;
        for (std::size_t at = 0; at < ring; ++at) {
            AppendRequest request{{{name(at), absent, fresh_drafts(1 + at % 2)}},
                                  {{name(at + 1), absent}}};
            tasks.push_back(driver.log().append(std::move(request)));
        }

        const auto answers = run_tasks(driver.context(), std::move(tasks));

        std::size_t landed = 0;
        for (std::size_t at = 0; at < ring; ++at) {
            INFO("round " << round << ", at " << at << ": "
                          << (answers[at] ? "landed" : describe(answers[at].error())));
            landed += answers[at] ? 1U : 0U;
            CHECK((answers[at] || answers[at].error().code == Errc::conflict));
            CHECK(driver.stream_head(name(at)).version.value == (answers[at] ? 1 + at % 2 : 0));
            const auto& next = answers[(at + 1) % ring];
            const bool is_skew =
                answers[at] && next &&
                next->events.front().position < answers[at]->events.front().position;
            CHECK(!is_skew);
        }
        CHECK(landed >= 1);
    }
}

// Random appends with random conditions, many at a time. What landed is then replayed in the order
// of the log: every condition must have held just before its append.
void every_condition_held_where_its_append_stands(const LogFactory& make)
{
    constexpr std::size_t streams = 5;
    auto random = random_generator(4711);
    LogDriver driver{make};
    std::map<std::uint64_t, AppendRequest> landed; // by first position
    std::size_t conflicts = 0;
    std::map<StreamName, std::uint64_t> guess;
    for (std::size_t round = 0; round < 5; ++round) {
        std::vector<AppendRequest> requests;
        for (std::size_t count = 0; count < 16; ++count) {
            AppendRequest request;
            for (std::size_t at = 0; at < streams; ++at) {
                const StreamName stream{"deal", std::to_string(at)};
                const Expected expected =
                    random() % 8 == 0 ? version(guess[stream] + 1) : version(guess[stream]);
                if (random() % 5 == 0) {
                    request.appends.push_back({stream, random() % 2 == 0 ? any : expected,
                                               fresh_drafts(1 + random() % 2)});
                } else if (random() % 5 == 0) {
                    request.checks.push_back({stream, expected});
                }
            }
            if (!request.appends.empty()) {
                requests.push_back(std::move(request));
            }
        }
        std::vector<Task<Result<Appended>>> tasks;
        for (const AppendRequest& request : requests) {
            tasks.push_back(driver.log().append(request));
        }
        const auto answers = run_tasks(driver.context(), std::move(tasks));
        for (std::size_t at = 0; at < answers.size(); ++at) {
            if (answers[at]) {
                landed.emplace(answers[at]->events.front().position.value, requests[at]);
            } else {
                CHECK(answers[at].error().code == Errc::conflict);
                ++conflicts;
            }
        }
        for (auto& [stream, seen] : guess) {
            seen = driver.stream_head(stream).version.value;
        }
    }
    CHECK(landed.size() > 5);
    CHECK(conflicts > 5);

    std::map<StreamName, std::uint64_t> versions;
    std::size_t broken = 0;
    for (const auto& [position, request] : landed) {
        const auto holds = [&versions](const StreamName& stream, const Expected& expected) {
            return check_expected(expected, {Version{versions[stream]}, {}, {}}).has_value();
        };
        for (const StreamAppend& append : request.appends) {
            broken += holds(append.stream, append.expected) ? 0U : 1U;
        }
        for (const StreamCheck& check : request.checks) {
            broken += holds(check.stream, check.expected) ? 0U : 1U;
        }
        for (const StreamAppend& append : request.appends) {
            versions[append.stream] += append.drafts.size();
        }
    }
    CHECK(broken == 0);
    for (const auto& [stream, last] : versions) {
        CHECK(driver.stream_head(stream).version.value == last);
    }
}

constexpr std::array check_rules_table{
    LogRule{"each check has a refusing neighbour", each_check_has_a_refusing_neighbour},
    LogRule{"one failed check of many refuses all", one_failed_check_of_many_refuses_all},
    LogRule{"an append touches 1000 streams and not one more",
            an_append_touches_a_thousand_streams},
    LogRule{"a crooked check is malformed", a_crooked_check_is_malformed},
    LogRule{"a repeat needs no check", a_repeat_needs_no_check},
    LogRule{"write skew never lands", write_skew_never_lands},
    LogRule{"every condition held where its append stands",
            every_condition_held_where_its_append_stands},
};

} // namespace

std::span<const LogRule> check_rules()
{
    return check_rules_table;
}

} // namespace sealstream::testing
