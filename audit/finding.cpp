#include "audit/finding.hpp"

#include "core/base/encoding.hpp"

#include <array>

namespace sealstream {

namespace {

constexpr std::array names{
    std::string_view{"event_changed"},    std::string_view{"event_missing"},
    std::string_view{"event_inserted"},   std::string_view{"event_moved"},
    std::string_view{"event_replaced"},   std::string_view{"version_broken"},
    std::string_view{"chain_broken"},     std::string_view{"not_a_record"},
    std::string_view{"other_log"},        std::string_view{"gap_sealed"},
    std::string_view{"rollback_sealed"},  std::string_view{"entry_malformed"},
    std::string_view{"leaf_malformed"},   std::string_view{"leaf_changed"},
    std::string_view{"leaf_missing"},     std::string_view{"leaf_misplaced"},
    std::string_view{"time_went_back"},   std::string_view{"epoch_broken"},
    std::string_view{"checkpoint_wrong"}, std::string_view{"signature_bad"},
    std::string_view{"history_lost"},     std::string_view{"key_untrusted"},
    std::string_view{"no_checkpoint"},    std::string_view{"store_unreachable"},
    std::string_view{"unsealed_too_long"}};
static_assert(names.size() == static_cast<std::size_t>(FindingKind::unsealed_too_long) + 1);

} // namespace

std::string_view name(FindingKind kind) noexcept
{
    return names[static_cast<std::size_t>(kind)];
}

bool is_tampering(FindingKind kind) noexcept
{
    return kind < FindingKind::key_untrusted;
}

std::string describe(const Finding& finding)
{
    std::string text{name(finding.kind)};
    if (finding.position) {
        text += " at position " + std::to_string(finding.position->value);
    }
    std::string details;
    const auto add = [&details](std::string_view what, const std::string& value) {
        details.append(details.empty() ? "" : ", ").append(what).append(" ").append(value);
    };
    if (finding.event) {
        add("event", finding.event->to_string());
    }
    if (!finding.stream.empty()) {
        add("stream", finding.stream);
    }
    if (finding.leaf_index) {
        add("leaf", std::to_string(*finding.leaf_index));
    }
    if (finding.expected) {
        add("sealed", to_hex(finding.expected->view()));
    }
    if (finding.found) {
        add("found", to_hex(finding.found->view()));
    }
    text += details.empty() ? "" : " (" + details + ")";
    return text + ": " + finding.text;
}

} // namespace sealstream
