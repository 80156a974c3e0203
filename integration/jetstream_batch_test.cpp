// Appends that share a batch do not share their faults.

#include "integration/support/jetstream_under_test.hpp"
#include "tests/ports/log_driver.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>

#include <iostream>

namespace jetstream_batch_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Task<void> append_into(EventLog& log, std::vector<StreamAppend> batch,
                       std::optional<Result<Appended>>& outcome)
{
    outcome = co_await log.append(std::move(batch));
}

} // namespace

TEST_CASE("one event that is too large fails alone, however many share its batch", "[jetstream]")
{
    if (!NatsServers::is_installed()) {
        std::cout << "SKIPPED: no nats-server; ./dev deps fetches one" << std::endl;
        return;
    }
    const NatsServers servers{NatsOptions{1, true, "4GB"}};
    jetstream::EventLogOptions options;
    options.is_synced = true;
    options.group_events_min = 0; // everything goes in batches
    JetStreamUnderTest home{servers, options};
    constexpr std::size_t appends = 20;
    constexpr std::size_t large = 7;

    std::vector<std::optional<Result<Appended>>> outcomes(appends);
    for (std::size_t number = 0; number < appends; ++number) {
        auto drafts = fresh_drafts(2);
        if (number == large) {
            drafts[1].data = "\"" + std::string(1'200'000, 'x') + "\"";
        }
        std::vector<StreamAppend> batch{{{"deal", std::to_string(number)}, any, std::move(drafts)}};
        boost::asio::co_spawn(home.context(),
                              append_into(home.log(), std::move(batch), outcomes[number]),
                              [](const std::exception_ptr& thrown) { REQUIRE(!thrown); });
    }
    home.context().restart();
    while (std::any_of(outcomes.begin(), outcomes.end(),
                       [](const auto& outcome) { return !outcome.has_value(); })) {
        home.context().run_one();
    }

    for (std::size_t number = 0; number < appends; ++number) {
        INFO(number);
        if (number == large) {
            REQUIRE(!outcomes[number]->has_value());
            CHECK(outcomes[number]->error().code == Errc::too_large);
        } else {
            CHECK(outcomes[number]->has_value());
        }
    }
    const auto head = run_task(home.context(), home.log().head());
    REQUIRE(head.has_value());
    CHECK(head->value == 2 * (appends - 1));
}

} // namespace jetstream_batch_test
