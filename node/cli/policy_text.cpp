#include "node/cli/policy_text.hpp"

#include "node/cli/progress.hpp"

#include <algorithm>

namespace sealstream::cli {

namespace json = boost::json;

namespace {

using Row = std::vector<std::string>;

const json::value* member(const json::object& object, std::string_view name)
{
    return object.if_contains({name.data(), name.size()});
}

bool flag_member(const json::object& object, std::string_view name)
{
    const auto* value = member(object, name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::uint64_t number_member(const json::object& object, std::string_view name)
{
    const auto* value = member(object, name);
    return value != nullptr && value->is_int64() && value->get_int64() > 0
               ? static_cast<std::uint64_t>(value->get_int64())
               : 0;
}

std::string joined(const json::object& object, std::string_view name, const std::string& when_empty)
{
    std::string text;
    const auto* list = member(object, name);
    if (list != nullptr && list->is_array()) {
        for (const auto& element : list->get_array()) {
            if (const auto* one = element.if_string()) {
                text.append(text.empty() ? "" : ", ").append(one->data(), one->size());
            }
        }
    }
    return text.empty() ? when_empty : text;
}

// To the second: a column is no place for nanoseconds.
std::string short_time(const std::string& time)
{
    const auto dot = time.find('.');
    return dot == std::string::npos ? time : time.substr(0, dot) + "Z";
}

std::string columns(const std::vector<Row>& rows)
{
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t at = 0; at < row.size(); ++at) {
            widths[at] = std::max(widths[at], row[at].size());
        }
    }
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            const bool is_last = at + 1 == row.size();
            text.append(row[at]);
            text.append(is_last ? 0 : widths[at] - row[at].size() + 2, ' ');
        }
        text.push_back('\n');
    }
    return text;
}

std::string share(std::uint64_t part, std::uint64_t whole)
{
    return grouped(part) + " of " + grouped(whole);
}

std::string counts_text(const json::object& result, std::string_view name, const char* heading)
{
    const auto* counts = member(result, name);
    if (counts == nullptr || !counts->is_object() || counts->get_object().empty()) {
        return {};
    }
    std::vector<Row> rows{{heading, "NEWLY REFUSED", "NEWLY ALLOWED", "REFUSED"}};
    for (const auto& entry : counts->get_object()) {
        if (const auto* of = entry.value().if_object()) {
            rows.push_back({std::string{entry.key().data(), entry.key().size()},
                            grouped(number_member(*of, "newly_refused")),
                            grouped(number_member(*of, "newly_allowed")),
                            grouped(number_member(*of, "refused"))});
        }
    }
    return columns(rows);
}

} // namespace

std::string text_member(const json::object& object, std::string_view name)
{
    const auto* value = member(object, name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

Result<EmissionPolicy> changed(const std::optional<EmissionPolicy>& before,
                               const PolicyChange& change)
{
    if (!before && !change.sources) {
        return Error{Errc::refused,
                     "there is no policy yet to change; say who may emit the type: --source NAME, "
                     "which may be repeated, or --nobody"};
    }
    EmissionPolicy after = before.value_or(EmissionPolicy{});
    after.sources = change.sources.value_or(after.sources);
    after.stream_types = change.stream_types.value_or(after.stream_types);
    after.skip_in_projection = change.skip_in_projection.value_or(after.skip_in_projection);
    return after;
}

Result<EmissionPolicy> policy_of_row(const json::object& row)
{
    json::object policy;
    for (const char* const name : {"sources", "stream_types", "skip_in_projection"}) {
        if (const auto* value = row.if_contains(name)) {
            policy[name] = *value;
        }
    }
    return parse_emission_policy(policy);
}

std::string policy_table(const json::array& rows, bool unknown_is_allowed)
{
    std::vector<Row> table{{"EVENT TYPE", "MAY BE EMITTED BY", "IN STREAMS OF", "READ MODELS",
                            "VERSION", "CHANGED", "BY"}};
    for (const auto& value : rows) {
        if (const auto* row = value.if_object()) {
            table.push_back({text_member(*row, "event_type"), joined(*row, "sources", "nobody"),
                             joined(*row, "stream_types", "any type"),
                             flag_member(*row, "skip_in_projection") ? "skip it" : "count it",
                             text_member(*row, "version"), short_time(text_member(*row, "changed")),
                             text_member(*row, "changed_by")});
        }
    }
    const std::string others = unknown_is_allowed ? "anybody" : "nobody";
    return (rows.empty() ? "" : columns(table)) +
           (rows.empty() ? "No event type has a policy" : "Types without a policy") +
           (rows.empty() ? "; types without one may be emitted by " : " may be emitted by ") +
           others + ".\n";
}

std::string policy_text(const json::object& row)
{
    return columns(
        {{"event type", text_member(row, "event_type")},
         {"emitted by", joined(row, "sources", "nobody")},
         {"in streams of", joined(row, "stream_types", "any type")},
         {"read models", flag_member(row, "skip_in_projection") ? "skip it" : "count it"},
         {"version", text_member(row, "version")},
         {"changed", text_member(row, "changed") + " by " + text_member(row, "changed_by") +
                         ", at position " + text_member(row, "position")}});
}

std::string explanation_text(const json::object& answer)
{
    const bool is_skipped = flag_member(answer, "skip_in_projection");
    const auto* const heading = !flag_member(answer, "is_allowed") ? "REFUSED: "
                                : is_skipped ? "ALLOWED, and read models skip it: "
                                             : "ALLOWED: ";
    return heading + text_member(answer, "reason") + "\n  rule " + text_member(answer, "rule") +
           ", as of position " + text_member(answer, "position") + "\n";
}

std::string dry_run_text(const json::object& result)
{
    const auto events = number_member(result, "events");
    std::string text = share(number_member(result, "newly_refused"), events) +
                       " events would be refused that are not now; " +
                       share(number_member(result, "newly_allowed"), events) +
                       " would be allowed that are refused now.\n";
    if (!flag_member(result, "is_complete")) {
        text += "The node's time was up: it looked only at positions " +
                text_member(result, "from") + " to " + text_member(result, "to") + ".\n";
    }
    text += counts_text(result, "by_type", "EVENT TYPE");
    text += counts_text(result, "by_source", "SOURCE");
    const auto* examples = member(result, "examples");
    if (examples != nullptr && examples->is_array()) {
        for (const auto& value : examples->get_array()) {
            if (const auto* one = value.if_object()) {
                text += "  at position " + text_member(*one, "position") + ", " +
                        text_member(*one, "stream") + ": " + text_member(*one, "reason") + "\n";
            }
        }
    }
    return text;
}

std::string rejection_text(const json::object& rejection)
{
    const auto* value = member(rejection, "event");
    const json::object none;
    const auto& event = value != nullptr && value->is_object() ? value->get_object() : none;
    return short_time(text_member(rejection, "at")) + "  " + text_member(event, "type") + " by " +
           text_member(event, "source") + " into " + text_member(event, "stream") + "\n    " +
           text_member(rejection, "reason") + " (" + text_member(rejection, "rule") + ")\n";
}

} // namespace sealstream::cli
