#pragma once

// What would a proposed policy have refused? Reads the newest events of the log again, page by
// page, and judges each by the rules of now and by the proposal. Nothing is kept but counts, which
// are bounded, and a few examples.

#include "core/ports/event_log.hpp"
#include "core/rules/emission_rules.hpp"

#include <map>

namespace sealstream {

struct DryRunLimits {
    std::size_t page_events{1'000};
    std::size_t names_max{1'000}; // different types, and sources, that are counted by name
    std::size_t examples_max{20};
};

struct DryRunCounts {
    std::uint64_t refused{0};       // by the proposal
    std::uint64_t newly_refused{0}; // that the rules of now let pass
    std::uint64_t newly_allowed{0}; // that the rules of now refuse
};

struct DryRunExample {
    Position position;
    EventId id;
    std::string type;
    StreamName stream;
    std::string source;
    std::string rule;
    std::string reason;
};

class DryRun {
public:
    DryRun(EmissionRules now, EmissionRules proposed, UnknownTypes unknown, DryRunLimits limits);

    // Judges one event; those of system streams are nobody's to refuse.
    void judge(const StoredEvent& stored);

    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
    [[nodiscard]] const DryRunCounts& total() const noexcept { return total_; }
    // Of what is refused or newly allowed. The name "" stands for all beyond names_max.
    [[nodiscard]] const std::map<std::string, DryRunCounts>& by_type() const noexcept
    {
        return by_type_;
    }
    [[nodiscard]] const std::map<std::string, DryRunCounts>& by_source() const noexcept
    {
        return by_source_;
    }
    [[nodiscard]] const std::vector<DryRunExample>& examples() const noexcept { return examples_; }

private:
    EmissionRules now_;
    EmissionRules proposed_;
    UnknownTypes unknown_;
    DryRunLimits limits_;
    std::uint64_t events_{0};
    DryRunCounts total_;
    std::map<std::string, DryRunCounts> by_type_;
    std::map<std::string, DryRunCounts> by_source_;
    std::vector<DryRunExample> examples_; // the first ones that are newly refused
};

} // namespace sealstream
