// What may be forgotten, and how.

#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr auto retention = [](auto member) { return field(&Settings::retention, member); };

} // namespace

std::vector<Key> retention_keys()
{
    return {
        text("retention.key_file", retention(&RetentionSettings::key_file), "a file", nullptr,
             "the key that wraps the keys of payloads, from `sealstream keys wrapping`; without it "
             "payloads are stored in clear and never expire"),
        number("retention.poll_ms", retention(&RetentionSettings::poll), 10, 3'600'000,
               "between two looks for payloads whose time is over"),
        number("retention.keys_destroyed_max", retention(&RetentionSettings::keys_destroyed_max), 1,
               500, "keys destroyed in one transaction, and said before the next"),
        number("retention.keys_cached_max", retention(&RetentionSettings::keys_cached_max), 1,
               1'000'000, "keys that a process remembers"),
        number("retention.key_cache_ms", retention(&RetentionSettings::key_cache), 0, 3'600'000,
               "that a key is believed before it is asked for again"),
    };
}

} // namespace sealstream
