#include "node/http/handlers/projection_json.hpp"

#include "node/http/handlers/group_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::uint64_t events_per_second_max = 10'000'000;
constexpr std::size_t stream_text_max = 400;

template <class Value>
json::value or_null(const std::optional<Value>& value)
{
    return value ? json::value(*value) : json::value(nullptr);
}

json::object rebuild_object(const RebuildStatus& rebuild)
{
    json::array different;
    for (const std::string& table : rebuild.different_tables) {
        different.emplace_back(table);
    }
    return {{"state", rebuild.state},
            {"stage", rebuild.stage},
            {"version", rebuild.version},
            {"folded", std::to_string(rebuild.folded.value)},
            {"head", std::to_string(rebuild.head.value)},
            {"events_per_second", or_null(rebuild.events_per_second)},
            {"seconds_left", or_null(rebuild.seconds_left)},
            {"is_equal", or_null(rebuild.is_equal)},
            {"different_tables", std::move(different)},
            {"swap_ms", or_null(rebuild.swap_ms)},
            {"reason", rebuild.reason}};
}

json::object status_object(const ProjectionStatus& status)
{
    json::array versions;
    for (const ProjectionVersionStatus& version : status.versions) {
        versions.push_back(json::object{{"version", version.version},
                                        {"state", version.state},
                                        {"cursor", std::to_string(version.cursor.value)}});
    }
    return {
        {"name", status.name},
        {"pack", status.pack.empty() ? json::value(nullptr) : json::value(status.pack)},
        {"cursor", std::to_string(status.cursor.value)},
        {"head", std::to_string(status.head.value)},
        {"lag_events", status.lag_events},
        {"lag_seconds", status.lag_seconds},
        {"reason", json::object{{"code", status.reason.code}, {"detail", status.reason.detail}}},
        {"parked_streams", status.parked_streams},
        {"parked_events", status.parked_events},
        {"foreign_writes", status.foreign_writes},
        {"versions", std::move(versions)},
        {"snapshots", json::object{{"count", status.snapshots.count},
                                   {"refused", status.snapshots.refused},
                                   {"newest", std::to_string(status.snapshots.newest.value)}}},
        {"rebuild",
         status.rebuild ? json::value(rebuild_object(*status.rebuild)) : json::value(nullptr)}};
}

} // namespace

std::string projection_json(const ProjectionStatus& status)
{
    return json::serialize(status_object(status));
}

std::string projections_json(const std::vector<ProjectionStatus>& all)
{
    json::array projections;
    for (const ProjectionStatus& status : all) {
        projections.push_back(status_object(status));
    }
    return json::serialize(json::object{{"projections", std::move(projections)}}) + "\n";
}

std::string parked_json(const std::vector<ParkedFold>& parked)
{
    json::array all;
    for (const ParkedFold& one : parked) {
        all.push_back(json::object{{"stream", one.stream.to_string()},
                                   {"position", std::to_string(one.position.value)},
                                   {"events", one.events},
                                   {"sqlstate", one.sqlstate},
                                   {"reason", one.reason},
                                   {"parked_at", one.parked_at},
                                   {"tries", one.tries},
                                   {"is_retry_asked", one.is_retry_asked}});
    }
    return json::serialize(json::object{{"parked", std::move(all)}}) + "\n";
}

std::string snapshots_json(const Snapshots& snapshots)
{
    json::array all;
    for (const SnapshotStatus& one : snapshots.all) {
        all.push_back(json::object{
            {"number", one.number},
            {"position", std::to_string(one.position.value)},
            {"version", one.version},
            {"taken_at", one.taken_at},
            {"ingested_at",
             one.ingested_at.empty() ? json::value(nullptr) : json::value(one.ingested_at)},
            {"rows", one.rows},
            {"bytes", one.bytes},
            {"took_seconds", one.took_seconds},
            {"seal", one.seal},
            {"is_current", one.is_current},
            {"refused", one.refused.empty() ? json::value(nullptr) : json::value(one.refused)}});
    }
    json::value order;
    if (!snapshots.order.state.empty()) {
        order = json::object{{"state", snapshots.order.state}, {"reason", snapshots.order.reason}};
    }
    return json::serialize(
               json::object{{"snapshots", std::move(all)}, {"order", std::move(order)}}) +
           "\n";
}

std::string foreign_writes_json(const std::vector<ForeignWrite>& writes)
{
    json::array all;
    for (const ForeignWrite& one : writes) {
        boost::system::error_code failed;
        auto rows = json::parse(one.rows, failed);
        all.push_back(json::object{{"table", one.table},
                                   {"operation", one.operation},
                                   {"by", one.by},
                                   {"at", one.at},
                                   {"rows", failed ? json::value(nullptr) : std::move(rows)}});
    }
    return json::serialize(json::object{{"foreign_writes", std::move(all)}}) + "\n";
}

Result<std::optional<StreamName>> parse_retry(std::string_view body)
{
    SEAL_TRY(members, parse_members(body, {"stream"}));
    SEAL_TRY(text, text_member(members, "stream", stream_text_max));
    if (text.empty()) {
        return std::optional<StreamName>{};
    }
    SEAL_TRY(stream, StreamName::parse(text));
    return std::optional{std::move(stream)};
}

Result<RebuildWish> parse_rebuild(std::string_view body)
{
    SEAL_TRY(members, parse_members(body, {"swap", "events_per_second"}));
    SEAL_TRY(swap, text_member(members, "swap", stream_text_max));
    if (!swap.empty() && swap != "auto" && swap != "manual") {
        return Error{Errc::malformed, "\"auto\" or \"manual\"", "/swap"};
    }
    SEAL_TRY(rate, number_member(members, "events_per_second", 0, events_per_second_max, 0));
    return RebuildWish{swap != "manual", rate != 0 ? std::optional{rate} : std::nullopt};
}

} // namespace sealstream::http
