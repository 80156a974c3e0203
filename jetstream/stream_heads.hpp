#pragma once

// What a node remembers of streams' newest events: the least recently used are forgotten. Pure.

#include "core/event/append_plan.hpp"

#include <list>
#include <unordered_map>

namespace sealstream::jetstream {

class StreamHeads {
public:
    explicit StreamHeads(std::size_t streams_max) : streams_max_{streams_max} {}

    [[nodiscard]] const StreamHead* find(const StreamName& stream)
    {
        const auto found = places_.find(stream);
        if (found == places_.end()) {
            return nullptr;
        }
        order_.splice(order_.begin(), order_, found->second);
        return &found->second->head;
    }

    void set(const StreamName& stream, const StreamHead& head)
    {
        const auto found = places_.find(stream);
        if (found != places_.end()) {
            found->second->head = head;
            order_.splice(order_.begin(), order_, found->second);
            return;
        }
        order_.push_front({stream, head});
        places_.emplace(stream, order_.begin());
        if (places_.size() > streams_max_) {
            places_.erase(order_.back().stream);
            order_.pop_back();
        }
    }

    void forget(const StreamName& stream)
    {
        const auto found = places_.find(stream);
        if (found != places_.end()) {
            order_.erase(found->second);
            places_.erase(found);
        }
    }

    void forget_all()
    {
        places_.clear();
        order_.clear();
    }

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

private:
    struct Entry {
        StreamName stream;
        StreamHead head;
    };
    std::size_t streams_max_;
    std::list<Entry> order_; // newest use first
    std::unordered_map<StreamName, std::list<Entry>::iterator> places_;
};

} // namespace sealstream::jetstream
