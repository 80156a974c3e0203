#include "node/http/packs/pack_event_rules.hpp"

#include "core/event/canonical_json.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

constexpr std::size_t meta_depth_max = 128; // clients have a lower limit

void add_category(std::string& meta, const std::string& category)
{
    const auto parsed = meta.empty() ? Result<boost::json::value>{boost::json::object{}}
                                     : parse_json(meta, {meta_depth_max, meta.size()});
    if (!parsed || !parsed->is_object() || parsed->get_object().contains("category")) {
        return;
    }
    auto members = parsed->get_object();
    members["category"] = category;
    meta = to_canonical_json(members);
}

std::string list_of(const std::vector<std::string>& words)
{
    std::string list;
    for (const std::string& word : words) {
        list.append(list.empty() ? "" : ", ").append(word);
    }
    return list;
}

} // namespace

void add_event_rules(PackEventRules& to, const Pack& pack)
{
    for (const PackEventType& type : pack.event_types) {
        to.insert_or_assign(type.name, PackEventRule{pack.name, type.category, type.streams});
    }
}

Result<void> hold_to_pack(const PackEventRule& rule, const StreamName& stream, Draft& draft)
{
    const auto& allowed = rule.streams;
    if (!allowed.empty() &&
        std::find(allowed.begin(), allowed.end(), stream.type) == allowed.end()) {
        return Error{Errc::emission_refused,
                     draft.type + " goes to streams of these types: " + list_of(allowed),
                     "/stream"};
    }
    if (!rule.category.empty()) {
        add_category(draft.meta, rule.category);
    }
    return {};
}

} // namespace sealstream::http
