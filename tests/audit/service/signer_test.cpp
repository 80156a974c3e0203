#include "audit/service/audit_reader.hpp"
#include "audit/service/key_file.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string pattern = (fs::temp_directory_path() / "sealstream-XXXXXX").string();
        SEAL_CHECK(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
        path_ = pattern;
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] fs::path operator/(std::string_view name) const { return path_ / name; }

private:
    fs::path path_;
};

// An audit stream read from a replica that is behind, until somebody asks for the last entry.
class LaggingAuditLog final : public AuditLog {
public:
    LaggingAuditLog(AuditLog& inner, std::uint64_t shown) : inner_{inner}, shown_{shown} {}

    Task<Result<std::uint64_t>> append(std::uint64_t last, std::vector<Bytes> entries) override
    {
        co_return co_await inner_.append(last, std::move(entries));
    }
    Task<Result<std::vector<AuditEntry>>> read_from(std::uint64_t after,
                                                    std::size_t entries_max) override
    {
        auto page = co_await inner_.read_from(after, entries_max);
        while (page && !page->empty() && page->back().sequence > shown_) {
            page->pop_back();
        }
        co_return page;
    }
    Task<Result<std::uint64_t>> last() override
    {
        const auto last = co_await inner_.last();
        shown_ = last && !is_stuck ? *last : shown_;
        co_return last;
    }
    bool is_stuck{false}; // the entries are gone for good

private:
    AuditLog& inner_;
    std::uint64_t shown_;
};

struct SignedLedger : LedgerFixture {
    SignedLedger()
    {
        append(20);
        seal();
    }
    [[nodiscard]] AuditHead head()
    {
        return *run_task(context, read_audit_head(audit, {log_key().verifier()}));
    }
    Result<SignedHead> sign(Signer& signer, const AuditHead& head)
    {
        return run_task(context, signer.sign(head.sequence, head.tree.size(), head.tree.root()));
    }
    // Seals `events` more into the stream without a checkpoint, as an auditor that is killed then.
    void seal_unsigned(std::uint64_t events)
    {
        AuditHead before = head();
        append(events);
        Sealer sealer{before, before.epoch};
        for (const StoredRecord& stored : records()) {
            if (stored.position > before.covered) {
                sealer.seal(body_for(stored, before.incarnation), clock.wall());
            }
        }
        auto blocks = sealer.take();
        REQUIRE(run_task(context, audit.append(before.sequence, blocks.entries)).has_value());
    }
};

} // namespace

TEST_CASE("the signer signs what is in the stream, and nothing that only the caller says",
          "[audit][service]")
{
    SignedLedger ledger;
    Signer signer{ledger.audit, ledger.clock, log_key()};
    AuditHead head = ledger.head();

    CHECK(ledger.sign(signer, head).has_value());

    AuditHead other_root = head;
    other_root.tree.append(Digest{});
    CHECK(ledger.sign(signer, other_root).error().code == Errc::corrupt);
    AuditHead beyond = head;
    beyond.sequence += 1;
    CHECK(ledger.sign(signer, beyond).error().code == Errc::corrupt);
    CHECK(ledger.sign(signer, head).has_value());
}

TEST_CASE("a signer that wakes up when another has gone on is superseded, not contradicted",
          "[audit][service]")
{
    SignedLedger ledger;
    Signer frozen{ledger.audit, ledger.clock, log_key()};
    ledger.seal_unsigned(5);
    const AuditHead staged = ledger.head(); // what the frozen auditor was about to have signed
    ledger.append(5);
    ledger.seal(); // the one that took over: seals and signs further

    CHECK(ledger.sign(frozen, staged).error().code == Errc::conflict);
    CHECK(ledger.sign(frozen, ledger.head()).has_value());
}

TEST_CASE("the signer waits for a replica that is behind, and not for entries that are gone",
          "[audit][service]")
{
    SignedLedger ledger;
    const AuditHead before = ledger.head();
    LaggingAuditLog lagging{ledger.audit, before.sequence};
    Signer signer{lagging, ledger.clock, log_key()};
    REQUIRE(ledger.sign(signer, before).has_value());
    ledger.seal_unsigned(5);

    lagging.is_stuck = true;
    CHECK(ledger.sign(signer, ledger.head()).error().code == Errc::corrupt);
    lagging.is_stuck = false;
    CHECK(ledger.sign(signer, ledger.head()).has_value());
}

TEST_CASE("the signer refuses to go back in time", "[audit][service]")
{
    SignedLedger ledger;
    Signer signer{ledger.audit, ledger.clock, log_key()};
    const WallTime now = ledger.clock.wall();
    REQUIRE(ledger.sign(signer, ledger.head()).has_value());
    ledger.seal_unsigned(3);

    ledger.clock.set_wall(WallTime{now.nanoseconds - 3'000'000'000});
    CHECK(ledger.sign(signer, ledger.head()).error().code == Errc::refused);
    Signer fresh{ledger.audit, ledger.clock, log_key()}; // the leaves tell it as well
    CHECK(ledger.sign(fresh, ledger.head()).error().code == Errc::refused);

    ledger.clock.set_wall(WallTime{now.nanoseconds + 1'000'000});
    CHECK(ledger.sign(signer, ledger.head()).has_value());
}

TEST_CASE("a signer that runs does not sign a stream that went back or forked", "[audit][service]")
{
    SignedLedger ledger;
    Signer signer{ledger.audit, ledger.clock, log_key()};
    ledger.seal_unsigned(3);
    const auto before = ledger.entries().size();
    REQUIRE(ledger.sign(signer, ledger.head()).has_value());

    ledger.audit.cut_after(before - 1); // the block that was signed is gone
    CHECK(ledger.sign(signer, ledger.head()).error().code == Errc::corrupt);

    ledger.seal_unsigned(2); // another block in its place
    CHECK(ledger.sign(signer, ledger.head()).error().code == Errc::corrupt);
}

TEST_CASE("with a memory file a fresh signer knows what was signed before", "[audit][service]")
{
    const TemporaryFolder folder;
    SignerOptions options;
    options.memory_file = folder / "signed";
    SignedLedger ledger;
    ledger.seal_unsigned(3);
    const auto before = ledger.entries().size();
    {
        Signer signer{ledger.audit, ledger.clock, log_key(), options};
        REQUIRE(
            ledger.sign(signer, ledger.head()).has_value()); // and killed before it is published
    }
    {
        Signer same{ledger.audit, ledger.clock, log_key(), options};
        CHECK(ledger.sign(same, ledger.head()).has_value());
    }
    ledger.audit.cut_after(before - 1);
    {
        Signer after_cut{ledger.audit, ledger.clock, log_key(), options};
        CHECK(ledger.sign(after_cut, ledger.head()).error().code == Errc::corrupt);
    }
    ledger.seal_unsigned(1);
    ledger.seal_unsigned(5);
    {
        Signer after_fork{ledger.audit, ledger.clock, log_key(), options};
        CHECK(ledger.sign(after_fork, ledger.head()).error().code == Errc::corrupt);
        Signer forgetful{ledger.audit, ledger.clock, log_key()};
        CHECK(ledger.sign(forgetful, ledger.head()).has_value()); // which is why there is a memory
    }
    std::ofstream{options.memory_file} << "nonsense";
    Signer confused{ledger.audit, ledger.clock, log_key(), options};
    CHECK(!ledger.sign(confused, ledger.head()).has_value());
}

TEST_CASE("a key file is the owner's alone, and never overwritten", "[audit][service]")
{
    const TemporaryFolder folder;
    const fs::path path = folder / "audit.key";

    CHECK(load_signing_key(path).error().code == Errc::not_found);
    REQUIRE(save_signing_key(log_key(), path).has_value());
    CHECK((fs::status(path).permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));
    REQUIRE(load_signing_key(path).has_value());
    CHECK(load_signing_key(path)->verifier() == log_key().verifier());
    CHECK(save_signing_key(witness_key(), path).error().code == Errc::conflict);

    for (const ::mode_t mode : {0640U, 0604U, 0660U, 0777U}) {
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        CHECK(load_signing_key(path).error().code == Errc::forbidden);
    }
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    std::ofstream{path} << "PRIVATE+KEY+nonsense\n";
    CHECK(load_signing_key(path).error().code == Errc::malformed);
}
