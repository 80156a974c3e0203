#include "node/dev/import/git_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sealstream {

namespace {

constexpr char commit_mark = '\x1e';
constexpr char field_mark = '\x1f';
constexpr std::size_t header_fields = 4;

struct FileChange {
    std::string path;
    std::optional<std::uint64_t> added; // none for binary files
    std::optional<std::uint64_t> deleted;
};

struct Commit {
    std::string hash;
    std::string author;
    std::optional<WallTime> time;
    std::string subject;
    std::vector<FileChange> files;
};

// Takes what stands before `mark` off the front, and the mark.
std::string_view take(std::string_view& rest, char mark)
{
    const auto end = std::min(rest.find(mark), rest.size());
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return taken;
}

std::optional<std::uint64_t> count(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = failed == std::errc{} && end == text.data() + text.size();
    return is_whole ? std::optional{value} : std::nullopt;
}

bool is_hash(std::string_view text)
{
    return (text.size() == 40 || text.size() == 64) &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<FileChange> parse_files(std::string_view rest)
{
    std::vector<FileChange> files;
    while (!rest.empty()) {
        auto entry = take(rest, '\0');
        entry.remove_prefix(std::min(entry.find_first_not_of('\n'), entry.size()));
        const auto added = take(entry, '\t');
        const auto deleted = take(entry, '\t');
        if (!entry.empty()) {
            files.push_back({to_utf8(entry), count(added), count(deleted)});
        }
    }
    return files;
}

std::optional<Commit> parse_commit(std::string_view rest)
{
    std::array<std::string_view, header_fields> header;
    for (std::string_view& part : header) {
        part = take(rest, field_mark);
    }
    const auto time = from_rfc3339(header[2]);
    if (!is_hash(header[0]) || !time) {
        return std::nullopt;
    }
    return Commit{std::string{header[0]}, to_utf8(header[1]), *time, to_utf8(header[3]),
                  parse_files(rest)};
}

boost::json::value json_count(const std::optional<std::uint64_t>& number)
{
    return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

Fact commit_fact(const Commit& commit, std::string_view type)
{
    Fact fact;
    fact.type = type;
    fact.source = "git";
    fact.actor = commit.author;
    fact.time = commit.time;
    fact.data["commit"] = commit.hash;
    return fact;
}

void add_commit(const Commit& commit, const std::string& repository, EventMaker& maker,
                std::vector<ImportedEvent>& events)
{
    Fact made = commit_fact(commit, "CommitMade");
    std::uint64_t added = 0;
    std::uint64_t deleted = 0;
    for (const FileChange& file : commit.files) {
        added += file.added.value_or(0);
        deleted += file.deleted.value_or(0);
    }
    made.stream_type = "repository";
    made.stream_id = repository;
    made.data["subject"] = commit.subject;
    made.data["files"] = commit.files.size();
    made.data["added"] = added;
    made.data["deleted"] = deleted;
    made.content = "commit " + commit.hash;
    events.push_back(maker.make(std::move(made)));

    for (const FileChange& file : commit.files) {
        Fact changed = commit_fact(commit, "FileChanged");
        changed.stream_type = "file";
        changed.stream_id = file.path;
        changed.data["path"] = file.path;
        changed.data["added"] = json_count(file.added);
        changed.data["deleted"] = json_count(file.deleted);
        changed.content = "file " + commit.hash + " " + file.path;
        events.push_back(maker.make(std::move(changed)));
    }
}

} // namespace

std::vector<std::string> git_log_arguments()
{
    return {"log",       "--reverse", "--no-renames",
            "--numstat", "-z",        "--format=%x1e%H%x1f%an%x1f%cI%x1f%s%x1f"};
}

void parse_git_log(std::string_view text, const std::string& repository, EventMaker& maker,
                   std::vector<ImportedEvent>& events)
{
    take(text, commit_mark);
    while (!text.empty()) {
        if (const auto commit = parse_commit(take(text, commit_mark))) {
            add_commit(*commit, repository, maker, events);
        }
    }
}

} // namespace sealstream
