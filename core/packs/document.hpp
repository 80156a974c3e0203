#pragma once

// A YAML document as its author wrote it: with the place of everything. Who parses YAML is outside
// (config/document_yaml.hpp): this folder has no third-party parser.

#include "core/packs/text_place.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

struct DocumentMember;

struct DocumentNode {
    enum class Kind : std::uint8_t { null, plain, quoted, list, map };

    Kind kind{Kind::null};
    std::string scalar{}; // plain, quoted
    TextPlace place{};
    // Where the text of a scalar begins: behind a quote, or below a | with its indentation.
    TextPlace text_place{};
    std::uint32_t indent{0}; // of the further lines of the text
    std::vector<DocumentNode> items{};
    std::vector<DocumentMember> members{}; // in the order of the file

    [[nodiscard]] bool is_scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
    [[nodiscard]] bool is_map() const { return kind == Kind::map; }
    [[nodiscard]] bool is_list() const { return kind == Kind::list; }
    // Null when it is no map, or has no such member.
    [[nodiscard]] const DocumentNode* find(std::string_view key) const noexcept;
};

struct DocumentMember {
    std::string key{};
    TextPlace place{};
    DocumentNode value{};
};

// The files of a pack by their path in it, "schemas/opened.json".
using PackFiles = std::map<std::string, std::string, std::less<>>;

// Nothing when the text is no document; then the problems say why.
using ParseDocument = std::function<std::optional<DocumentNode>(
    const std::string& text, const std::string& file, PackProblems& problems)>;

// Plain scalars are what YAML 1.2 says they are: null, true, 5, 1.5, else text.
[[nodiscard]] boost::json::value to_json(const DocumentNode& node);

// The deepest node on the way that a JSON Pointer describes, so that a fault in the JSON of a
// document has a place in its text.
[[nodiscard]] const DocumentNode& node_at(const DocumentNode& node, std::string_view pointer);

} // namespace sealstream
