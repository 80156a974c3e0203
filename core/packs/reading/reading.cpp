#include "core/packs/reading/reading.hpp"

#include "core/base/nearest_word.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream {

namespace {

std::string joined(const std::vector<std::string>& words)
{
    std::string all;
    for (const auto& word : words) {
        all += (all.empty() ? "" : ", ") + word;
    }
    return all;
}

bool is_sql_itself(const std::string& text)
{
    return text.find_first_of(" \n") != std::string::npos;
}

} // namespace

void Reading::fail(TextPlace place, std::string message, std::string remedy)
{
    problems_.push_back({file_, place, std::move(message), std::move(remedy)});
}

void Reading::fail(const DocumentNode& at, std::string message, std::string remedy)
{
    fail(at.place, std::move(message), std::move(remedy));
}

void Reading::fail_in(std::string file, std::string message, std::string remedy)
{
    problems_.push_back({std::move(file), {}, std::move(message), std::move(remedy)});
}

std::optional<DocumentNode> Reading::open_document(const std::string& file)
{
    const auto found = files_.find(file);
    if (found == files_.end()) {
        problems_.push_back({file, {}, "there is no such file", {}});
        return {};
    }
    used_.insert(file);
    return parse_(found->second, file, problems_);
}

std::string Reading::text(const DocumentNode& node)
{
    if (!node.is_scalar()) {
        fail(node, "must be text");
        return {};
    }
    return node.scalar;
}

bool Reading::boolean(const DocumentNode& node)
{
    if (node.kind != DocumentNode::Kind::plain ||
        (node.scalar != "true" && node.scalar != "false")) {
        fail(node, "must be true or false");
    }
    return node.scalar == "true";
}

std::uint32_t Reading::whole(const DocumentNode& node, std::uint32_t least, std::uint32_t most)
{
    std::uint32_t value = 0;
    const char* end = node.scalar.data() + node.scalar.size();
    const auto [stop, failed] = std::from_chars(node.scalar.data(), end, value);
    if (node.kind != DocumentNode::Kind::plain || failed != std::errc{} || stop != end ||
        value < least || value > most) {
        fail(node, "must be a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
        return least;
    }
    return value;
}

std::chrono::milliseconds Reading::duration(const DocumentNode& node)
{
    struct Unit {
        std::string_view name;
        std::int64_t milliseconds;
    };
    constexpr std::array units{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                               Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
    constexpr std::int64_t count_max = 100'000'000; // no product overflows
    std::int64_t count = -1;
    const char* end = node.scalar.data() + node.scalar.size();
    const auto [stop, failed] = std::from_chars(node.scalar.data(), end, count);
    const std::string_view name{stop, static_cast<std::size_t>(end - stop)};
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [name](const Unit& one) { return one.name == name; });
    if (!node.is_scalar() || failed != std::errc{} || count < 0 || count > count_max ||
        unit == units.end()) {
        fail(node, "must be a duration", "such as 500ms, 60s, 5m, 12h or 90d");
        return {};
    }
    return std::chrono::milliseconds{count * unit->milliseconds};
}

std::vector<std::string> Reading::texts(const DocumentNode& node)
{
    if (node.is_scalar()) {
        return {node.scalar};
    }
    std::vector<std::string> all;
    if (!node.is_list()) {
        fail(node, "must be a list of texts");
    }
    for (const auto& item : node.items) {
        all.push_back(text(item));
    }
    return all;
}

std::size_t Reading::choice(const DocumentNode& node, const std::vector<std::string>& names)
{
    const auto found = std::find(names.begin(), names.end(), node.scalar);
    if (!node.is_scalar() || found == names.end()) {
        const auto meant = nearest_word(node.scalar, names);
        fail(node, "must be one of " + joined(names),
             meant ? "did you mean " + *meant + "?" : std::string{});
        return 0;
    }
    return static_cast<std::size_t>(found - names.begin());
}

const std::string* Reading::file_text(const DocumentNode& node)
{
    const std::string name = text(node);
    const auto found = files_.find(name);
    if (found != files_.end()) {
        used_.insert(name);
        return &found->second;
    }
    if (node.is_scalar()) {
        std::vector<std::string> known;
        for (const auto& [path, contents] : files_) {
            known.push_back(path);
        }
        const auto meant = nearest_word(name, known);
        fail(node, "there is no file " + name,
             meant ? "did you mean " + *meant + "?" : "its path begins in the pack's folder");
    }
    return nullptr;
}

BoundSql Reading::sql(const DocumentNode& node, SqlUse use, const SqlNames& names)
{
    if (node.is_scalar() && is_sql_itself(node.scalar)) {
        auto checked = check_sql(node.scalar, use, names, node.text_place);
        for (auto& fault : checked.faults) {
            fault.place.column += fault.place.line > node.text_place.line ? node.indent : 0;
            fail(fault.place, std::move(fault.message), std::move(fault.remedy));
        }
        return std::move(checked.sql);
    }
    const std::string* found = file_text(node);
    if (found == nullptr) {
        return {};
    }
    auto checked = check_sql(*found, use, names);
    for (auto& fault : checked.faults) {
        problems_.push_back(
            {node.scalar, fault.place, std::move(fault.message), std::move(fault.remedy)});
    }
    return std::move(checked.sql);
}

std::optional<boost::json::value> Reading::schema(const DocumentNode& node)
{
    std::string file = file_;
    std::optional<DocumentNode> other;
    if (node.kind == DocumentNode::Kind::quoted ||
        (node.is_scalar() && node.scalar != "true" && node.scalar != "false")) {
        if (file_text(node) == nullptr) {
            return {};
        }
        other = open_document(node.scalar);
        file = node.scalar;
        if (!other) {
            return {};
        }
    }
    const DocumentNode& document = other ? *other : node;
    auto value = to_json(document);
    if (const auto compiled = JsonSchema::compile(value); !compiled) {
        const auto& error = compiled.error();
        problems_.push_back({file,
                             node_at(document, error.pointer).place,
                             "no schema that can be kept: " + error.pointer + ": " + error.context,
                             {}});
        return {};
    }
    return value;
}

JsonTemplate Reading::json_template(const DocumentNode& node, const std::vector<std::string>& roots)
{
    auto made = JsonTemplate::parse(to_json(node));
    if (!made) {
        fail(node_at(node, made.error().pointer), made.error().context);
        return {};
    }
    for (const auto& place : made->places()) {
        const std::string root = place.substr(0, place.find('.'));
        if (std::find(roots.begin(), roots.end(), root) == roots.end()) {
            const auto meant = nearest_word(root, roots);
            fail(node, "{" + place + "} begins with no root that there is here",
                 meant ? "did you mean " + *meant + "?" : "there are " + joined(roots));
        }
    }
    return std::move(*made);
}

PackProblems Reading::take_problems()
{
    return std::move(problems_);
}

std::vector<std::string> Reading::unused_files() const
{
    std::vector<std::string> unused;
    for (const auto& [path, contents] : files_) {
        if (!used_.contains(path)) {
            unused.push_back(path);
        }
    }
    return unused;
}

} // namespace sealstream
