#pragma once

// The emission policies of a ledger at one position of its log: a pure fold of the streams
// "sealstream-policy/<event type>". Each of their events is one edit:
//
//   type   EventEmissionPolicyUpdated
//   data   {"event_type":…,"before":<policy>|null,"after":<policy>|null}    after null: removed
//
// An edit holds for the events after it in the log.

#include "core/event/event.hpp"
#include "core/rules/emission_policy.hpp"

#include <map>
#include <optional>

namespace sealstream {

inline constexpr std::string_view policy_event_type = "EventEmissionPolicyUpdated";

// What happens to events of a type that has no policy.
enum class UnknownTypes : std::uint8_t { allow, refuse };

struct EmissionRow {
    std::optional<EmissionPolicy> policy; // none: removed
    Version version;                      // of its stream; the next edit follows it
    Position position;                    // of the latest edit
    WallTime changed;
    std::string changed_by; // the actor, else the source
};

struct EmissionQuestion {
    std::string_view type;
    std::string_view source;
    std::string_view stream_type; // empty: not asked
};

struct EmissionAnswer {
    bool is_allowed{true};
    bool is_skipped{false};
    std::string rule;   // "policies/TokensIssued@3", or "policy.unknown_types"
    std::string reason; // a sentence for the client
};

class EmissionRules {
public:
    //   corrupt      an edit is missing, or contradicts its stream
    //   unsupported  an edit that this version does not understand
    [[nodiscard]] Result<void> apply(const StoredEvent& edit);

    // The same in one word, for every event.
    [[nodiscard]] bool allows(const EmissionQuestion& question,
                              UnknownTypes unknown) const noexcept;
    [[nodiscard]] EmissionAnswer explain(const EmissionQuestion& question,
                                         UnknownTypes unknown) const;
    [[nodiscard]] bool is_skipped(std::string_view type) const noexcept;

    // Null when the type never had a policy.
    [[nodiscard]] const EmissionRow* find(std::string_view type) const noexcept;
    [[nodiscard]] const std::map<std::string, EmissionRow, std::less<>>& rows() const noexcept
    {
        return rows_;
    }

    // As if `type` had this policy; for dry runs.
    void assume(std::string type, std::optional<EmissionPolicy> policy);

private:
    [[nodiscard]] const EmissionPolicy* policy_of(std::string_view type) const noexcept;

    std::map<std::string, EmissionRow, std::less<>> rows_;
};

// What an edit makes of the policy; none: it removes it.
//   unsupported   an edit that this version does not understand
[[nodiscard]] Result<std::optional<EmissionPolicy>> policy_after(const Event& edit);

// The data of an edit: canonical JSON.
[[nodiscard]] std::string edit_data(std::string_view type,
                                    const std::optional<EmissionPolicy>& before,
                                    const std::optional<EmissionPolicy>& after);

} // namespace sealstream
