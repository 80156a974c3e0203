#include "core/packs/pack_set.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace sealstream {

namespace {

// Who claimed something first.
class Claims {
public:
    explicit Claims(std::vector<std::string>& conflicts) : conflicts_{conflicts} {}

    void claim(const std::string& what, const std::string& who)
    {
        const auto [place, is_new] = owners_.emplace(what, who);
        if (!is_new) {
            conflicts_.push_back(what + " is claimed by pack " + place->second + " and by pack " +
                                 who);
        }
    }

private:
    std::vector<std::string>& conflicts_;
    std::map<std::string, std::string> owners_;
};

template <class Wanted>
std::vector<std::string> types_that(const PackSet& packs, Wanted wanted)
{
    std::vector<std::string> all;
    for (const auto& mounted : packs) {
        for (const auto& type : mounted.pack->stream_types) {
            if (wanted(type)) {
                all.push_back(type.name);
            }
        }
    }
    return all;
}

} // namespace

Result<std::string> parse_prefix(std::string_view text)
{
    if (text == "/") {
        return std::string{};
    }
    const bool is_good = text.size() > 1 && text.size() <= 200 && text.front() == '/' &&
                         text.back() != '/' && text.find("//") == std::string_view::npos &&
                         std::all_of(text.begin(), text.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '_' ||
                                    c == '.' || c == '~';
                         });
    if (!is_good) {
        return Error{Errc::malformed,
                     "\"" + std::string{text} + "\" is no prefix; write / or /packs/name"};
    }
    return std::string{text};
}

std::string route_shape(PackMethod method, std::string_view route)
{
    static constexpr std::array names{"GET ", "POST ", "PUT ", "PATCH ", "DELETE "};
    std::string shape = names[static_cast<std::size_t>(method)];
    bool is_in_name = false;
    for (const char c : route) {
        is_in_name = is_in_name && c != '}';
        if (!is_in_name) {
            shape += c;
        }
        is_in_name = is_in_name || c == '{';
    }
    return shape;
}

std::vector<std::string> conflicts_of(const PackSet& packs, CodecKind codec)
{
    std::vector<std::string> conflicts;
    Claims claims{conflicts};
    for (const auto& [pack, prefix] : packs) {
        claims.claim("the name " + pack->name, pack->name);
        for (const auto& type : pack->stream_types) {
            claims.claim("stream type " + type.name, pack->name);
            if (type.addressing == Addressing::bucket) {
                conflicts.push_back("pack " + pack->name + " wants stream type " + type.name +
                                    " in buckets, which this log does not have");
            }
        }
        for (const auto& type : pack->event_types) {
            claims.claim("event type " + type.name, pack->name);
        }
        std::set<std::string> breaches;
        for (const auto& invariant : pack->invariants) {
            breaches.insert(invariant.breach_type);
        }
        breaches.erase("");
        for (const auto& type : breaches) {
            claims.claim("event type " + type, pack->name);
        }
        for (const auto& query : pack->queries) {
            claims.claim("route " + route_shape(query.method, prefix + query.route), pack->name);
        }
        for (const auto& command : pack->commands) {
            claims.claim("route " + route_shape(command.method, prefix + command.route),
                         pack->name);
        }
        if (pack->needs.codec && *pack->needs.codec != codec) {
            conflicts.push_back("pack " + pack->name +
                                " needs ledger.codec=" + std::string{name(*pack->needs.codec)} +
                                ", and it is " + std::string{name(codec)});
        }
    }
    return conflicts;
}

std::vector<std::string> chained_types(const PackSet& packs)
{
    return types_that(packs, [](const PackStreamType& type) { return type.is_chained; });
}

std::vector<std::string> conditional_types(const PackSet& packs)
{
    return types_that(packs, [](const PackStreamType& type) { return type.is_condition_needed; });
}

} // namespace sealstream
