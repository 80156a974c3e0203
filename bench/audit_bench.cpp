// What sealing and verifying cost on one core: leaves built, trees grown, ledgers verified. No I/O.

#include "audit/log_matcher.hpp"
#include "audit/sealer.hpp"
#include "audit/tile.hpp"
#include "core/event/codec.hpp"

#include <chrono>
#include <cstdio>
#include <string>

using namespace sealstream;

namespace {

constexpr std::uint64_t count = 200'000; // events

template <class Work>
void measure(const char* what, Work work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%-34s %9.0f /s  %6.0f ns each\n", what, static_cast<double>(count) / took.count(),
                took.count() * 1e9 / static_cast<double>(count));
}

// 256 bytes of data each, over a thousand streams.
std::vector<StoredRecord> make_records(CodecKind kind)
{
    std::vector<StoredRecord> records;
    records.reserve(count);
    for (std::uint64_t number = 0; number < count; ++number) {
        Event event;
        for (std::size_t at = 0; at < 8; ++at) {
            event.draft.id.bytes[at] = static_cast<std::byte>((number >> (8 * at)) & 0xff);
        }
        event.draft.type = "TokensTransferred";
        event.draft.source = "bench";
        event.draft.data = R"({"amount":)" + std::to_string(number) + R"(,"note":")" +
                           std::string(224, 'x') + R"("})";
        fill_random(event.draft.salt);
        event.stream = {"account", std::to_string(number % 1000)};
        event.version = Version{number / 1000 + 1};
        records.push_back(
            {Position{number + 1}, WallTime{1'700'000'000'000'000'000}, codec(kind).encode(event)});
    }
    return records;
}

void bench(CodecKind kind)
{
    const std::vector<StoredRecord> records = make_records(kind);
    const Digest incarnation = commit_incarnation("bench");
    std::printf("%s records of %zu bytes\n", std::string{name(kind)}.c_str(),
                records.front().record.size());

    measure("read facts", [&] {
        for (const StoredRecord& stored : records) {
            if (!read_facts(stored.record)) {
                std::abort();
            }
        }
    });
    measure("leaf body (facts, commitments)", [&] {
        for (const StoredRecord& stored : records) {
            static_cast<void>(body_for(stored, incarnation));
        }
    });
    Sealer sealer{AuditHead{}, 1};
    std::vector<Bytes> entries;
    measure("seal (body, leaf, tree, block)", [&] {
        for (const StoredRecord& stored : records) {
            sealer.seal(body_for(stored, incarnation), WallTime{1'700'000'000'000'000'000});
        }
        entries = sealer.take().entries;
    });
    EpochEntry epoch;
    epoch.epoch = 1;
    epoch.sequence = 1;
    epoch.key = {"bench", NoteKeyType::ed25519, {}};
    entries.insert(entries.begin(), encode_entry(epoch));
    measure("sign: fold the stream again", [&] {
        AuditHead head;
        for (std::size_t at = 0; at < entries.size(); ++at) {
            if (!fold_entry(head, at + 1, entries[at], {})) {
                std::abort();
            }
        }
    });
    measure("verify (all of the above, streams)", [&] {
        VerifyReport report;
        FindingList findings{report, 10};
        TrailVerifier trail{{}, incarnation, {}, report, findings};
        LogMatcher matcher{trail.expectations(), report, findings};
        std::size_t next = 0;
        for (std::size_t at = 0; at < entries.size(); ++at) {
            trail.accept(at + 1, entries[at]);
            for (; next < records.size() && matcher.waiting() < 1000; ++next) {
                matcher.add(records[next]);
            }
            matcher.match(next == records.size(), at + 1 == entries.size());
        }
        while (report.events < count && report.findings.empty()) {
            for (; next < records.size() && matcher.waiting() < 1000; ++next) {
                matcher.add(records[next]);
            }
            matcher.match(next == records.size(), true);
        }
        if (!report.findings.empty()) {
            std::abort();
        }
    });
}

} // namespace

int main()
{
    bench(CodecKind::canonical_json);
    bench(CodecKind::deterministic_cbor);
    return 0;
}
