#include "audit/expectation.hpp"

namespace sealstream {

namespace {

struct Expect {
    Expectation expected;
    const Digest& incarnation;

    std::optional<Expectation> operator()(const EventLeaf& event)
    {
        expected.is_of_other_log = event.incarnation != incarnation;
        expected.first = expected.last = event.position;
        expected.id = event.id;
        expected.version = event.version;
        expected.ingested = event.ingested;
        expected.stream = event.stream;
        expected.record = event.record;
        return expected;
    }
    std::optional<Expectation> operator()(const RejectedLeaf& rejected)
    {
        expected.kind = Expectation::Kind::rejected;
        expected.is_of_other_log = rejected.incarnation != incarnation;
        expected.first = expected.last = rejected.position;
        expected.ingested = rejected.ingested;
        expected.record = rejected.record;
        return expected;
    }
    std::optional<Expectation> operator()(const GapLeaf& gap)
    {
        expected.kind = Expectation::Kind::gap;
        expected.is_of_other_log = gap.incarnation != incarnation;
        expected.first = gap.first;
        expected.last = gap.last;
        return expected;
    }
    std::optional<Expectation> operator()(const RollbackLeaf& rollback)
    {
        expected.kind = Expectation::Kind::rollback;
        expected.first = rollback.resume_after.next();
        return expected;
    }
    std::optional<Expectation> operator()(const HeartbeatLeaf&) { return std::nullopt; }
    std::optional<Expectation> operator()(const KeyLeaf&) { return std::nullopt; }
};

std::string reason_text(const RollbackLeaf& rollback)
{
    switch (rollback.reason) {
    case RollbackReason::head_went_back:
        return "the log ended at " + std::to_string(rollback.head.value);
    case RollbackReason::other_log:
        return "the log had been deleted and made again";
    case RollbackReason::record_replaced:
        return "the newest sealed record was another one";
    }
    return {};
}

} // namespace

std::optional<Position> first_covered(const Leaf& leaf)
{
    if (const auto* event = std::get_if<EventLeaf>(&leaf.body)) {
        return event->position;
    }
    if (const auto* gap = std::get_if<GapLeaf>(&leaf.body)) {
        return gap->first;
    }
    if (const auto* rejected = std::get_if<RejectedLeaf>(&leaf.body)) {
        return rejected->position;
    }
    return std::nullopt;
}

std::optional<Expectation> expectation_of(const Leaf& leaf, const Digest& incarnation)
{
    Expect expect{{}, incarnation};
    expect.expected.leaf_index = leaf.index;
    return std::visit(expect, leaf.body);
}

std::optional<Finding> sealed_trouble(const Leaf& leaf)
{
    if (const auto* rejected = std::get_if<RejectedLeaf>(&leaf.body)) {
        return Finding{FindingKind::not_a_record,
                       rejected->position,
                       {},
                       {},
                       leaf.index,
                       {},
                       {},
                       "the auditor has sealed bytes that are not a record"};
    }
    if (const auto* gap = std::get_if<GapLeaf>(&leaf.body)) {
        return Finding{FindingKind::gap_sealed,
                       gap->first,
                       {},
                       {},
                       leaf.index,
                       {},
                       {},
                       "the log had no positions " + std::to_string(gap->first.value) + " to " +
                           std::to_string(gap->last.value) + " when they were to be sealed"};
    }
    if (const auto* rollback = std::get_if<RollbackLeaf>(&leaf.body)) {
        return Finding{FindingKind::rollback_sealed,
                       rollback->old_covered,
                       {},
                       {},
                       leaf.index,
                       rollback->old_incarnation,
                       rollback->incarnation,
                       reason_text(*rollback)};
    }
    return std::nullopt;
}

} // namespace sealstream
