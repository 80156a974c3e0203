// docs/examples/outbox does what its README says, against a whole cluster.

#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source_files.hpp"

#include <boost/json/parse.hpp>

#include <iostream>

namespace sealstream::testing::outbox_example_test {

TEST_CASE("the example's transactions are three events in the log, with the keys of their txids",
          "[outbox][examples]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    TestFolder folder{"outbox-example"};
    if (run_to_end({"/bin/sh", "-c", "command -v psql"}, folder.path()).exit_code != 0) {
        std::cout << "SKIPPED: psql is not installed" << std::endl;
        return;
    }
    ClusterOptions options;
    options.projectors = 0;
    options.auditors = 0;
    options.relays = 1;
    options.settings = {"outbox.poll_ms=10"};
    Cluster cluster{options};
    const std::string ready = "until psql '" + cluster.database() +
                              "' -Atc 'SELECT 1 FROM sealstream.append_settings' 2>/dev/null"
                              " | grep -q 1; do sleep 0.1; done";
    REQUIRE(
        run_to_end({"/bin/sh", "-c", ready}, folder.path(), std::chrono::seconds{30}).exit_code ==
        0);

    const std::string script = source_path("docs/examples/outbox/run.sh");
    const auto ran = run_to_end({"/bin/sh", script, cluster.database()}, folder.path());

    INFO(ran.log);
    REQUIRE(ran.exit_code == 0);
    CHECK(ran.output == "issued|1000|1\nmoved|0.0|2\nmoved|0.0|3\n");
    LedgerView view{cluster};
    const auto records = view.records();
    REQUIRE(records.size() == 3);
    for (const StoredRecord& stored : records) {
        const auto event = decode_record(stored.record);
        REQUIRE(event);
        CHECK(event->draft.type == "LedgerBalanceChanged");
        const auto txid = boost::json::parse(event->draft.data).at("txid").as_string();
        CHECK(event->draft.key == "ledger-tx-frame-a-" + std::string{txid.c_str()});
    }
}

} // namespace sealstream::testing::outbox_example_test
