#include "config/pack_keys.hpp"

#include "config/checks.hpp"
#include "config/load_packs.hpp"

namespace sealstream {

namespace {

Key enabled_key()
{
    Key key{"packs.enabled", "a list of names or folders of packs, each with =prefix if you like",
            "the ledger's packs; without a prefix their routes are below /packs/{name}", true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        for (const std::string& word : words) {
            SEAL_TRY_VOID(parse_pack_choice(word));
        }
        settings.packs.enabled = words;
        return {};
    };
    key.show = [](const Settings& settings) { return joined(settings.packs.enabled); };
    return key;
}

} // namespace

std::vector<Key> pack_keys()
{
    const auto pack = [](auto member) { return forms::field(&Settings::packs, member); };
    const auto limit = [](auto member) { return forms::field(&Settings::limits, member); };
    return {
        enabled_key(),
        forms::text("packs.folder", pack(&PackSettings::folder), "a folder", nullptr,
                    "where packs that are named without a folder are"),
        forms::number("packs.watch_ms", pack(&PackSettings::watch), 0, 600'000,
                      "between two looks at the files of packs, to take edits over while running; "
                      "0: never"),
        forms::on_off(pack(&PackSettings::has_invariants), "packs.invariants",
                      "whether invariants run when they are due; else only when they are asked to"),
        forms::on_off(pack(&PackSettings::has_schedules), "packs.schedules",
                      "whether schedules run when they are due"),
        forms::number("packs.work_ms", pack(&PackSettings::work_time_max), 10, 3'600'000,
                      "for the SQL of an invariant or a schedule"),
        forms::number("packs.schedule_rows_max", pack(&PackSettings::schedule_rows_max), 1, 900,
                      "rows of one run of a schedule, which are appended together"),
        forms::number("packs.rows_max", limit(&http::Limits::pack_rows_max), 1, 100'000,
                      "rows of a query without pages"),
        forms::number("packs.statement_ms", limit(&http::Limits::pack_query_time_max), 10, 600'000,
                      "for a statement of a query or guard"),
        forms::number("packs.guard_attempts_max", limit(&http::Limits::guard_attempts_max), 1,
                      1'000, "tries of a guarded append whose stream changes meanwhile"),
        forms::number("packs.guard_wait_ms", limit(&http::Limits::guard_wait_max), 10, 60'000,
                      "for the tables that a guard looks at to show the stream"),
    };
}

} // namespace sealstream
