#include "node/cli/replay_report.hpp"

#include "core/ports/position_at.hpp"
#include "node/cli/progress.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <prometheus/registry.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace sealstream::cli {

namespace {

namespace json = boost::json;

double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

std::string rate_text(const ReplayReport& report)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), " in %.1f s", seconds(report.total));
    std::string line{text.data()};
    if (report.events != 0 && report.total.count() != 0) {
        const double rate = static_cast<double>(report.events) / seconds(report.total);
        line += " (" + grouped(static_cast<std::uint64_t>(rate)) + " events/s)";
    }
    return line;
}

std::string verdict_text(const ReplayReport& report)
{
    const bool is_live = report.other == ReplayReport::Other::live;
    const std::string other = is_live ? "the live tables" : "the snapshot at this position";
    if (report.other == ReplayReport::Other::none) {
        return "not compared: the live tables stand at position " +
               grouped(report.live_cursor.value);
    }
    if (report.is_equal) {
        return "equal to " + other;
    }
    std::string text = "DIFFERENT from " + other + ":";
    for (const std::string& table : report.different_tables) {
        text += " " + table;
    }
    return text;
}

const char* name_of(ReplayReport::Other other)
{
    switch (other) {
    case ReplayReport::Other::none:
        return "none";
    case ReplayReport::Other::live:
        return "live";
    case ReplayReport::Other::snapshot:
        return "snapshot";
    }
    return "none";
}

} // namespace

Task<Result<Position>> place_in_log(EventLog& log, std::string text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed == std::errc{} && end == text.data() + text.size()) {
        SEAL_CO_TRY(head, co_await log.head());
        if (head.value < value) {
            co_return Error{Errc::malformed, "position " + text +
                                                 " is beyond the end of the log, " +
                                                 std::to_string(head.value)};
        }
        co_return Position{value};
    }
    const auto time = from_rfc3339(text);
    if (!time) {
        co_return Error{Errc::malformed,
                        text + " is neither a position nor a time such as 2026-01-31T12:00:00Z"};
    }
    co_return co_await position_at(log, *time);
}

struct ToolFolds::Metrics {
    prometheus::Registry registry;
    ProjectorMetrics folds{registry};
};

ToolFolds::ToolFolds(const ToolParts& tool_parts)
    : parts{tool_parts},
      metrics{std::make_unique<Metrics>()}
{
}

ToolFolds::~ToolFolds() = default;

FoldContext ToolFolds::context(const std::string& ledger,
                               std::function<void(Position, Position)> on_moved)
{
    ProjectorOptions options;
    options.ledger = ledger;
    return FoldContext{parts.log,  *parts.pool,    parts.threads,      parts.clock,
                       parts.stop, metrics->folds, &no_faults,         options,
                       {},         true,           std::move(on_moved)};
}

std::string report_text(const ReplayReport& report)
{
    std::string text = report.past.projection + ": replayed " + grouped(report.events) +
                       " events to position " + grouped(report.past.position.value) +
                       rate_text(report) + ", from " +
                       (report.past.base.value == 0
                            ? std::string{"the beginning"}
                            : "the snapshot at position " + grouped(report.past.base.value)) +
                       "\n";
    for (const std::string& refused : report.refused) {
        text += "  REFUSED " + refused + "\n";
    }
    for (const TableDigest& table : report.tables) {
        text += "  " + table.table + "  " + grouped(table.rows) + " rows  " + table.digest + "\n";
    }
    return text + "  " + verdict_text(report) + "\n";
}

std::string report_json(const ReplayReport& report)
{
    json::array tables;
    for (const TableDigest& table : report.tables) {
        tables.push_back(
            json::object{{"table", table.table}, {"rows", table.rows}, {"digest", table.digest}});
    }
    const auto list = [](const std::vector<std::string>& texts) {
        json::array all;
        for (const std::string& text : texts) {
            all.emplace_back(text);
        }
        return all;
    };
    const bool is_compared = report.other != ReplayReport::Other::none;
    return json::serialize(json::object{
        {"projection", report.past.projection},
        {"position", std::to_string(report.past.position.value)},
        {"from", std::to_string(report.past.base.value)},
        {"events", report.events},
        {"seconds", seconds(report.total)},
        {"schema", report.past.schema_name},
        {"tables", std::move(tables)},
        {"refused", list(report.refused)},
        {"compared_with", name_of(report.other)},
        {"is_equal", is_compared ? json::value(report.is_equal) : json::value(nullptr)},
        {"different_tables", list(report.different_tables)}});
}

} // namespace sealstream::cli
