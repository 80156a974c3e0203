#include "node/security/spiffe_id.hpp"

#include <algorithm>

namespace sealstream::security {

namespace {

constexpr std::string_view spiffe_scheme = "spiffe://";
constexpr std::size_t id_bytes_max = 2'048; // SPIFFE-ID, 2.3
constexpr std::size_t trust_domain_bytes_max = 255;

bool is_digit_or_lower(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

bool is_of_trust_domain(char letter)
{
    return is_digit_or_lower(letter) || letter == '.' || letter == '-' || letter == '_';
}

bool is_of_path(char letter)
{
    return is_of_trust_domain(letter) || (letter >= 'A' && letter <= 'Z');
}

bool is_good_path(std::string_view path)
{
    while (!path.empty()) {
        path.remove_prefix(1); // '/'
        const auto segment = path.substr(0, path.find('/'));
        if (segment.empty() || segment == "." || segment == ".." ||
            !std::all_of(segment.begin(), segment.end(), &is_of_path)) {
            return false;
        }
        path.remove_prefix(segment.size());
    }
    return true;
}

} // namespace

Result<SpiffeId> SpiffeId::parse(std::string_view uri)
{
    if (uri.size() > id_bytes_max || !uri.starts_with(spiffe_scheme)) {
        return Error{Errc::malformed, "it is no SPIFFE ID"};
    }
    const auto rest = uri.substr(spiffe_scheme.size());
    const auto domain = rest.substr(0, rest.find('/'));
    const auto path = rest.substr(domain.size());
    const bool is_good_domain = !domain.empty() && domain.size() <= trust_domain_bytes_max &&
                                std::all_of(domain.begin(), domain.end(), &is_of_trust_domain);
    if (!is_good_domain || path.empty() || !is_good_path(path)) {
        return Error{Errc::malformed, "it is no SPIFFE ID of a workload"};
    }
    return SpiffeId{std::string{domain}, std::string{path}};
}

Result<SourceMapping> SourceMapping::parse(std::string_view line)
{
    const auto equals = line.rfind('=');
    const auto pattern = line.substr(0, equals);
    const auto star = pattern.find('*');
    SourceMapping mapping;
    if (equals != std::string_view::npos) {
        mapping.source = line.substr(equals + 1);
    }
    mapping.has_star = star != std::string_view::npos;
    mapping.before = pattern.substr(0, star);
    mapping.after = mapping.has_star ? pattern.substr(star + 1) : "";
    const auto stars = std::count(mapping.source.begin(), mapping.source.end(), '*');
    if (!pattern.starts_with(spiffe_scheme) || mapping.source.empty() || stars > 1 ||
        (stars == 1 && !mapping.has_star) || mapping.after.find('*') != std::string::npos) {
        return Error{Errc::malformed, "must be spiffe://domain/path=source; one '*' in the path "
                                      "may stand for text that is a '*' in the source"};
    }
    return mapping;
}

std::string source_of(const SpiffeId& id, const std::vector<SourceMapping>& mappings)
{
    const std::string text = id.to_string();
    for (const SourceMapping& mapping : mappings) {
        const auto fixed = mapping.before.size() + mapping.after.size();
        const bool fits = mapping.has_star
                              ? text.size() > fixed && text.starts_with(mapping.before) &&
                                    text.ends_with(mapping.after)
                              : text == mapping.before;
        if (!fits) {
            continue;
        }
        std::string source = mapping.source;
        if (const auto star = source.find('*'); star != std::string::npos) {
            source.replace(star, 1, text, mapping.before.size(), text.size() - fixed);
        }
        return source;
    }
    return text;
}

} // namespace sealstream::security
