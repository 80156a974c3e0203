// sealstream export segments: the rows of a pack as JSON lines in rotated, compressed files.
//
// The pack says what a line is: its tables have a view segment_line (position, recorded, line), the
// lines that are kept, in the order of positions. What the view does not show any more is taken out
// of the files. How many files there are, and how large, is said in the ledger when it has changed:
// <pack>.files in <pack>_files/main.

#include "core/event/codec.hpp"
#include "core/packs/pack_projection.hpp"
#include "node/cli/commands.hpp"
#include "node/dev/folder_lock.hpp"
#include "node/segments/segment_folder.hpp"
#include "node/wiring.hpp"
#include "postgres/pool.hpp"
#include "projections/cursor_store.hpp"
#include "projections/projection.hpp"

#include <iostream>
#include <limits>

namespace sealstream::cli {

namespace {

constexpr std::size_t page_lines = 1'000;

struct ExportFlags {
    SettingsFlags settings;
    std::string pack{"ops"};
    SegmentOptions segments{};
    bool is_plain{false};
};

struct LineRange {
    Position after;
    Position last{std::numeric_limits<std::int64_t>::max()};
};

Result<std::vector<SegmentLine>> read_lines(Connection& connection, const std::string& view,
                                            LineRange range, std::size_t lines_max)
{
    SEAL_TRY(rows,
             connection.run("SELECT position, (extract(epoch FROM recorded) * 1000000)::bigint,"
                            " line FROM " +
                                view +
                                " WHERE position > $1::bigint AND position <= $2::bigint"
                                " ORDER BY position LIMIT $3::bigint",
                            {std::to_string(range.after.value), std::to_string(range.last.value),
                             std::to_string(lines_max)}));
    std::vector<SegmentLine> lines;
    lines.reserve(rows.rows());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        lines.push_back({Position{static_cast<std::uint64_t>(rows.integer(row, 0))},
                         WallTime{rows.integer(row, 1) * 1000}, std::string{rows.text(row, 2)}});
    }
    return lines;
}

// Takes out of the files what is not kept any more. The lines of one file are held at once.
Result<void> forget_lines(Connection& connection, const std::string& view, SegmentFolder& folder)
{
    for (std::size_t number = folder.files().size(); number-- > 0;) {
        const SegmentFile file = folder.files()[number];
        const Position before{file.first.value - 1};
        const LineRange range{before, file.last};
        SEAL_TRY(kept, connection.run(
                           "SELECT count(*) FROM " + view +
                               " WHERE position > $1::bigint AND position <= $2::bigint",
                           {std::to_string(range.after.value), std::to_string(range.last.value)}));
        if (static_cast<std::uint64_t>(kept.integer(0, 0)) == file.events) {
            continue;
        }
        SEAL_TRY(lines, read_lines(connection, view, range, file.events));
        SEAL_TRY_VOID(folder.replace(number, lines));
    }
    return {};
}

Result<void> bring_up(Connection& connection, const std::string& view, SegmentFolder& folder)
{
    SEAL_TRY_VOID(forget_lines(connection, view, folder));
    for (;;) {
        const LineRange range{folder.through()};
        SEAL_TRY(lines, read_lines(connection, view, range, page_lines));
        if (lines.empty()) {
            return {};
        }
        SEAL_TRY_VOID(folder.add(lines));
    }
}

Draft files_draft(const std::string& pack, const SegmentFolder& folder, EventId id)
{
    Draft draft;
    draft.id = id;
    draft.type = pack + ".files";
    draft.source = "sealstream";
    draft.data = "{\"file_count\":" + std::to_string(folder.files().size()) +
                 ",\"total_size_bytes\":" + std::to_string(folder.total_bytes()) + "}";
    fill_random(draft.salt);
    return draft;
}

// Says in the ledger how many files there are, unless it says so already.
Task<Result<void>> tell(ToolParts parts, std::string pack, Draft draft)
{
    const StreamName stream{pack + "_files", "main"};
    SEAL_CO_TRY(head, co_await parts.log.stream_head(stream));
    if (head.version.value != 0) {
        const Version before{head.version.value - 1};
        const ReadLimits one{1, std::size_t{1} << 20};
        SEAL_CO_TRY(newest, co_await parts.log.read_stream(stream, before, one));
        for (const StoredRecord& record : newest) {
            SEAL_CO_TRY(event, decode_record(record.record));
            if (event.draft.data == draft.data) {
                co_return Result<void>{};
            }
        }
    }
    StreamAppend append{stream, {}, {}};
    append.drafts.push_back(std::move(draft));
    append.has_fresh_ids = true;
    AppendRequest request;
    request.appends.push_back(std::move(append));
    const auto appended = co_await parts.log.append(std::move(request));
    co_return appended ? Result<void>{} : appended.error();
}

Task<Result<int>> export_segments(ToolParts parts, std::string ledger,
                                  std::shared_ptr<ExportFlags> flags)
{
    if (parts.pool == nullptr) {
        co_return Error{Errc::malformed, "an export needs postgres.uri or postgres.host"};
    }
    SEAL_CO_TRY(lock, FolderLock::take(flags->segments.folder));
    SEAL_CO_TRY(opened, SegmentFolder::open(flags->segments));
    SegmentFolder folder = std::move(opened);
    const std::string schema =
        active_schema_name(ledger, projection_name(flags->pack, flags->pack));
    const std::string view = sql_name(schema) + ".segment_line";
    auto work = [&folder, &view](Connection& connection) {
        return bring_up(connection, view, folder);
    };
    SEAL_CO_TRY_VOID(co_await with_connection(parts.threads, *parts.pool, std::move(work)));
    EventIdSource ids{parts.clock};
    auto draft = files_draft(flags->pack, folder, ids.next());
    std::string pack = flags->pack;
    SEAL_CO_TRY_VOID(co_await tell(parts, std::move(pack), std::move(draft)));
    std::cout << folder.files().size() << " files, " << folder.total_bytes()
              << " bytes, through position " << folder.through().value << std::endl;
    co_return exit_ok;
}

} // namespace

void add_export(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand("export", "events as files");
    command->require_subcommand(1);
    auto flags = std::make_shared<ExportFlags>();
    auto* const segments = command->add_subcommand(
        "segments",
        "the rows of a pack as JSON lines in rotated, compressed files; run it again to "
        "go on, and to take out what has expired");
    flags->settings.add_to(*segments);
    flags->settings.add_ledger_to(*segments);
    flags->settings.add_timeout_to(*segments);
    segments->add_option("--pack", flags->pack, "whose tables have a view segment_line")
        ->capture_default_str();
    segments->add_option("--dir", flags->segments.folder, "the folder of the files")->required();
    segments
        ->add_option("--rotate-bytes", flags->segments.rotate_bytes,
                     "of lines, before a file is closed")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
        ->capture_default_str();
    segments->add_flag("--plain", flags->is_plain, "closed files are not compressed");
    segments->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        flags->segments.is_compressed = !flags->is_plain;
        const auto ended =
            run_tool(loaded->settings, flags->settings.timeout(),
                     [flags, ledger = loaded->settings.ledger.name](ToolParts parts) {
                         return export_segments(parts, ledger, flags);
                     });
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
