#include "node/feeds/feed_filter.hpp"

#include "core/event/canonical_json.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace sealstream {

bool fits_type(std::string_view type, std::string_view pattern)
{
    if (!pattern.empty() && pattern.back() == '*') {
        pattern.remove_suffix(1);
        return type.substr(0, pattern.size()) == pattern;
    }
    return type == pattern;
}

std::string category_of(std::string_view meta)
{
    // Most metadata has no category; a look at the text spares the parser.
    if (meta.find("\"category\":") == std::string_view::npos) {
        return {};
    }
    const auto value = parse_json(meta);
    if (!value || !value->is_object()) {
        return {};
    }
    const auto* category = value->get_object().if_contains("category");
    if (category == nullptr || !category->is_string()) {
        return {};
    }
    return {category->get_string().data(), category->get_string().size()};
}

bool FeedFilter::is_empty() const noexcept
{
    return types.empty() && stream_type.empty() && stream_id.empty() && source.empty() &&
           actor.empty() && category.empty() && !from_time && !to_time;
}

bool FeedFilter::matches(const Event& event, WallTime ingested) const
{
    return matches(event, ingested, category.empty() ? "" : category_of(event.draft.meta));
}

bool FeedFilter::matches(const Event& event, WallTime ingested, std::string_view its_category) const
{
    const Draft& draft = event.draft;
    const auto fits = [&draft](const std::string& pattern) {
        return fits_type(draft.type, pattern);
    };
    const WallTime time = draft.time.value_or(ingested);
    return (stream_id.empty() || event.stream.id == stream_id) &&
           (stream_type.empty() || event.stream.type == stream_type) &&
           (types.empty() || std::any_of(types.begin(), types.end(), fits)) &&
           (source.empty() || draft.source == source) && (actor.empty() || draft.actor == actor) &&
           (!from_time || time >= *from_time) && (!to_time || time < *to_time) &&
           (category.empty() || its_category == category);
}

} // namespace sealstream
