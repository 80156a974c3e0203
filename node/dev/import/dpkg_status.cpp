#include "node/dev/import/dpkg_status.hpp"

#include <array>
#include <charconv>

namespace sealstream {

namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

// One stanza of a control file (Debian policy, 5.1): "Name: value", lines that begin with a space
// go on.
Fields parse_stanza(std::string_view stanza)
{
    Fields fields;
    std::string* value = nullptr;
    while (!stanza.empty()) {
        const auto end = std::min(stanza.find('\n'), stanza.size());
        const auto line = stanza.substr(0, end);
        stanza.remove_prefix(std::min(end + 1, stanza.size()));
        const auto colon = line.find(':');
        if (line.starts_with(' ') || line.starts_with('\t')) {
            if (value != nullptr) {
                value->append("\n").append(line);
            }
        } else if (colon != std::string_view::npos) {
            auto text = line.substr(colon + 1);
            text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
            value = &fields[std::string{line.substr(0, colon)}];
            *value = text;
        }
    }
    return fields;
}

std::string field(const Fields& fields, std::string_view name)
{
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : to_utf8(found->second);
}

boost::json::value kibibytes(const std::string& text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = failed == std::errc{} && end == text.data() + text.size();
    return is_number ? boost::json::value(value) : boost::json::value(nullptr);
}

Fact package_fact(const std::string& stream_id, std::string_view type)
{
    Fact fact;
    fact.stream_type = "package";
    fact.stream_id = stream_id;
    fact.type = type;
    fact.source = "dpkg-status";
    fact.actor = "dpkg";
    return fact;
}

void add_dependencies(const Fields& fields, const std::string& package, EventMaker& maker,
                      std::vector<ImportedEvent>& events)
{
    struct Kind {
        std::string_view field_name;
        std::string_view word;
    };
    constexpr std::array kinds{Kind{"Pre-Depends", "pre-depends"}, Kind{"Depends", "depends"},
                               Kind{"Recommends", "recommends"}};
    for (const Kind& kind : kinds) {
        const std::string list = field(fields, kind.field_name);
        for (std::size_t at = 0; at < list.size();) {
            const auto end = std::min(list.find(", ", at), list.size());
            Fact fact = package_fact(package, "DependencyObserved");
            fact.data["on"] = list.substr(at, end - at);
            fact.data["kind"] = kind.word;
            fact.content = package + " " + field(fields, "Version") + " " + std::string{kind.word} +
                           " " + list.substr(at, end - at);
            events.push_back(maker.make(std::move(fact)));
            at = end + 2;
        }
    }
}

void add_package(const Fields& fields, EventMaker& maker, std::vector<ImportedEvent>& events)
{
    const std::string name = field(fields, "Package");
    if (name.empty() || !field(fields, "Status").ends_with(" installed")) {
        return;
    }
    const std::string package = name + ":" + field(fields, "Architecture");
    Fact fact = package_fact(package, "PackageObserved");
    fact.data["version"] = field(fields, "Version");
    fact.data["section"] = field(fields, "Section");
    fact.data["maintainer"] = field(fields, "Maintainer");
    fact.data["installed_kib"] = kibibytes(field(fields, "Installed-Size"));
    fact.content = package + " " + field(fields, "Version") + " " +
                   field(fields, "Installed-Size") + " " + field(fields, "Section") + " " +
                   field(fields, "Maintainer");
    events.push_back(maker.make(std::move(fact)));
    add_dependencies(fields, package, maker, events);
}

} // namespace

void parse_dpkg_status(std::string_view text, EventMaker& maker, std::vector<ImportedEvent>& events)
{
    while (!text.empty()) {
        const auto end = std::min(text.find("\n\n"), text.size());
        add_package(parse_stanza(text.substr(0, end)), maker, events);
        text.remove_prefix(std::min(end + 2, text.size()));
    }
}

} // namespace sealstream
