#include "node/feeds/interests.hpp"

#include <algorithm>

namespace sealstream {

namespace {

template <class Groups, class Key>
void drop(Groups& groups, const Key& key, const Interest& interest) noexcept
{
    const auto place = groups.find(key);
    if (place == groups.end()) {
        return;
    }
    std::erase(place->second, &interest);
    if (place->second.empty()) {
        groups.erase(place);
    }
}

} // namespace

bool InterestTable::is_of_stream(const FeedFilter& filter)
{
    return !filter.stream_type.empty() && !filter.stream_id.empty();
}

bool InterestTable::is_of_types(const FeedFilter& filter)
{
    const auto is_prefix = [](const std::string& type) {
        return !type.empty() && type.back() == '*';
    };
    return !filter.types.empty() &&
           std::none_of(filter.types.begin(), filter.types.end(), is_prefix);
}

void InterestTable::add(Interest& interest)
{
    const FeedFilter& filter = interest.filter;
    ++size_;
    if (is_of_stream(filter)) {
        by_stream_[{filter.stream_type, filter.stream_id}].push_back(&interest);
    } else if (is_of_types(filter)) {
        for (const std::string& type : filter.types) {
            by_type_[type].push_back(&interest); // twice for a type named twice: it is armed once
        }
    } else {
        others_.push_back(&interest);
    }
}

void InterestTable::remove(Interest& interest) noexcept
{
    const FeedFilter& filter = interest.filter;
    --size_;
    if (is_of_stream(filter)) {
        drop(by_stream_, StreamName{filter.stream_type, filter.stream_id}, interest);
    } else if (is_of_types(filter)) {
        for (const std::string& type : filter.types) {
            drop(by_type_, type, interest);
        }
    } else {
        std::erase(others_, &interest);
    }
}

void InterestTable::offer(const FeedEvent& event)
{
    if (const auto found = by_stream_.find(event.event().stream); found != by_stream_.end()) {
        offer(found->second, event);
    }
    if (const auto found = by_type_.find(event.event().draft.type); found != by_type_.end()) {
        offer(found->second, event);
    }
    offer(others_, event);
}

void InterestTable::offer(const Group& group, const FeedEvent& event)
{
    for (Interest* interest : group) {
        if (interest->is_armed &&
            interest->filter.matches(event.event(), event.ingested(), event.category())) {
            interest->is_armed = false;
            interest->match = event.position();
            interest->wake();
        }
    }
}

} // namespace sealstream
