#pragma once

// A folder of JSON lines in files that are rotated and compressed: events_20251224_100000.jsonl is
// the one that is written, events_20251223_100000.jsonl.gz another. `segments.json` says what each
// holds; what it does not say is not there, so a writer that was killed neither doubles a line nor
// leaves one out. One writer at a time. Blocking.
//
// Invariants
//   1. A file is named in segments.json only when it is on disk as it is told there; the one that
//   is
//      written may be longer, and is cut.
//   2. Every line at or below through() was written once; it is in its file, or was taken out.

#include "core/base/clock.hpp"
#include "core/event/position.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sealstream {

struct SegmentOptions {
    std::filesystem::path folder{};
    std::uint64_t rotate_bytes{100 << 20}; // of lines, before a file is closed
    bool is_compressed{true};              // what is closed
};

struct SegmentLine {
    Position position;
    WallTime recorded;
    std::string text; // JSON without a line's end
};

struct SegmentFile {
    std::string name{};
    Position first{};
    Position last{};
    std::uint64_t events{0};
    std::uint64_t bytes{0}; // on disk
    bool is_closed{false};
};

class SegmentFolder {
public:
    // Makes the folder, or goes on with what is there.
    //   corrupt       segments.json is none of ours, or a file is shorter than it says
    //   unavailable   the folder can not be read or written
    [[nodiscard]] static Result<SegmentFolder> open(SegmentOptions options);

    // On disk when it returns. Positions ascend, above through().
    //   unavailable   as above; then open it again
    [[nodiscard]] Result<void> add(const std::vector<SegmentLine>& lines);

    // What is left of files()[number]; without lines it goes.
    //   unavailable   as above
    [[nodiscard]] Result<void> replace(std::size_t number, const std::vector<SegmentLine>& lines);

    [[nodiscard]] Position through() const noexcept { return through_; }
    [[nodiscard]] const std::vector<SegmentFile>& files() const noexcept { return files_; }
    [[nodiscard]] std::uint64_t total_bytes() const noexcept;

private:
    explicit SegmentFolder(SegmentOptions options) : options_{std::move(options)} {}
    [[nodiscard]] Result<void> read_manifest();
    [[nodiscard]] Result<void> write_manifest() const;
    [[nodiscard]] Result<void> cut_open_file() const;
    void remove_strangers() const;
    [[nodiscard]] std::string fresh_name(WallTime first) const;
    [[nodiscard]] Result<void> flush(SegmentFile& file, std::string& text) const;
    [[nodiscard]] Result<void> close(SegmentFile& file) const;

    SegmentOptions options_;
    std::vector<SegmentFile> files_; // by position; only the last may be open
    Position through_{};
};

} // namespace sealstream
