// The JetStream logs keep the contracts of their ports: on a server that syncs late, on one that
// syncs every write (group commit), and on three servers.

#include "integration/support/jetstream_under_test.hpp"
#include "tests/support/catch.hpp"

#include <iostream>

namespace jetstream_contract_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

jetstream::EventLogOptions with(const ChainPolicy& chain)
{
    jetstream::EventLogOptions options;
    options.chain = chain;
    return options;
}

} // namespace

TEST_CASE("the JetStream log keeps the contract of event logs", "[contract]")
{
    if (is_skipped()) {
        return;
    }
    static const NatsServers servers;
    check_event_log_contract([](const ChainPolicy& chain) {
        return std::make_unique<JetStreamUnderTest>(servers, with(chain));
    });
}

TEST_CASE("the JetStream log keeps the contract on a server that syncs every write", "[contract]")
{
    if (is_skipped()) {
        return;
    }
    static const NatsServers servers{NatsOptions{1, true, "4GB"}};
    check_event_log_contract([](const ChainPolicy& chain) {
        auto options = with(chain);
        options.is_synced = true;
        options.codec = CodecKind::deterministic_cbor;
        return std::make_unique<JetStreamUnderTest>(servers, options);
    });
}

TEST_CASE("the JetStream log keeps the contract on three servers", "[contract][cluster]")
{
    if (is_skipped()) {
        return;
    }
    static const NatsServers servers{NatsOptions{3, false, "4GB"}};
    check_event_log_contract([](const ChainPolicy& chain) {
        auto options = with(chain);
        options.replicas = 3;
        return std::make_unique<JetStreamUnderTest>(servers, options);
    });
}

TEST_CASE("the JetStream audit log keeps the contract of audit logs", "[contract]")
{
    if (is_skipped()) {
        return;
    }
    static const NatsServers servers;
    check_audit_log_contract([] { return std::make_unique<JetStreamAuditUnderTest>(servers); });
}

} // namespace jetstream_contract_test
