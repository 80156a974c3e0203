#include "node/http/packs/ledger_sources.hpp"

#include "core/base/encoding.hpp"
#include "node/feeds/event_json.hpp"

#include <boost/json/array.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

json::object issue_of(const LedgerFault& fault)
{
    json::object issue{{"position", std::to_string(fault.position.value)},
                       {"message", fault.reason}};
    if (fault.expected && fault.found) {
        issue["expected"] = to_hex(fault.expected->view());
        issue["found"] = to_hex(fault.found->view());
    }
    return issue;
}

// When the event right behind `before` came; null when there is none.
Task<Result<json::value>> ingest_time(Services& services, Position before)
{
    const ReadLimits one{1, 1};
    SEAL_CO_TRY(records, co_await services.log.read_from(before, one));
    if (records.empty()) {
        co_return json::value{};
    }
    co_return json::value(to_rfc3339(records.front().ingested));
}

} // namespace

Task<Result<SourceAnswer>> find_ledger_verdict(Services& services)
{
    if (services.auditor == nullptr) {
        co_return Error{Errc::unavailable, "this node has no auditor"};
    }
    SEAL_CO_TRY(verdict, co_await services.auditor->verify_ledger());
    json::array issues;
    for (const LedgerFault& fault : verdict.faults) {
        issues.push_back(issue_of(fault));
    }
    json::object found{{"valid", verdict.is_intact},
                       {"chain_intact", verdict.is_intact},
                       {"issues", std::move(issues)},
                       {"issues_total", verdict.faults_total},
                       {"events_checked", verdict.checked},
                       {"tree_size", verdict.tree_size},
                       {"position", std::to_string(verdict.covered.value)}};
    co_return SourceAnswer{json::value(std::move(found)), verdict.covered};
}

Task<Result<SourceAnswer>> find_ledger_status(Services& services)
{
    SEAL_CO_TRY(head, co_await services.log.head());
    json::object found{{"ledger", services.ledger},
                       {"events", head.value},
                       {"position", std::to_string(head.value)},
                       {"first_time", nullptr},
                       {"last_time", nullptr},
                       {"signed_to", nullptr},
                       {"signed_at", nullptr},
                       {"tree_size", nullptr}};
    if (head != Position{}) {
        SEAL_CO_TRY(first, co_await ingest_time(services, Position{}));
        found["first_time"] = std::move(first);
        SEAL_CO_TRY(last, co_await ingest_time(services, Position{head.value - 1}));
        found["last_time"] = std::move(last);
    }
    const Durability durability = services.log.durability();
    found["durability"] = durability.name;
    if (services.auditor != nullptr) {
        const auto sealed = co_await services.auditor->status();
        if (!sealed && sealed.error().code != Errc::not_found) {
            co_return sealed.error();
        }
        if (sealed) {
            found["signed_to"] = std::to_string(sealed->covered.value);
            found["signed_at"] = to_rfc3339(sealed->signed_at);
            found["tree_size"] = sealed->tree_size;
        }
    }
    co_return SourceAnswer{json::value(std::move(found)), head};
}

} // namespace sealstream::http
