#pragma once

// SPIFFE IDs, and the short names that events get as their source.
//
//   spiffe://example.org/ns/prod/registry-a       trust domain, path (SPIFFE-ID 2, X509-SVID 2)
//   access.spiffe_sources: "spiffe://example.org/ns/prod/*=*"   the text for the star is the source
//   access.spiffe_sources: "spiffe://example.org/teg=teg-layer-a"

#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sealstream::security {

struct SpiffeId {
    std::string trust_domain;
    std::string path; // begins with '/'

    [[nodiscard]] std::string to_string() const { return "spiffe://" + trust_domain + path; }

    // That of a workload: with a path.
    //   malformed   not a SPIFFE ID
    [[nodiscard]] static Result<SpiffeId> parse(std::string_view uri);
};

struct SourceMapping {
    std::string before; // of the ID, up to the star or its end
    std::string after;  // … and after it
    bool has_star{false};
    std::string source; // may hold the star's text as '*'

    //   malformed   not pattern=source, two stars, or a star in the source alone
    [[nodiscard]] static Result<SourceMapping> parse(std::string_view line);
};

// The first mapping that fits; without one the whole ID is the source.
[[nodiscard]] std::string source_of(const SpiffeId& id, const std::vector<SourceMapping>& mappings);

} // namespace sealstream::security
