// The fakes keep the contracts of what they stand for, and their fault hooks do what tests rely on.

#include "tests/ports/audit_log_contract.hpp"
#include "tests/ports/log_driver.hpp"
#include "tests/support/memory_audit_log.hpp"
#include "tests/support/memory_event_log.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

class MemoryLogUnderTest final : public LogUnderTest {
public:
    explicit MemoryLogUnderTest(MemoryLogOptions options)
        : log_{context_.get_executor(), clock_, std::move(options)}
    {
    }
    MemoryEventLog& log() override { return log_; }
    boost::asio::io_context& context() override { return context_; }

private:
    boost::asio::io_context context_{1};
    ManualClock clock_;
    MemoryEventLog log_;
};

class MemoryAuditUnderTest final : public AuditLogUnderTest {
public:
    AuditLog& first_writer() override { return log_; }
    AuditLog& second_writer() override { return log_; }
    boost::asio::io_context& context() override { return context_; }

private:
    boost::asio::io_context context_{1};
    MemoryAuditLog log_;
};

const StreamName stream{"deal", "1"};

} // namespace

TEST_CASE("the memory log keeps the contract of event logs, with JSON records", "[contract]")
{
    check_event_log_contract([](const ChainPolicy& chain) {
        return std::make_unique<MemoryLogUnderTest>(
            MemoryLogOptions{chain, CodecKind::canonical_json});
    });
}

TEST_CASE("the memory log keeps the contract of event logs, with CBOR records", "[contract]")
{
    check_event_log_contract([](const ChainPolicy& chain) {
        return std::make_unique<MemoryLogUnderTest>(
            MemoryLogOptions{chain, CodecKind::deterministic_cbor});
    });
}

TEST_CASE("the memory audit log keeps the contract of audit logs", "[contract]")
{
    check_audit_log_contract([] { return std::make_unique<MemoryAuditUnderTest>(); });
}

TEST_CASE("a made-up failure strikes before or after the append, once", "[contract][fault]")
{
    for (const auto strike :
         {MemoryEventLog::Strike::before_effect, MemoryEventLog::Strike::after_effect}) {
        const bool is_after = strike == MemoryEventLog::Strike::after_effect;
        MemoryLogUnderTest under_test{{}};
        const std::vector<StreamAppend> batch{{stream, absent, fresh_drafts(2)}};
        under_test.log().fail_next_append(Errc::outcome_unknown, strike);

        const auto failed = run_task(under_test.context(), under_test.log().append(batch));
        REQUIRE(!failed);
        CHECK(failed.error().code == Errc::outcome_unknown);
        const auto head = run_task(under_test.context(), under_test.log().head());
        CHECK(head->value == (is_after ? 2U : 0U));

        // Repeating the very same call settles it either way.
        const auto repeated = run_task(under_test.context(), under_test.log().append(batch));
        REQUIRE(repeated.has_value());
        CHECK(repeated->is_repeat == is_after);
        CHECK(positions_of(*repeated) == counting(1, 2));
    }
}

TEST_CASE("a log that went back is corrupt to a feed that was further", "[contract][fault]")
{
    MemoryLogUnderTest under_test{{}};
    const std::vector<StreamAppend> batch{{stream, absent, fresh_drafts(5)}};
    REQUIRE(run_task(under_test.context(), under_test.log().append(batch)).has_value());
    const auto feed = under_test.log().subscribe_from(Position{0});
    const auto all = run_task(under_test.context(), feed->next(10, std::chrono::milliseconds{0}));
    CHECK(all->records.size() == 5);

    under_test.log().cut_after(Position{3});

    const auto after = run_task(under_test.context(), feed->next(10, std::chrono::milliseconds{0}));
    REQUIRE(!after);
    CHECK(after.error().code == Errc::corrupt);
    const auto head = run_task(under_test.context(), under_test.log().stream_head(stream));
    CHECK(head->version == Version{3});
}

TEST_CASE("an audit append that fails may be in by half", "[contract][fault]")
{
    boost::asio::io_context context{1};
    MemoryAuditLog log;
    log.fail_next_append(Errc::outcome_unknown, 1);
    std::vector<Bytes> entries{to_bytes("a"), to_bytes("b")};
    const auto failed = run_task(context, log.append(0, entries));
    REQUIRE(!failed);
    CHECK(failed.error().code == Errc::outcome_unknown);
    CHECK(*run_task(context, log.last()) == 1);
}
