// Whatever somebody does to the audit stream, the verifier finds it, and says when it can not tell.

#include "audit/tile.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr std::uint64_t audited_events = 120;

// Three epochs, several blocks and checkpoints.
struct SealedLedger : LedgerFixture {
    explicit SealedLedger(std::uint64_t count = audited_events)
    {
        for (int life = 0; life < 3; ++life) {
            append(count / 3);
            seal();
        }
        original = entries();
    }

    // The stream with other entries.
    VerifyReport verify_entries(const std::vector<Bytes>& changed, VerifyOptions verify_options)
    {
        MemoryAuditLog other;
        auto appended = run_task(context, other.append(0, changed));
        SEAL_CHECK(appended.has_value(), "an empty stream takes entries");
        return run_task(context, verify_ledger(log, other, std::move(verify_options)));
    }
    VerifyReport verify_entries(const std::vector<Bytes>& changed)
    {
        return verify_entries(changed, options());
    }
    [[nodiscard]] std::vector<Bytes> copy() const
    {
        std::vector<Bytes> all;
        for (const AuditEntry& entry : original) {
            all.push_back(entry.bytes);
        }
        return all;
    }
    // Index of the `nth` entry of a kind.
    template <class Kind>
    [[nodiscard]] std::size_t find(std::size_t nth) const
    {
        for (std::size_t at = 0; at < original.size(); ++at) {
            const auto entry = decode_entry(original[at].bytes);
            if (std::holds_alternative<Kind>(*entry) && nth-- == 0) {
                return at;
            }
        }
        return original.size();
    }

    std::vector<AuditEntry> original;
};

bool has(const VerifyReport& report, FindingKind kind)
{
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [kind](const Finding& finding) { return finding.kind == kind; });
}

// A block with one of its leaves changed by `edit`.
template <class Edit>
Bytes with_leaf(const Bytes& entry, std::size_t nth, Edit edit)
{
    auto block = std::get<BlockEntry>(*decode_entry(entry));
    const auto leaves = *split_bundle(block.bundle);
    Bytes bundle;
    for (std::size_t at = 0; at < leaves.size(); ++at) {
        Leaf leaf = *decode_leaf(leaves[at]);
        if (at == nth) {
            edit(leaf);
        }
        SEAL_CHECK(append_bundle_entry(bundle, encode_leaf(leaf)).has_value(), "a leaf fits");
    }
    block.bundle = bundle;
    return encode_entry(block);
}

using enum FindingKind;

} // namespace

TEST_CASE("no byte of the audit stream can be changed without a finding",
          "[audit][tamper][exhaustive]")
{
    SealedLedger ledger{18};
    REQUIRE(ledger.verify_entries(ledger.copy()).verdict == Verdict::ok);
    std::size_t changed_bytes = 0;
    std::vector<std::string> unnoticed;
    const std::vector<Bytes> untouched = ledger.copy();

    for (std::size_t entry = 0; entry < untouched.size(); ++entry) {
        const bool is_epoch = untouched[entry][1] == std::byte{1};
        // Every fifth byte, others with another seed: each takes a whole verification.
        for (std::size_t at = (entry + seed()) % 5; at < untouched[entry].size(); at += 5) {
            // The writer's name (4 bytes of length before it) is for operators, and nothing vouches
            // for it.
            if (is_epoch && at >= 14 && at < 14 + std::string_view{"auditor"}.size()) {
                continue;
            }
            std::vector<Bytes> changed = untouched;
            changed[entry][at] ^= std::byte{0x04};
            ++changed_bytes;
            const VerifyReport report = ledger.verify_entries(changed);
            if (report.findings.empty() || report.verdict == Verdict::ok) {
                unnoticed.push_back(std::to_string(entry) + ":" + std::to_string(at));
            }
        }
    }

    CHECK(changed_bytes > 800);
    CHECK(unnoticed == std::vector<std::string>{});
}

TEST_CASE("a changed leaf is named, and everything after it is still checked", "[audit][tamper]")
{
    SealedLedger ledger;
    const std::size_t at = ledger.find<BlockEntry>(1);
    std::vector<Bytes> changed = ledger.copy();
    std::uint64_t index = 0;
    changed[at] = with_leaf(changed[at], 3, [&index](Leaf& leaf) {
        std::get<EventLeaf>(leaf.body).record.bytes[0] ^= std::byte{1};
        index = leaf.index;
    });

    const VerifyReport report = ledger.verify_entries(changed);

    CHECK(report.verdict == Verdict::tampered);
    REQUIRE(report.findings.size() == 2); // the leaf, and the event that differs from it
    CHECK(report.findings[0].kind == leaf_changed);
    CHECK(report.findings[0].leaf_index == index);
    CHECK(report.findings[1].kind == event_changed);
    CHECK(report.findings[1].leaf_index == index);
    CHECK(report.tree_size == audited_events + 1); // the last checkpoint was verified all the same
}

TEST_CASE("the last leaf before a checkpoint has no successor, and is named too", "[audit][tamper]")
{
    SealedLedger ledger;
    const std::size_t checkpoint = ledger.find<CheckpointEntry>(1);
    std::vector<Bytes> changed = ledger.copy();
    const auto block = std::get<BlockEntry>(*decode_entry(changed[checkpoint - 1]));
    changed[checkpoint - 1] = with_leaf(changed[checkpoint - 1], block.count - 1, [](Leaf& leaf) {
        std::get<EventLeaf>(leaf.body).version = Version{1'000};
    });

    const VerifyReport report = ledger.verify_entries(changed);

    CHECK(report.verdict == Verdict::tampered);
    CHECK(has(report, leaf_changed));
    CHECK(!has(report, checkpoint_wrong));
    CHECK(report.tree_size == audited_events + 1);
}

TEST_CASE("a forged event with a forged leaf is found by the tree", "[audit][tamper]")
{
    SealedLedger ledger;
    const std::size_t at = ledger.find<BlockEntry>(2);
    const auto block = std::get<BlockEntry>(*decode_entry(ledger.copy()[at]));
    const Position position = block.first_position;
    Event event = *decode_record(ledger.records()[position.value - 1].record);
    event.draft.data = R"("forged")";
    const Bytes record = codec(CodecKind::canonical_json).encode(event);
    ledger.log.replace_record(position, record);
    std::vector<Bytes> changed = ledger.copy();
    changed[at] = with_leaf(changed[at], 0, [&](Leaf& leaf) {
        std::get<EventLeaf>(leaf.body).record = commit_record(event.draft.salt, record);
    });

    const VerifyReport report = ledger.verify_entries(changed);

    CHECK(report.verdict == Verdict::tampered);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].kind == leaf_changed);
    CHECK(report.findings[0].position == position);
}

TEST_CASE("entries that are taken out, doubled or swapped are found", "[audit][tamper]")
{
    SealedLedger ledger;
    const std::vector<Bytes> untouched = ledger.copy();
    for (std::size_t at = 0; at + 1 < untouched.size(); ++at) {
        INFO("entry " << at);
        std::vector<Bytes> removed = untouched;
        removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(at));
        std::vector<Bytes> doubled = untouched;
        doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(at), untouched[at]);
        std::vector<Bytes> swapped = untouched;
        std::swap(swapped[at], swapped[at + 1]);

        // Without one of its checkpoints the stream is less well signed, yet nothing in it is
        // wrong, except that EPOCH entries know their place.
        const bool is_checkpoint = untouched[at][1] == std::byte{3};
        const bool is_last_epoch = at > ledger.find<EpochEntry>(2);
        if (!is_checkpoint || !is_last_epoch) {
            CHECK(ledger.verify_entries(removed).verdict == Verdict::tampered);
        }
        if (!is_checkpoint || !is_last_epoch) {
            CHECK(ledger.verify_entries(doubled).verdict == Verdict::tampered);
        }
        CHECK(ledger.verify_entries(swapped).verdict == Verdict::tampered);
    }
}

TEST_CASE("a missing block names the positions that lost their leaf", "[audit][tamper]")
{
    SealedLedger ledger;
    const std::size_t at = ledger.find<BlockEntry>(1);
    const auto block = std::get<BlockEntry>(*decode_entry(ledger.copy()[at]));
    std::vector<Bytes> changed = ledger.copy();
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));

    const VerifyReport report = ledger.verify_entries(changed);

    CHECK(has(report, leaf_missing));
    CHECK(report.findings.front().leaf_index == block.first_index);
    CHECK(report.events == audited_events - block.count); // all others were compared
    CHECK(report.tree_size == audited_events + 1);        // a later checkpoint is firm ground again
}

TEST_CASE("a stream that was cut off is found by whoever remembers a checkpoint", "[audit][tamper]")
{
    SealedLedger ledger;
    std::vector<Bytes> cut = ledger.copy();
    const VerifyReport before = ledger.verify_entries(cut);
    cut.resize(ledger.find<CheckpointEntry>(1) + 1);
    VerifyOptions remembers = ledger.options();
    remembers.known_note = before.note;
    VerifyOptions knows_time = ledger.options();
    knows_time.now = ledger.clock.wall();
    knows_time.now->nanoseconds += std::chrono::nanoseconds{std::chrono::hours{1}}.count();

    const VerifyReport blind = ledger.verify_entries(cut);
    CHECK(blind.verdict == Verdict::ok);
    CHECK(blind.unsealed > 0); // never hidden
    const VerifyReport remembered = ledger.verify_entries(cut, remembers);
    CHECK(remembered.verdict == Verdict::tampered);
    CHECK(has(remembered, history_lost));
    CHECK(ledger.verify_entries(cut, knows_time).verdict == Verdict::undecided);
    CHECK(ledger.verify_entries(ledger.copy(), remembers).verdict == Verdict::ok);
    remembers.known_note = "nonsense";
    CHECK(ledger.verify_entries(cut, remembers).verdict == Verdict::undecided);
}

TEST_CASE("a history that was written anew is a fork for whoever remembers, and unknown under "
          "another key",
          "[audit][tamper]")
{
    SealedLedger ledger;
    const std::string note = ledger.verify().note;
    ledger.log.replace_record(Position{7}, ledger.records()[8].record);
    const auto rewrite = [&](SigningKey key) {
        MemoryAuditLog fresh;
        AuditorLife forger{ledger.context,         ledger.log,    fresh, ledger.clock,
                           test_auditor_options(), std::move(key)};
        forger.run_until_sealed();
        return *run_task(ledger.context, fresh.read_from(0, 10'000));
    };
    const auto bytes_of = [](const std::vector<AuditEntry>& entries) {
        std::vector<Bytes> all;
        for (const AuditEntry& entry : entries) {
            all.push_back(entry.bytes);
        }
        return all;
    };

    const VerifyReport other_key =
        ledger.verify_entries(bytes_of(rewrite(key_with_seed(log_name, 9))));
    CHECK(other_key.checkpoints == 0);
    CHECK(has(other_key, key_untrusted));
    CHECK(has(other_key, no_checkpoint));

    VerifyOptions remembers = ledger.options();
    remembers.known_note = note;
    const VerifyReport same_key = ledger.verify_entries(bytes_of(rewrite(log_key())), remembers);
    CHECK(same_key.verdict == Verdict::tampered);
    CHECK(has(same_key, history_lost));
}

TEST_CASE("nothing signed, and nothing that answers, is undecided", "[audit][tamper]")
{
    LedgerFixture ledger;
    ledger.append(3);
    CHECK(ledger.verify().verdict == Verdict::undecided);
    CHECK(has(ledger.verify(), no_checkpoint));

    ledger.seal();
    ledger.audit.fail_next_read(Errc::unavailable);
    const VerifyReport report = ledger.verify();
    CHECK(report.verdict == Verdict::undecided);
    CHECK(has(report, store_unreachable));
}
