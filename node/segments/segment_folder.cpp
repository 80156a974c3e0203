#include "node/segments/segment_folder.hpp"

#include "node/segments/disk_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <regex>

namespace sealstream {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* manifest_name = "segments.json";
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::string_view compressed_end = ".gz";

// Only such files are ours to remove.
const std::regex& own_name()
{
    static const std::regex name{R"(events_\d{8}_\d{6}\.jsonl(\.gz)?)"};
    return name;
}

// "events_20251224_100000.jsonl"
std::string name_at(WallTime time)
{
    std::string digits = to_rfc3339(WallTime{time.nanoseconds / second_ns * second_ns});
    std::erase_if(digits, [](char letter) { return letter == '-' || letter == ':'; });
    return "events_" + digits.substr(0, 8) + "_" + digits.substr(9, 6) + ".jsonl";
}

Result<std::uint64_t> number_in(const json::object& object, std::string_view name)
{
    const auto* const value = object.if_contains(json::string_view{name.data(), name.size()});
    if (value == nullptr || !value->is_string()) {
        return Error{Errc::corrupt, std::string{manifest_name} + " has no " + std::string{name}};
    }
    return parse_place(std::string_view{value->get_string().data(), value->get_string().size()});
}

Result<SegmentFile> file_in(const json::value& value)
{
    const auto* const object = value.if_object();
    const auto* const name = object != nullptr ? object->if_contains("name") : nullptr;
    if (name == nullptr || !name->is_string()) {
        return Error{Errc::corrupt, std::string{manifest_name} + " has a file without a name"};
    }
    SegmentFile file{.name = std::string{name->get_string().data(), name->get_string().size()}};
    SEAL_TRY(first, number_in(*object, "first"));
    SEAL_TRY(last, number_in(*object, "last"));
    SEAL_TRY(events, number_in(*object, "events"));
    SEAL_TRY(bytes, number_in(*object, "bytes"));
    const auto* const closed = object->if_contains("closed");
    file.first = Position{first};
    file.last = Position{last};
    file.events = events;
    file.bytes = bytes;
    file.is_closed = closed != nullptr && *closed == true;
    if (!std::regex_match(file.name, own_name())) {
        return Error{Errc::corrupt, std::string{manifest_name} + " names " + file.name};
    }
    return file;
}

} // namespace

Result<SegmentFolder> SegmentFolder::open(SegmentOptions options)
{
    SegmentFolder folder{std::move(options)};
    std::error_code failed;
    fs::create_directories(folder.options_.folder, failed);
    if (failed) {
        return Error{Errc::unavailable, folder.options_.folder.string() + ": " + failed.message()};
    }
    SEAL_TRY_VOID(folder.read_manifest());
    SEAL_TRY_VOID(folder.cut_open_file());
    folder.remove_strangers();
    return folder;
}

Result<void> SegmentFolder::read_manifest()
{
    const fs::path path = options_.folder / manifest_name;
    std::error_code failed;
    if (!fs::exists(path, failed)) {
        return {};
    }
    SEAL_TRY(text, read_file(path));
    const auto value = json::parse({text.data(), text.size()}, failed);
    const auto* const object = failed ? nullptr : value.if_object();
    const auto* const files = object != nullptr ? object->if_contains("files") : nullptr;
    if (files == nullptr || !files->is_array()) {
        return Error{Errc::corrupt, path.string() + " is none of ours"};
    }
    SEAL_TRY(through, number_in(*object, "through"));
    through_ = Position{through};
    for (const json::value& one : files->get_array()) {
        SEAL_TRY(file, file_in(one));
        files_.push_back(std::move(file));
    }
    return {};
}

Result<void> SegmentFolder::write_manifest() const
{
    json::array files;
    for (const SegmentFile& file : files_) {
        files.push_back(json::object{{"name", file.name},
                                     {"first", std::to_string(file.first.value)},
                                     {"last", std::to_string(file.last.value)},
                                     {"events", std::to_string(file.events)},
                                     {"bytes", std::to_string(file.bytes)},
                                     {"closed", file.is_closed}});
    }
    const json::object manifest{
        {"format", 1}, {"through", std::to_string(through_.value)}, {"files", std::move(files)}};
    return replace_file(options_.folder / manifest_name, json::serialize(manifest) + "\n");
}

Result<void> SegmentFolder::cut_open_file() const
{
    if (files_.empty() || files_.back().is_closed) {
        return {};
    }
    return cut_file(options_.folder / files_.back().name, files_.back().bytes);
}

// What a killed writer has left: files that it had not come to name, or to remove.
void SegmentFolder::remove_strangers() const
{
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator{options_.folder, failed}) {
        const std::string name = entry.path().filename().string();
        const bool is_known = std::any_of(files_.begin(), files_.end(),
                                          [&name](const auto& file) { return file.name == name; });
        if (!is_known && std::regex_match(name, own_name())) {
            fs::remove(entry.path(), failed);
        }
    }
}

std::string SegmentFolder::fresh_name(WallTime first) const
{
    for (;; first.nanoseconds += second_ns) {
        std::string name = name_at(first);
        std::error_code failed;
        if (!fs::exists(options_.folder / name, failed) &&
            !fs::exists(options_.folder / (name + std::string{compressed_end}), failed)) {
            return name;
        }
    }
}

std::uint64_t SegmentFolder::total_bytes() const noexcept
{
    std::uint64_t total = 0;
    for (const SegmentFile& file : files_) {
        total += file.bytes;
    }
    return total;
}

Result<void> SegmentFolder::flush(SegmentFile& file, std::string& text) const
{
    SEAL_TRY_VOID(append_to_file(options_.folder / file.name, text));
    file.bytes += text.size();
    text.clear();
    return {};
}

// Leaves the file as it was, too: it goes when segments.json names the other.
Result<void> SegmentFolder::close(SegmentFile& file) const
{
    file.is_closed = true;
    if (!options_.is_compressed) {
        return {};
    }
    const std::string name = file.name + std::string{compressed_end};
    SEAL_TRY(bytes, compress_file(options_.folder / file.name, options_.folder / name));
    file.name = name;
    file.bytes = bytes;
    return {};
}

Result<void> SegmentFolder::add(const std::vector<SegmentLine>& lines)
{
    std::string text;
    for (const SegmentLine& line : lines) {
        if (files_.empty() || files_.back().is_closed) {
            files_.push_back({.name = fresh_name(line.recorded), .first = line.position});
        }
        SegmentFile& file = files_.back();
        text.append(line.text).push_back('\n');
        file.last = line.position;
        through_ = line.position;
        ++file.events;
        if (file.bytes + text.size() >= options_.rotate_bytes) {
            SEAL_TRY_VOID(flush(file, text));
            SEAL_TRY_VOID(close(file));
        }
    }
    if (!text.empty()) {
        SEAL_TRY_VOID(flush(files_.back(), text));
    }
    SEAL_TRY_VOID(write_manifest());
    remove_strangers();
    return {};
}

Result<void> SegmentFolder::replace(std::size_t number, const std::vector<SegmentLine>& lines)
{
    if (lines.empty()) {
        files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(number));
    } else {
        std::string text;
        for (const SegmentLine& line : lines) {
            text.append(line.text).push_back('\n');
        }
        SegmentFile made{.name = fresh_name(lines.front().recorded),
                         .first = lines.front().position,
                         .last = lines.back().position,
                         .events = lines.size()};
        SEAL_TRY_VOID(flush(made, text));
        if (files_[number].is_closed) {
            SEAL_TRY_VOID(close(made));
        }
        files_[number] = std::move(made);
    }
    SEAL_TRY_VOID(write_manifest());
    remove_strangers();
    return {};
}

} // namespace sealstream
