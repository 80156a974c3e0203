#include "config/show.hpp"

#include "config/keys.hpp"

namespace sealstream {

std::string config_reference()
{
    const Settings defaults;
    std::string text = "| key | default | may be | what it is |\n|---|---|---|---|\n";
    for (const Key& key : keys()) {
        const std::string value = key.show(defaults);
        text += "| `" + key.path + "` | " + (value.empty() ? "" : "`" + value + "`") + " | " +
                key.form + " | " + key.help + " |\n";
    }
    return text;
}

std::string show_settings(const LoadedSettings& loaded)
{
    std::string text;
    for (const Key& key : keys()) {
        const auto origin = loaded.origins.find(key.path);
        text += key.path + " = " + key.show(loaded.settings) + "  (" +
                (origin == loaded.origins.end() ? "default" : origin->second) + ")\n";
    }
    return text;
}

} // namespace sealstream
