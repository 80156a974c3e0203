#include "core/packs/pack_retention.hpp"

namespace sealstream {

RetentionRules retention_rules(const PackSet& packs)
{
    RetentionRules rules;
    for (const MountedPack& mounted : packs) {
        const Pack& pack = *mounted.pack;
        for (const RetentionClass& one : pack.retention_classes) {
            rules.classes.emplace(pack.name + "." + one.name, one.keep);
        }
        for (const PackStreamType& type : pack.stream_types) {
            if (!type.retention.empty()) {
                rules.stream_types.emplace(type.name, pack.name + "." + type.retention);
            }
        }
        for (const PackEventType& type : pack.event_types) {
            if (!type.retention.empty()) {
                rules.event_types.emplace(type.name, pack.name + "." + type.retention);
            }
        }
    }
    return rules;
}

} // namespace sealstream
