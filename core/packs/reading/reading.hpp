#pragma once

// What the readers of a pack's sections share: the files, the problems, and how a value of each
// kind is read. A reader goes on after a problem, so that all are told at once. Private to
// core/packs.

#include "core/packs/document.hpp"
#include "core/packs/json_template.hpp"
#include "core/packs/sql_rules.hpp"
#include "core/schema/json_schema.hpp"

#include <chrono>
#include <set>

namespace sealstream {

class Reading {
public:
    // `file` is the one that fail() speaks of.
    Reading(const PackFiles& files, ParseDocument parse, std::string file = "pack.yaml")
        : files_{files},
          parse_{std::move(parse)},
          file_{std::move(file)}
    {
    }

    void fail(TextPlace place, std::string message, std::string remedy = {});
    void fail(const DocumentNode& at, std::string message, std::string remedy = {});
    void fail_in(std::string file, std::string message, std::string remedy); // the whole file

    // The document in a file of the pack; nothing after a problem.
    [[nodiscard]] std::optional<DocumentNode> open_document(const std::string& file);

    // Each gives nothing, or its zero, after a problem.
    [[nodiscard]] std::string text(const DocumentNode& node);
    [[nodiscard]] bool boolean(const DocumentNode& node);
    [[nodiscard]] std::uint32_t whole(const DocumentNode& node, std::uint32_t least,
                                      std::uint32_t most);
    [[nodiscard]] std::chrono::milliseconds duration(const DocumentNode& node); // 90d, 500ms
    [[nodiscard]] std::vector<std::string> texts(const DocumentNode& node);     // a list, or one
    // One of `names`, as its index.
    [[nodiscard]] std::size_t choice(const DocumentNode& node,
                                     const std::vector<std::string>& names);

    // A file of the pack, whose name is in `node`.
    [[nodiscard]] const std::string* file_text(const DocumentNode& node);

    // SQL in place, or in a file: a text with a space or a line end is SQL itself.
    [[nodiscard]] BoundSql sql(const DocumentNode& node, SqlUse use, const SqlNames& names);
    // A schema in place, or in a file; compiled once to know that it is one.
    [[nodiscard]] std::optional<boost::json::value> schema(const DocumentNode& node);
    // JSON with holes. `places` may begin with these roots; path.x and query.x are looked at by
    // check_routes.
    [[nodiscard]] JsonTemplate json_template(const DocumentNode& node,
                                             const std::vector<std::string>& roots);

    [[nodiscard]] PackProblems take_problems();
    // Files that nothing has named.
    [[nodiscard]] std::vector<std::string> unused_files() const;

private:
    const PackFiles& files_;
    ParseDocument parse_;
    std::string file_;
    PackProblems problems_;
    std::set<std::string, std::less<>> used_;
};

// One map of a document. Keys that nobody took are unknown; finish() says so.
class MapReader {
public:
    MapReader(Reading& reading, const DocumentNode& node, std::string what);

    // Null when it is not there.
    [[nodiscard]] const DocumentNode* take(std::string_view key);
    // The same; its lack is a problem.
    [[nodiscard]] const DocumentNode* need(std::string_view key);
    // Only for sections whose keys are names: each member once.
    void finish();

    [[nodiscard]] const DocumentNode& node() const noexcept { return node_; }
    [[nodiscard]] const std::string& what() const noexcept { return what_; }

private:
    Reading& reading_;
    const DocumentNode& node_;
    std::string what_; // "query open_tasks"
    std::vector<std::string> asked_;
};

// The members of a section as named parts; a name that breaks its rule is a problem.
using ReadPart = std::function<void(const DocumentMember&)>;
void each_named(Reading& reading, const DocumentNode* section, const std::string& kind,
                const ReadPart& read);

} // namespace sealstream
