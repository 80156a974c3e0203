#include "integration/support/deal_tables.hpp"

#include "core/base/encoding.hpp"
#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <cstdlib>
#include <map>
#include <thread>

namespace sealstream::testing {

namespace {

constexpr std::chrono::seconds longest_settling{60};
constexpr std::chrono::milliseconds deal_poll{100};

constexpr const char* all_events =
    "SELECT coalesce(string_agg(deal_id || ' ' || sequence_number || ' ' || id || ' ' || type ||"
    " ' ' || event_hash, E'\\n' ORDER BY deal_id, sequence_number), '') FROM main_deals.deal_event";
constexpr const char* all_deals =
    "SELECT coalesce(string_agg(id || ' ' || version || ' ' || state, E'\\n' ORDER BY id), '')"
    " FROM main_deals.deal";
constexpr const char* all_materials =
    "SELECT coalesce(string_agg(deal_id || ' ' || artifact_id || ' ' || type || ' ' || truth_level,"
    " E'\\n' ORDER BY deal_id, artifact_id), '') FROM main_deals.deal_material";

struct Tables {
    std::map<std::pair<std::string, std::uint64_t>, std::string> events;
    std::map<std::string, std::uint64_t> deals;
    std::map<std::pair<std::string, std::string>, std::string> materials;
};

std::string text_at(const boost::json::object& data, std::string_view name)
{
    return std::string{data.at(name).as_string()};
}

Tables tables_of(const std::vector<StoredRecord>& records)
{
    Tables tables;
    for (const StoredRecord& record : records) {
        const auto event = decode_record(record.record);
        REQUIRE(event);
        if (event->stream.type != "deal") {
            continue;
        }
        const std::string& deal = event->stream.id;
        const Draft& draft = event->draft;
        REQUIRE(event->hash);
        tables.events[{deal, event->version.value}] =
            draft.id.to_string() + " " + draft.type + " " + to_hex(event->hash->view());
        tables.deals[deal] = event->version.value;
        if (draft.type == "MaterialRecorded") {
            const auto data = boost::json::parse(draft.data).as_object();
            tables.materials[{deal, text_at(data, "artifactId")}] =
                text_at(data, "type") + " " + text_at(data, "truthLevel");
        }
    }
    return tables;
}

void add_line(std::string& text, const std::string& line)
{
    text.append(text.empty() ? "" : "\n").append(line);
}

} // namespace

std::string shipped_deals()
{
    const char* const root = std::getenv("SEALSTREAM_SOURCE_DIR");
    return std::string{root != nullptr ? root : "."} + "/config/packs/deals";
}

void check_deals(Cluster& cluster)
{
    LedgerView view{cluster};
    const auto records = view.records();
    REQUIRE_FALSE(records.empty());
    const std::string wanted = std::to_string(records.back().position.value);
    const std::string cursor = "SELECT cursor FROM sealstream.projections"
                               " WHERE name = 'deals' AND state = 'active'";
    const auto deadline = std::chrono::steady_clock::now() + longest_settling;
    while (view.value(cursor) != wanted && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(deal_poll);
    }
    INFO(
        view.value("SELECT coalesce(halted, '') FROM sealstream.projections WHERE name = 'deals'"));
    CHECK(view.value(cursor) == wanted);

    const Tables tables = tables_of(records);
    REQUIRE_FALSE(tables.materials.empty()); // the load was that of the pack
    std::string events;
    for (const auto& [place, event] : tables.events) {
        add_line(events, place.first + " " + std::to_string(place.second) + " " + event);
    }
    std::string deals;
    for (const auto& [deal, version] : tables.deals) {
        add_line(deals, deal + " " + std::to_string(version) + " Draft");
    }
    std::string materials;
    for (const auto& [place, material] : tables.materials) {
        add_line(materials, place.first + " " + place.second + " " + material);
    }
    CHECK(view.value(all_events) == events);
    CHECK(view.value(all_deals) == deals);
    CHECK(view.value(all_materials) == materials);
    CHECK(view.value("SELECT count(*) FROM sealstream.foreign_writes") == "0");
}

} // namespace sealstream::testing
