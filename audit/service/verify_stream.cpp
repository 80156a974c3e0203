#include "audit/service/verify_stream.hpp"

#include "audit/service/leaf_finder.hpp"

namespace sealstream {

namespace {

class StreamVerification {
public:
    StreamVerification(EventLog& log, AuditLog& audit, StreamName stream, std::size_t findings_max)
        : log_{log},
          stream_{std::move(stream)},
          incarnation_{commit_incarnation(log.incarnation())},
          findings_{report_, findings_max},
          finder_{audit}
    {
    }

    Task<void> run()
    {
        Version after{};
        while (true) {
            const ReadLimits limits{};
            const auto page = co_await log_.read_stream(stream_, after, limits);
            if (!page) {
                unreachable(page.error());
                co_return;
            }
            if (page->empty()) {
                co_return;
            }
            for (const StoredRecord& stored : *page) {
                const auto facts = read_facts(stored.record);
                if (!facts) {
                    add(FindingKind::not_a_record, stored, {}, "no codec reads the record");
                    co_return; // its version is not known, so there is no way to go on
                }
                check_place(stored, *facts);
                co_await check_leaf_of(stored, *facts);
                if (is_failed_) {
                    co_return;
                }
                after = std::max(after, facts->version);
            }
        }
    }

    VerifyReport finish()
    {
        report_.verdict = findings_.verdict();
        return std::move(report_);
    }

private:
    void check_place(const StoredRecord& stored, const RecordFacts& facts)
    {
        if (facts.stream != stream_.to_string()) {
            add(FindingKind::event_inserted, stored, facts.id,
                "the record says to be of stream " + facts.stream);
            return;
        }
        if (auto fault =
                places_.next(facts.stream, facts.version, facts.is_chained, stored.record)) {
            findings_.add(
                {fault->is_chain ? FindingKind::chain_broken : FindingKind::version_broken,
                 stored.position,
                 facts.id,
                 facts.stream,
                 {},
                 fault->expected,
                 fault->found,
                 std::move(fault->text)});
        }
    }

    Task<void> check_leaf_of(const StoredRecord& stored, const RecordFacts& facts)
    {
        const auto leaf = co_await finder_.find(stored.position);
        if (!leaf && leaf.error().code == Errc::corrupt) {
            add(FindingKind::entry_malformed, stored, facts.id, leaf.error().context);
            co_return;
        }
        if (!leaf) {
            unreachable(leaf.error());
            co_return;
        }
        ++report_.events;
        report_.head = stored.position;
        const auto* event = *leaf ? std::get_if<EventLeaf>(&(*leaf)->body) : nullptr;
        if (event == nullptr || event->incarnation != incarnation_) {
            ++report_.unsealed;
            co_return;
        }
        if (report_.unsealed != 0) {
            add(FindingKind::leaf_missing, stored, facts.id,
                "events before this one have no leaf, though it has one");
            report_.unsealed = 0;
        }
        report_.covered = stored.position;
        compare(stored, facts, **leaf, *event);
    }

    void compare(const StoredRecord& stored, const RecordFacts& facts, const Leaf& leaf,
                 const EventLeaf& event)
    {
        const LeafBody now = body_for(stored, incarnation_);
        const auto& found = std::get<EventLeaf>(now); // read_facts() has read the record
        if (found == event) {
            return;
        }
        Finding finding{event.id == facts.id ? FindingKind::event_changed
                                             : FindingKind::event_replaced,
                        stored.position,
                        event.id,
                        facts.stream,
                        leaf.index,
                        event.record,
                        found.record,
                        "the record is not the one that was sealed"};
        findings_.add(std::move(finding));
    }

    void add(FindingKind kind, const StoredRecord& stored, std::optional<EventId> id,
             std::string text)
    {
        findings_.add(
            {kind, stored.position, id, stream_.to_string(), {}, {}, {}, std::move(text)});
    }

    void unreachable(const Error& error)
    {
        is_failed_ = true;
        findings_.add({FindingKind::store_unreachable,
                       {},
                       {},
                       stream_.to_string(),
                       {},
                       {},
                       {},
                       describe(error)});
    }

    EventLog& log_;
    const StreamName stream_;
    const Digest incarnation_;
    VerifyReport report_;
    FindingList findings_;
    LeafFinder finder_;
    StreamChecker places_;
    bool is_failed_{false};
};

} // namespace

Task<VerifyReport> verify_stream(EventLog& log, AuditLog& audit, StreamName stream,
                                 VerifyOptions options)
{
    StreamVerification verification{log, audit, std::move(stream), options.findings_max};
    co_await verification.run();
    co_return verification.finish();
}

} // namespace sealstream
