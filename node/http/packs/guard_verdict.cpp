#include "node/http/packs/guard_verdict.hpp"

#include "core/event/canonical_json.hpp"
#include "node/http/packs/json_output.hpp"

#include <boost/json/object.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::size_t row_depth_max = 128;
constexpr const char* nothing_said =
    R"({"code":"not_allowed","message":"The guard of this event has not allowed it."})";

Result<Version> version_in(const json::value* value)
{
    if (value == nullptr || value->is_null()) {
        return Version{};
    }
    if (value->is_int64() && value->get_int64() >= 0) {
        return Version{static_cast<std::uint64_t>(value->get_int64())};
    }
    return Error{Errc::internal, "a guard's version is a whole number from 0"};
}

} // namespace

Result<GuardVerdict> read_verdict(const PackRows& rows)
{
    GuardVerdict verdict;
    for (const std::string& row : rows.rows) {
        SEAL_TRY(columns, parse_json(row, {row_depth_max, row.size()}));
        const auto& object = columns.get_object();
        const auto* violation = object.if_contains("violation");
        if (violation == nullptr || !(violation->is_null() || violation->is_object())) {
            return Error{Errc::internal, "a guard gives a column violation: null or an object"};
        }
        SEAL_TRY(version, version_in(object.if_contains("version")));
        verdict.version = std::max(verdict.version, version);
        if (violation->is_object()) {
            append_json(verdict.violations.emplace_back(), *violation);
        }
    }
    if (rows.rows.empty()) {
        verdict.violations.emplace_back(nothing_said);
    }
    return verdict;
}

Result<Expected> guarded_condition(const Expected& stated, Version seen)
{
    const Expected condition = seen == Version{} ? Expected{Expected::Kind::absent, {}}
                                                 : Expected{Expected::Kind::version, seen};
    SEAL_TRY_VOID(check_expected(stated, StreamHead{seen, {}, {}}));
    return condition;
}

} // namespace sealstream::http
