// Real files in a folder of their own; the writer is "killed" by forgetting it and putting the
// folder back to what each step has left.

#include "node/segments/disk_file.hpp"
#include "node/segments/segment_folder.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <unistd.h>
#include <zlib.h>

using namespace sealstream;
namespace fs = std::filesystem;

namespace {

class Folder {
public:
    Folder()
    {
        std::string name = (fs::temp_directory_path() / "sealstream-segments-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] SegmentOptions options(bool is_compressed = true) const
    {
        return {.folder = path_, .rotate_bytes = 100, .is_compressed = is_compressed};
    }
    [[nodiscard]] SegmentFolder open(bool is_compressed = true) const
    {
        auto opened = SegmentFolder::open(options(is_compressed));
        INFO((opened ? "" : describe(opened.error())));
        REQUIRE(opened.has_value());
        return *std::move(opened);
    }

    // All lines of all files that are named, in their order.
    [[nodiscard]] std::string text() const
    {
        const auto folder = open();
        std::string all;
        for (const SegmentFile& file : folder.files()) {
            all += content(path_ / file.name);
        }
        return all;
    }

    static std::string content(const fs::path& path)
    {
        gzFile const file = ::gzopen(path.c_str(), "rb"); // reads plain files as they are
        REQUIRE(file != nullptr);
        std::string text;
        std::array<char, 4096> chunk{};
        for (int count = 1; count > 0;) {
            count = ::gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()));
            REQUIRE(count >= 0);
            text.append(chunk.data(), static_cast<std::size_t>(count));
        }
        ::gzclose(file);
        return text;
    }

    [[nodiscard]] std::vector<std::string> names() const
    {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator{path_}) {
            all.push_back(entry.path().filename().string());
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    [[nodiscard]] std::map<std::string, std::string> contents() const
    {
        std::map<std::string, std::string> all;
        for (const std::string& name : names()) {
            all[name] = *read_file(path_ / name);
        }
        return all;
    }

    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

const WallTime begin = *from_rfc3339("2025-12-24T10:00:00.7Z");

SegmentLine line(std::uint64_t position)
{
    return {Position{position}, WallTime{begin.nanoseconds + static_cast<std::int64_t>(position)},
            R"({"number":)" + std::to_string(position) + R"(,"filler":"xxxxxxxxxx"})"};
}

std::vector<SegmentLine> lines(std::uint64_t first, std::uint64_t last)
{
    std::vector<SegmentLine> all;
    for (; first <= last; ++first) {
        all.push_back(line(first));
    }
    return all;
}

std::string text_of(const std::vector<SegmentLine>& all)
{
    std::string text;
    for (const SegmentLine& one : all) {
        text += one.text + "\n";
    }
    return text;
}

} // namespace

TEST_CASE("files are rotated, compressed and named by their first event", "[segments]")
{
    for (const bool is_compressed : {true, false}) {
        Folder home;
        auto folder = home.open(is_compressed);
        REQUIRE(folder.add(lines(1, 7)).has_value());

        const std::string end = is_compressed ? ".gz" : "";
        CHECK(home.names() == std::vector<std::string>{"events_20251224_100000.jsonl" + end,
                                                       "events_20251224_100001.jsonl" + end,
                                                       "events_20251224_100002.jsonl",
                                                       "segments.json"});
        CHECK(home.text() == text_of(lines(1, 7)));
        CHECK(folder.through() == Position{7});
        CHECK(folder.files().size() == 3);
        CHECK(folder.files()[1].first == Position{4});
        CHECK(folder.files()[1].last == Position{6});
        CHECK(folder.files()[1].events == 3);
        std::uint64_t bytes = 0;
        for (const SegmentFile& file : folder.files()) {
            bytes += fs::file_size(home.path() / file.name);
        }
        CHECK(folder.total_bytes() == bytes);
    }
}

TEST_CASE("however it is cut, the files are the same", "[segments][property]")
{
    Folder at_once;
    REQUIRE(at_once.open().add(lines(1, 25)).has_value());
    for (std::uint64_t step = 1; step < 9; ++step) {
        Folder home;
        for (std::uint64_t first = 1; first <= 25; first += step) {
            auto folder = home.open(); // a new process each time
            CHECK(folder.through() == Position{first - 1});
            REQUIRE(folder.add(lines(first, std::min<std::uint64_t>(first + step - 1, 25)))
                        .has_value());
        }
        CHECK(home.contents() == at_once.contents());
    }
}

TEST_CASE("what a killed writer has left is neither doubled nor missed", "[segments][crash]")
{
    // Before the manifest knows of them: half a line, whole lines, new files, compressed files.
    const std::vector<std::pair<std::string, std::string>> left{
        {"events_20251224_100000.jsonl", R"({"numb)"},
        {"events_20251224_100000.jsonl", text_of(lines(3, 4))},
        {"events_20251224_100000.jsonl.gz", "half a file"},
        {"events_20251224_100001.jsonl", text_of(lines(4, 5))},
        {"segments.json.new", "half a manifest"}};
    for (const auto& [name, text] : left) {
        INFO(name << ": " << text);
        Folder home;
        REQUIRE(home.open().add(lines(1, 2)).has_value());
        std::ofstream{home.path() / name, std::ios::app | std::ios::binary} << text;

        auto folder = home.open();
        CHECK(folder.through() == Position{2});
        REQUIRE(folder.add(lines(3, 8)).has_value());
        CHECK(home.text() == text_of(lines(1, 8)));
    }
    // After: the file that was compressed is still there.
    Folder home;
    REQUIRE(home.open().add(lines(1, 4)).has_value());
    std::ofstream{home.path() / "events_20251224_100000.jsonl"} << text_of(lines(1, 3));
    REQUIRE(home.open().add(lines(5, 5)).has_value());
    CHECK(home.text() == text_of(lines(1, 5)));
}

TEST_CASE("what is not kept leaves its file, and an empty file goes", "[segments][retention]")
{
    Folder home;
    auto folder = home.open();
    REQUIRE(folder.add(lines(1, 7)).has_value());

    REQUIRE(folder.replace(1, {line(5)}).has_value());
    CHECK(home.text() == text_of(lines(1, 3)) + line(5).text + "\n" + line(7).text + "\n");
    REQUIRE(folder.replace(0, {}).has_value());
    CHECK(home.text() == line(5).text + "\n" + line(7).text + "\n");
    REQUIRE(folder.replace(1, {}).has_value());
    CHECK(folder.files().size() == 1);
    CHECK(home.names().size() == 2);
    CHECK(folder.through() == Position{7});
    REQUIRE(home.open().add(lines(8, 9)).has_value());
    CHECK(home.text() == line(5).text + "\n" + text_of(lines(8, 9)));
}

TEST_CASE("a folder that lost lines, or is of somebody else, is refused", "[segments][negative]")
{
    Folder home;
    REQUIRE(home.open().add(lines(1, 2)).has_value());
    fs::resize_file(home.path() / "events_20251224_100000.jsonl", 10);
    const auto cut = SegmentFolder::open(home.options());
    REQUIRE_FALSE(cut.has_value());
    CHECK(cut.error().code == Errc::corrupt);

    for (
        const char* const manifest :
        {"", "[]", "{}", R"({"through":"1","files":[{}]})",
         R"({"through":"1","files":[{"name":"../x","first":"1","last":"1","events":"1","bytes":"1"}]})"}) {
        INFO(manifest);
        Folder other;
        std::ofstream{other.path() / "segments.json"} << manifest;
        const auto refused = SegmentFolder::open(other.options());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == Errc::corrupt);
    }
}
