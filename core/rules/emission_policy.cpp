#include "core/rules/emission_policy.hpp"

#include "core/event/names.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sealstream {

namespace json = boost::json;

namespace {

using NameRule = Result<void> (*)(std::string_view);

Result<std::vector<std::string>> parse_names(const json::value& value, const std::string& pointer,
                                             std::size_t most, NameRule check)
{
    if (!value.is_array()) {
        return Error{Errc::malformed, "must be an array of strings", pointer};
    }
    std::vector<std::string> names;
    for (const json::value& element : value.get_array()) {
        const std::string place = pointer + "/" + std::to_string(names.size());
        if (names.size() == most) {
            return Error{Errc::too_large, "at most " + std::to_string(most) + " names", place};
        }
        if (!element.is_string()) {
            return Error{Errc::malformed, "must be a string", place};
        }
        const auto& text = element.get_string();
        std::string name{text.data(), text.size()};
        if (auto checked = check(name); !checked) {
            auto error = checked.error();
            error.pointer = place;
            return error;
        }
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            return Error{Errc::malformed, "is named twice", place};
        }
        names.push_back(std::move(name));
    }
    return names;
}

json::array to_array(const std::vector<std::string>& names)
{
    return json::array(names.begin(), names.end()); // braces would make a list of iterators
}

} // namespace

bool fits_pattern(std::string_view text, std::string_view pattern) noexcept
{
    // The latest star takes one letter more whenever what follows it does not fit.
    std::size_t at = 0;
    std::size_t wanted = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resumed = 0;
    while (at < text.size()) {
        if (wanted < pattern.size() && pattern[wanted] == '*') {
            star = wanted++;
            resumed = at;
        } else if (wanted < pattern.size() && pattern[wanted] == text[at]) {
            ++wanted;
            ++at;
        } else if (star != std::string_view::npos) {
            wanted = star + 1;
            at = ++resumed;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', wanted) == std::string_view::npos;
}

const std::string* EmissionPolicy::pattern_for(std::string_view source) const noexcept
{
    const auto found =
        std::find_if(sources.begin(), sources.end(), [source](const std::string& pattern) {
            return fits_pattern(source, pattern);
        });
    return found == sources.end() ? nullptr : &*found;
}

bool EmissionPolicy::allows_stream_type(std::string_view stream_type) const noexcept
{
    return stream_types.empty() ||
           std::find(stream_types.begin(), stream_types.end(), stream_type) != stream_types.end();
}

Result<EmissionPolicy> parse_emission_policy(const json::value& value)
{
    if (!value.is_object()) {
        return Error{Errc::malformed, "a policy is a JSON object"};
    }
    EmissionPolicy policy;
    bool has_sources = false;
    for (const auto& member : value.get_object()) {
        const std::string_view key{member.key().data(), member.key().size()};
        if (key == "sources") {
            SEAL_TRY(names,
                     parse_names(member.value(), "/sources", policy_sources_max, &check_label));
            policy.sources = std::move(names);
            has_sources = true;
        } else if (key == "stream_types") {
            SEAL_TRY(names, parse_names(member.value(), "/stream_types", policy_stream_types_max,
                                        &check_stream_type));
            policy.stream_types = std::move(names);
        } else if (key == "skip_in_projection") {
            if (!member.value().is_bool()) {
                return Error{Errc::malformed, "must be true or false", "/skip_in_projection"};
            }
            policy.skip_in_projection = member.value().get_bool();
        } else {
            return Error{Errc::malformed,
                         "unknown member; a policy has sources, stream_types and "
                         "skip_in_projection",
                         "/" + std::string{key}};
        }
    }
    if (!has_sources) {
        return Error{Errc::malformed, "\"sources\" is missing", "/sources"};
    }
    return policy;
}

json::object to_json(const EmissionPolicy& policy)
{
    return {{"sources", to_array(policy.sources)},
            {"stream_types", to_array(policy.stream_types)},
            {"skip_in_projection", policy.skip_in_projection}};
}

} // namespace sealstream
