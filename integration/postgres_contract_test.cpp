// The logs on Postgres keep the contracts of their ports.

#include "integration/support/postgres_home.hpp"
#include "postgres/postgres_audit_log.hpp"
#include "tests/ports/audit_log_contract.hpp"
#include "tests/ports/event_log_contract.hpp"
#include "tests/support/catch.hpp"

namespace sealstream::postgres_contract_test {

namespace {

using testing::PostgresHome;

class PostgresLogUnderTest final : public testing::LogUnderTest {
public:
    PostgresLogUnderTest(const ChainPolicy& chain, CodecKind codec)
        : log_{home_.open_log(options(chain, codec))}
    {
    }
    EventLog& log() override { return log_; }
    boost::asio::io_context& context() override { return home_.context; }

private:
    static PostgresLogOptions options(const ChainPolicy& chain, CodecKind codec)
    {
        PostgresLogOptions options;
        options.chain = chain;
        options.codec = codec;
        return options;
    }

    PostgresHome home_;
    PostgresEventLog& log_;
};

class PostgresAuditUnderTest final : public testing::AuditLogUnderTest {
public:
    AuditLog& first_writer() override { return first_; }
    AuditLog& second_writer() override { return second_; }
    boost::asio::io_context& context() override { return home_.context; }

private:
    PostgresHome home_;
    PostgresAuditLog first_{"main", home_.pool, home_.threads};
    PostgresAuditLog second_{"main", home_.pool, home_.threads};
};

} // namespace

TEST_CASE("the Postgres log keeps the contract of event logs, with JSON records",
          "[postgres][contract]")
{
    if (!testing::has_no_postgres()) {
        testing::check_event_log_contract([](const ChainPolicy& chain) {
            return std::make_unique<PostgresLogUnderTest>(chain, CodecKind::canonical_json);
        });
    }
}

TEST_CASE("the Postgres log keeps the contract of event logs, with CBOR records",
          "[postgres][contract]")
{
    if (!testing::has_no_postgres()) {
        testing::check_event_log_contract([](const ChainPolicy& chain) {
            return std::make_unique<PostgresLogUnderTest>(chain, CodecKind::deterministic_cbor);
        });
    }
}

TEST_CASE("the Postgres audit log keeps the contract of audit logs", "[postgres][contract]")
{
    if (!testing::has_no_postgres()) {
        testing::check_audit_log_contract(
            [] { return std::make_unique<PostgresAuditUnderTest>(); });
    }
}

} // namespace sealstream::postgres_contract_test
