#include "core/groups/group_filter.hpp"

#include "core/event/canonical_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t names_max = 100; // of one list

struct List {
    const char* name;
    std::vector<std::string> GroupFilter::*names;
    Result<void> (*check)(std::string_view);
};
constexpr std::array lists{List{"types", &GroupFilter::types, &check_event_type},
                           List{"stream_types", &GroupFilter::stream_types, &check_stream_type},
                           List{"sources", &GroupFilter::sources, &check_label}};

bool lets_through(const std::vector<std::string>& names, const std::string& name)
{
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

Error fault(const std::string& what, const std::string& where)
{
    return Error{Errc::malformed, what, "/filter" + where};
}

Result<std::vector<std::string>> names_in(const boost::json::value& value, const List& list)
{
    const std::string where = std::string{"/"} + list.name;
    if (!value.is_array() || value.get_array().size() > names_max) {
        return fault("a list of at most 100 names", where);
    }
    std::vector<std::string> names;
    for (const auto& element : value.get_array()) {
        const std::string place = where + "/" + std::to_string(names.size());
        if (!element.is_string()) {
            return fault("a name is a text", place);
        }
        std::string text{element.get_string().data(), element.get_string().size()};
        if (const auto checked = list.check(text); !checked) {
            return Error{checked.error().code, checked.error().context, "/filter" + place};
        }
        names.push_back(std::move(text));
    }
    return names;
}

} // namespace

bool GroupFilter::matches(const Event& event) const
{
    return lets_through(types, event.draft.type) && lets_through(stream_types, event.stream.type) &&
           lets_through(sources, event.draft.source);
}

std::string to_json(const GroupFilter& filter)
{
    boost::json::object object;
    for (const List& list : lists) {
        boost::json::array names;
        for (const std::string& text : filter.*list.names) {
            names.emplace_back(boost::json::string_view{text.data(), text.size()});
        }
        if (!names.empty()) {
            object[list.name] = std::move(names);
        }
    }
    return to_canonical_json(object);
}

Result<GroupFilter> parse_group_filter(std::string_view json)
{
    SEAL_TRY(value, parse_json(json));
    if (!value.is_object()) {
        return fault("a filter is an object", "");
    }
    GroupFilter filter;
    for (const auto& member : value.get_object()) {
        const auto list = std::find_if(lists.begin(), lists.end(), [&member](const List& one) {
            return member.key() == one.name;
        });
        if (list == lists.end()) {
            return fault("a filter has types, stream_types and sources",
                         "/" + std::string{member.key().data(), member.key().size()});
        }
        SEAL_TRY(names, names_in(member.value(), *list));
        filter.*(list->names) = std::move(names);
    }
    return filter;
}

} // namespace sealstream
