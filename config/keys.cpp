#include "config/keys.hpp"

#include "config/pack_keys.hpp"
#include "config/sections.hpp"
#include "config/security_keys.hpp"

#include <algorithm>

namespace sealstream {

const std::vector<Key>& keys()
{
    static const std::vector<Key> all = [] {
        std::vector<Key> result;
        for (auto& section : {process_keys(), http_keys(), idempotency_keys(), policy_keys(),
                              security_keys(), store_keys(), role_keys(), snapshot_keys(),
                              retention_keys(), group_keys(), pack_keys()}) {
            result.insert(result.end(), section.begin(), section.end());
        }
        return result;
    }();
    return all;
}

const Key* find_key(std::string_view path)
{
    const auto found = std::find_if(keys().begin(), keys().end(),
                                    [path](const Key& key) { return key.path == path; });
    return found == keys().end() ? nullptr : &*found;
}

std::vector<std::string> broken_relations(const Settings& settings)
{
    std::vector<std::string> broken;
    const auto must_hold = [&broken](bool holds, std::string sentence) {
        if (!holds) {
            broken.push_back(std::move(sentence));
        }
    };
    const auto& limits = settings.limits;
    const auto& roles = settings.roles;
    must_hold(roles.is_node || roles.is_projector || roles.is_auditor || roles.is_relay,
              "roles: a process without a role does nothing");
    must_hold(limits.page_events <= limits.page_events_max,
              "http.page_events: more than http.page_events_max");
    must_hold(limits.event_bytes_max <= limits.body_bytes_max,
              "http.event_bytes_max: more than http.body_bytes_max");
    must_hold(settings.event_log.acknowledge_timeout < settings.event_log.duplicate_window,
              "nats.acknowledge_ms: a retry would come after nats.duplicate_window_s");
    must_hold(settings.http.port == 0 || settings.http.port != settings.http.admin_port,
              "http.admin_listen: the port of http.listen");
    broken_security_relations(settings, broken);
    return broken;
}

} // namespace sealstream
