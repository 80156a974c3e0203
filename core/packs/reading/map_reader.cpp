#include "core/base/nearest_word.hpp"
#include "core/packs/pack_names.hpp"
#include "core/packs/reading/reading.hpp"

#include <algorithm>

namespace sealstream {

MapReader::MapReader(Reading& reading, const DocumentNode& node, std::string what)
    : reading_{reading},
      node_{node},
      what_{std::move(what)}
{
    if (!node.is_map()) {
        reading_.fail(node, what_ + " must be keys and values");
    }
}

const DocumentNode* MapReader::take(std::string_view key)
{
    asked_.emplace_back(key);
    return node_.find(key);
}

const DocumentNode* MapReader::need(std::string_view key)
{
    const DocumentNode* found = take(key);
    if (found == nullptr && node_.is_map()) {
        reading_.fail(node_, what_ + " has no " + std::string{key});
    }
    return found;
}

void MapReader::finish()
{
    for (const auto& member : node_.members) {
        if (std::find(asked_.begin(), asked_.end(), member.key) != asked_.end()) {
            continue;
        }
        const auto meant = nearest_word(member.key, asked_);
        std::string all;
        for (const auto& key : asked_) {
            all += (all.empty() ? "" : ", ") + key;
        }
        reading_.fail(member.place, "unknown key " + member.key + " in " + what_,
                      meant ? "did you mean " + *meant + "?" : "there are " + all);
    }
}

void each_named(Reading& reading, const DocumentNode* section, const std::string& kind,
                const ReadPart& read)
{
    if (section == nullptr) {
        return;
    }
    if (!section->is_map()) {
        reading.fail(*section, "must be " + kind + " by name");
        return;
    }
    if (section->members.size() > pack_parts_max) {
        reading.fail(*section, "more than " + std::to_string(pack_parts_max) + " " + kind);
        return;
    }
    for (const auto& member : section->members) {
        read(member);
    }
}

} // namespace sealstream
